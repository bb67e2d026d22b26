/** The list of conversations on the home view. */

import type { ConversationSummary } from "../protocol";
import type { PanelState } from "./state";

export function newestFirst(conversations: readonly ConversationSummary[]): readonly ConversationSummary[] {
  return [...conversations].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

export function findSummary(state: PanelState, id: string): ConversationSummary | undefined {
  return state.conversations.find((each) => each.id === id);
}

/** Changes a conversation's summary, if it is in the list. */
export function updateSummary(
  state: PanelState,
  id: string,
  update: (summary: ConversationSummary) => ConversationSummary,
): PanelState {
  return { ...state, conversations: state.conversations.map((each) => (each.id === id ? update(each) : each)) };
}

/** Brings a conversation's summary up to its thread's newest message. Adds it if it is not in the list. */
export function refreshSummary(state: PanelState, key: string): PanelState {
  const thread = state.threads[key];
  const newest = thread?.messages.at(-1);
  if (!thread || !newest) return state;
  const summary: ConversationSummary = {
    ...(findSummary(state, key) ?? { id: key, title: thread.title, unread: 0 }),
    preview: newest.text,
    at: newest.at,
    with: thread.holder,
  };
  const others = state.conversations.filter((each) => each.id !== key);
  return { ...state, conversations: newestFirst([summary, ...others]) };
}

/** The number of unread messages in all conversations. */
export function totalUnread(state: PanelState): number {
  return state.conversations.reduce((total, { unread }) => total + unread, 0);
}
