/** Everything that the panel shows, and the one pure function that changes it. */

import type { Choice, Holder, Message, Summary, Welcome } from "./protocol";

/** Something the customer said that the service has not acknowledged yet. Its id never changes while it is retried. */
export interface Send {
  readonly id: string;
  readonly text?: string;
  readonly choice?: string;
  /** What the bubble says meanwhile: the choice's label, or dots in place of a code. */
  readonly shown: string;
  readonly at: string;
  readonly state: "sending" | "failed";
  /** The service answered and said no, so a retry is a new request with a new id. */
  readonly refused: boolean;
}

/** A conversation that is open, or on its way to being one. */
export interface Thread {
  /** The conversation's id; until the service has named it, the id of the request that starts it. */
  readonly key: string;
  /** The request that starts the conversation, while it is not acknowledged. */
  readonly starting: { readonly action?: string; readonly failed: boolean } | null;
  readonly title: string;
  /** Ordered by seq, each seq once. */
  readonly messages: readonly Message[];
  /** Every message up to this seq is here. A higher one with something missing before it is a gap. */
  readonly complete: number;
  /** The history has been fetched on this connection. */
  readonly loaded: boolean;
  readonly sends: readonly Send[];
  readonly with: Holder;
  readonly agent: string | null;
  /** A person is typing, or an acknowledgement takes long enough to be worth saying. */
  readonly typing: boolean;
  readonly waiting: boolean;
  /** The service's words about the last refusal. */
  readonly notice: string | null;
  /** How far the service knows that the customer has read. */
  readonly seen: number;
}

export interface State {
  readonly link: "connecting" | "online" | "lost";
  readonly welcomed: boolean;
  readonly brand: { readonly name: string; readonly colour: string };
  readonly actions: readonly Choice[];
  readonly agentsOnline: boolean;
  readonly conversations: readonly Summary[];
  readonly threads: Readonly<Record<string, Thread>>;
  /** The key of the thread on screen, or null for home. */
  readonly current: string | null;
}

export type Change =
  | { readonly type: "link"; readonly link: State["link"] }
  | { readonly type: "welcome"; readonly welcome: Welcome }
  | { readonly type: "show"; readonly key: string | null }
  | { readonly type: "start"; readonly key: string; readonly title: string; readonly action?: string }
  | { readonly type: "started"; readonly key: string; readonly conversation: string; readonly messages: readonly Message[] }
  | { readonly type: "start_failed"; readonly key: string; readonly notice: string | null }
  | { readonly type: "send"; readonly key: string; readonly send: Send }
  | { readonly type: "answered"; readonly key: string; readonly id: string; readonly messages: readonly Message[] }
  | { readonly type: "unsent"; readonly key: string; readonly id: string; readonly refused: boolean; readonly notice: string | null }
  | { readonly type: "resend"; readonly key: string; readonly id: string; readonly as: string }
  | { readonly type: "opened"; readonly key: string; readonly messages: readonly Message[]; readonly with: Holder }
  | { readonly type: "arrived"; readonly key: string; readonly messages: readonly Message[] }
  | { readonly type: "held"; readonly key: string; readonly with: Holder; readonly agent: string | null }
  | { readonly type: "patch"; readonly key: string; readonly patch: Partial<Pick<Thread, "typing" | "waiting" | "notice">> }
  | { readonly type: "seen"; readonly key: string; readonly seq: number };

/** The state before anything has been heard from the service. */
export function initial(brand: State["brand"]): State {
  return {
    link: "connecting",
    welcomed: false,
    brand,
    actions: [],
    agentsOnline: false,
    conversations: [],
    threads: {},
    current: null,
  };
}

const emptyThread: Omit<Thread, "key" | "title"> = {
  starting: null,
  messages: [],
  complete: 0,
  loaded: false,
  sends: [],
  with: "bot",
  agent: null,
  typing: false,
  waiting: false,
  notice: null,
  seen: 0,
};

/** The next state. Pure; an action about a thread that is gone changes nothing. */
export function reduce(state: State, change: Change): State {
  switch (change.type) {
    case "link":
      return lost(state, change.link);
    case "welcome":
      return welcomed(state, change.welcome);
    case "show":
      return shown(state, change.key);
    case "start":
      return withThread({ ...state, current: change.key }, {
        ...emptyThread,
        key: change.key,
        title: change.title,
        starting: { failed: false, ...(change.action === undefined ? {} : { action: change.action }) },
      });
    case "started":
      return started(state, change.key, change.conversation, change.messages);
    case "arrived":
      return arrived(state, change.key, change.messages);
    case "seen":
      return summarised(
        changed(state, change.key, (thread) => ({ ...thread, seen: Math.max(thread.seen, change.seq) })),
        change.key,
        (row) => ({ ...row, unread: 0 }),
      );
    case "held":
      return summarised(
        changed(state, change.key, (thread) => ({ ...thread, with: change.with, agent: change.agent, typing: false })),
        change.key,
        (row) => ({ ...row, with: change.with }),
      );
    case "answered":
      return answered(state, change.key, change.id, change.messages);
    case "opened":
      return previewed(
        changed(state, change.key, (thread) => completed(
          { ...merged(thread, change.messages), with: change.with, notice: thread.sends.length > 0 ? thread.notice : null },
          change.messages,
        )),
        change.key,
      );
    default:
      return changed(state, change.key, (thread) => threadChanged(thread, change));
  }
}

type ThreadChange = Extract<Change, { type: "start_failed" | "send" | "unsent" | "resend" | "patch" }>;

function threadChanged(thread: Thread, change: ThreadChange): Thread {
  switch (change.type) {
    case "start_failed":
      return thread.starting
        ? { ...thread, starting: { ...thread.starting, failed: true }, waiting: false, notice: change.notice }
        : thread;
    case "send":
      return { ...thread, sends: [...thread.sends, change.send], notice: null };
    case "unsent":
      return {
        ...thread,
        waiting: false,
        notice: change.notice ?? thread.notice,
        sends: thread.sends.map((send) =>
          send.id === change.id ? { ...send, state: "failed", refused: change.refused } : send,
        ),
      };
    case "resend":
      return {
        ...thread,
        notice: null,
        starting: thread.starting && { ...thread.starting, failed: false },
        sends: thread.sends.map((send) =>
          send.id === change.id ? { ...send, id: change.as, state: "sending", refused: false } : send,
        ),
      };
    case "patch":
      return { ...thread, ...change.patch };
  }
}

function withThread(state: State, thread: Thread): State {
  return { ...state, threads: { ...state.threads, [thread.key]: thread } };
}

function changed(state: State, key: string, change: (thread: Thread) => Thread): State {
  const thread = state.threads[key];
  return thread ? withThread(state, change(thread)) : state;
}

function summarised(state: State, key: string, change: (row: Summary) => Summary): State {
  return { ...state, conversations: state.conversations.map((row) => (row.id === key ? change(row) : row)) };
}

/** A lost connection: what was fetched may be out of date, and nobody can be seen typing. */
function lost(state: State, link: State["link"]): State {
  if (link === "online") return { ...state, link };
  const threads = Object.fromEntries(
    Object.entries(state.threads).map(([key, thread]) => [key, { ...thread, loaded: false, typing: false, waiting: false }]),
  );
  return { ...state, link, threads };
}

function welcomed(state: State, welcome: Welcome): State {
  return {
    ...state,
    link: "online",
    welcomed: true,
    brand: welcome.brand,
    actions: welcome.actions,
    agentsOnline: Number(welcome.agents_online) > 0,
    conversations: newestFirst(welcome.conversations),
  };
}

function shown(state: State, key: string | null): State {
  if (key === null || state.threads[key]) return { ...state, current: key };
  return { ...threadFor(state, key), current: key };
}

/** The state with a thread for this conversation, made from its row on the home view if it has none. */
function threadFor(state: State, key: string): State {
  if (state.threads[key]) return state;
  const row = state.conversations.find((each) => each.id === key);
  return withThread(state, { ...emptyThread, key, title: row?.title ?? "", with: row?.with ?? "bot" });
}

function started(state: State, key: string, conversation: string, messages: readonly Message[]): State {
  const { [key]: asked, ...others } = state.threads;
  if (!asked) return state;
  const known = others[conversation] ?? { ...emptyThread, key: conversation, title: asked.title };
  const thread = completed(merged({ ...known, title: asked.title, sends: [...known.sends, ...asked.sends] }, messages), messages);
  return previewed(
    {
      ...state,
      threads: { ...others, [conversation]: thread },
      current: state.current === key ? conversation : state.current,
    },
    conversation,
  );
}

function answered(state: State, key: string, id: string, messages: readonly Message[]): State {
  const settled = changed(state, key, (thread) => ({
    ...thread,
    sends: thread.sends.filter((send) => send.id !== id),
    waiting: false,
    notice: null,
  }));
  return arrived(settled, key, messages);
}

function arrived(state: State, key: string, messages: readonly Message[]): State {
  const before = threadFor(state, key);
  const fresh = newOnes(before.threads[key], messages).filter((message) => message.from !== "customer").length;
  const after = changed(before, key, (thread) => ({ ...merged(thread, messages), typing: false }));
  return summarised(previewed(after, key), key, (row) => ({ ...row, unread: row.unread + fresh }));
}

/** The messages that this thread does not have yet. */
export function newOnes(thread: Thread | undefined, messages: readonly Message[]): readonly Message[] {
  const known = new Set(thread?.messages.map((message) => message.seq));
  return messages.filter((message) => !known.has(message.seq));
}

/** The thread with these messages in their places; what it already has stays as it is. */
function merged(thread: Thread, messages: readonly Message[]): Thread {
  const fresh = newOnes(thread, messages);
  if (fresh.length === 0) return thread;
  const all = [...thread.messages, ...fresh].sort((a, b) => a.seq - b.seq);
  const ids = new Set(fresh.map((message) => message.id));
  return {
    ...thread,
    messages: all,
    complete: reached(all, thread.complete),
    sends: thread.sends.filter((send) => !ids.has(send.id)),
  };
}

/** The thread after the service has told everything that it has: what it left out does not exist. */
function completed(thread: Thread, messages: readonly Message[]): Thread {
  const told = messages.reduce((highest, message) => Math.max(highest, message.seq), thread.complete);
  return { ...thread, loaded: true, complete: reached(thread.messages, told) };
}

function reached(messages: readonly Message[], from: number): number {
  let complete = from;
  for (const { seq } of messages) if (seq === complete + 1) complete = seq;
  return complete;
}

/** The home view's row brought up to the thread's newest line, and made if the conversation is new. */
function previewed(state: State, key: string): State {
  const thread = state.threads[key];
  const newest = thread?.messages[thread.messages.length - 1];
  if (!thread || !newest) return state;
  const row = state.conversations.find((each) => each.id === key) ?? {
    id: key,
    title: thread.title,
    unread: 0,
  };
  const renewed: Summary = { ...row, preview: newest.text, at: newest.at, with: thread.with };
  return { ...state, conversations: newestFirst([renewed, ...state.conversations.filter((each) => each.id !== key)]) };
}

function newestFirst(rows: readonly Summary[]): readonly Summary[] {
  return [...rows].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

// ── what the views ask ─────────────────────────────────────────────────────────────────────────────────────

/** Whether something before the thread's newest message is missing. */
export function hasGap(thread: Thread): boolean {
  const newest = thread.messages[thread.messages.length - 1];
  return newest !== undefined && newest.seq > thread.complete;
}

/** Unread messages over all conversations, for the bubble's badge. */
export function unread(state: State): number {
  return state.conversations.reduce((sum, row) => sum + row.unread, 0);
}
