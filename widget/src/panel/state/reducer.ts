/** Computes the next state from an action. Pure; an action for a thread that does not exist changes nothing. */

import type { Message } from "../../kit/message";
import type { Welcome } from "../protocol";
import { findSummary, newestFirst, refreshSummary, updateSummary } from "./conversation-list";
import type { PanelState, StateAction } from "./state";
import { addHistory, addMessages, EMPTY_THREAD, newMessages, type Thread } from "./thread";

export function reducer(state: PanelState, action: StateAction): PanelState {
  switch (action.type) {
    case "greeted":
      return { ...state, greeting: action.greeting };
    case "disconnected":
      return disconnect(state);
    case "welcomed":
      return applyWelcome(state, action.welcome);
    case "history_forgotten":
      return forgetHistory(state);
    case "thread_selected":
      return { ...(action.key === null ? state : ensureThread(state, action.key)), currentKey: action.key };
    case "start_requested": {
      const { key, title, menuAction } = action;
      return setThread({ ...state, currentKey: key }, { ...EMPTY_THREAD, key, title, starting: { menuAction, failed: false } });
    }
    case "start_succeeded":
      return replaceStartedThread(state, action.key, action.conversation, action.messages);
    case "message_acknowledged":
      return receiveMessages(
        updateThread(state, action.key, (thread) => ({
          ...thread,
          pending: thread.pending.filter((each) => each.id !== action.id),
          slowReply: false,
          notice: null,
        })),
        action.key,
        action.messages,
      );
    case "history_loaded": {
      const loaded = updateThread(state, action.key, (thread) => ({
        ...addHistory(thread, action.messages),
        holder: action.holder,
        notice: thread.pending.length > 0 ? thread.notice : null,
      }));
      return refreshSummary(loaded, action.key);
    }
    case "messages_received":
      return receiveMessages(state, action.key, action.messages);
    case "messages_seen": {
      const seen = updateThread(state, action.key, (thread) => ({ ...thread, seenSeq: Math.max(thread.seenSeq, action.seq) }));
      return updateSummary(seen, action.key, (summary) => ({ ...summary, unread: 0 }));
    }
    case "holder_changed": {
      const { holder, agent } = action;
      const changed = updateThread(state, action.key, (thread) => ({ ...thread, holder, agent, typing: false }));
      return updateSummary(changed, action.key, (summary) => ({ ...summary, with: holder }));
    }
    default:
      return updateThread(state, action.key, (thread) => reduceThread(thread, action));
  }
}

type ThreadAction = Extract<
  StateAction,
  { type: "start_failed" | "start_retried" | "message_queued" | "message_failed" | "message_retried" | "thread_patched" }
>;

/** The actions that change a single thread and nothing else. */
function reduceThread(thread: Thread, action: ThreadAction): Thread {
  switch (action.type) {
    case "start_failed":
      if (!thread.starting) return thread;
      return { ...thread, starting: { ...thread.starting, failed: true }, slowReply: false, notice: action.notice };
    case "start_retried":
      return { ...thread, starting: thread.starting && { ...thread.starting, failed: false }, notice: null };
    case "message_queued":
      return { ...thread, pending: [...thread.pending, action.message], notice: null };
    case "message_failed":
      return {
        ...thread,
        slowReply: false,
        notice: action.notice ?? thread.notice,
        pending: thread.pending.map((each) =>
          each.id === action.id ? { ...each, state: "failed", refused: action.refused } : each,
        ),
      };
    case "message_retried":
      return {
        ...thread,
        notice: null,
        pending: thread.pending.map((each) =>
          each.id === action.id ? { ...each, id: action.newId, state: "sending", refused: false } : each,
        ),
      };
    case "thread_patched":
      return { ...thread, ...action.patch };
  }
}

/** Without a connection the loaded history may become outdated, and nothing is known about typing. */
function disconnect(state: PanelState): PanelState {
  const threads = Object.entries(state.threads).map(([key, thread]): [string, Thread] => [
    key,
    { ...thread, historyLoaded: false, typing: false, slowReply: false },
  ]);
  return { ...state, connection: "lost", threads: Object.fromEntries(threads) };
}

/** Removes all messages and previews, for the verification of their customer was ended. */
function forgetHistory(state: PanelState): PanelState {
  const threads = Object.entries(state.threads).map(([key, thread]): [string, Thread] => [
    key,
    { ...thread, messages: [], contiguousSeq: 0, historyLoaded: false },
  ]);
  const conversations = state.conversations.map((summary) => ({ ...summary, preview: "" }));
  return { ...state, threads: Object.fromEntries(threads), conversations };
}

function applyWelcome(state: PanelState, welcome: Welcome): PanelState {
  return {
    ...state,
    connection: "online",
    welcomed: true,
    brand: welcome.brand,
    menu: welcome.actions,
    agentsOnline: Number(welcome.agents_online) > 0,
    conversations: newestFirst(welcome.conversations),
  };
}

/** Moves the thread from the key of its start request to the conversation's id. */
function replaceStartedThread(state: PanelState, key: string, conversation: string, messages: readonly Message[]): PanelState {
  const { [key]: requested, ...others } = state.threads;
  if (!requested) return state;
  // The conversation's messages may have arrived before the acknowledgement.
  const known = others[conversation] ?? { ...EMPTY_THREAD, key: conversation };
  const thread = { ...known, title: requested.title, pending: [...known.pending, ...requested.pending] };
  const started = {
    ...state,
    threads: { ...others, [conversation]: addHistory(thread, messages) },
    currentKey: state.currentKey === key ? conversation : state.currentKey,
  };
  return refreshSummary(started, conversation);
}

function receiveMessages(state: PanelState, key: string, messages: readonly Message[]): PanelState {
  const before = ensureThread(state, key);
  const unread = newMessages(before.threads[key], messages).filter((message) => message.from !== "customer").length;
  const after = updateThread(before, key, (thread) => ({ ...addMessages(thread, messages), typing: false }));
  return updateSummary(refreshSummary(after, key), key, (summary) => ({ ...summary, unread: summary.unread + unread }));
}

/** Makes the conversation's thread from its summary, if it has none. */
function ensureThread(state: PanelState, key: string): PanelState {
  if (state.threads[key]) return state;
  const summary = findSummary(state, key);
  return setThread(state, { ...EMPTY_THREAD, key, title: summary?.title ?? "", holder: summary?.with ?? "bot" });
}

function setThread(state: PanelState, thread: Thread): PanelState {
  return { ...state, threads: { ...state.threads, [thread.key]: thread } };
}

function updateThread(state: PanelState, key: string, update: (thread: Thread) => Thread): PanelState {
  const thread = state.threads[key];
  return thread ? setThread(state, update(thread)) : state;
}
