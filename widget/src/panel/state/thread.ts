/** An open conversation, and the pure functions that change it. */

import type { Message } from "../../kit/message";
import type { Holder } from "../protocol";

/** A text or choice of the customer that the server has not acknowledged yet. */
export interface PendingMessage {
  /** The request's id. A retry keeps it, so that the server acts once; only after a refusal the retry gets a new one. */
  readonly id: string;
  readonly content: { readonly text: string } | { readonly choice: string };
  /** Shown until the acknowledgement: the text, the choice's label, or dots in place of a code. */
  readonly displayText: string;
  readonly state: "sending" | "failed";
  /** Whether the server refused it, as opposed to no answer. */
  readonly refused: boolean;
}

export interface Thread {
  /** The conversation's id. Until the server has given one, the id of the request that starts it. */
  readonly key: string;
  /** The unacknowledged request that starts the conversation, or null. */
  readonly starting: { readonly menuAction: string | undefined; readonly failed: boolean } | null;
  readonly title: string;
  /** Ordered by seq, without duplicates. */
  readonly messages: readonly Message[];
  /** All messages up to this seq are here. */
  readonly contiguousSeq: number;
  /** Whether the history was loaded since the last connect. */
  readonly historyLoaded: boolean;
  readonly pending: readonly PendingMessage[];
  readonly holder: Holder;
  readonly agent: string | null;
  /** Whether the other side is typing. */
  readonly typing: boolean;
  /** Whether an acknowledgement takes long, so that a typing sign is shown. */
  readonly slowReply: boolean;
  /** The text of the last refusal, or null. */
  readonly notice: string | null;
  /** The last seq that was reported to the server as seen. */
  readonly seenSeq: number;
}

/** The fields that may be set directly, without a rule. */
export type ThreadPatch = Partial<Pick<Thread, "typing" | "slowReply" | "notice">>;

export const EMPTY_THREAD: Omit<Thread, "key" | "title"> = {
  starting: null,
  messages: [],
  contiguousSeq: 0,
  historyLoaded: false,
  pending: [],
  holder: "bot",
  agent: null,
  typing: false,
  slowReply: false,
  notice: null,
  seenSeq: 0,
};

/** The messages that are not in the thread yet. */
export function newMessages(thread: Thread | undefined, messages: readonly Message[]): readonly Message[] {
  const known = new Set(thread?.messages.map((message) => message.seq));
  return messages.filter((message) => !known.has(message.seq));
}

/** Inserts messages by seq, ignores duplicates, and removes the pending messages that they acknowledge. */
export function addMessages(thread: Thread, messages: readonly Message[]): Thread {
  const added = newMessages(thread, messages);
  if (added.length === 0) return thread;
  const all = [...thread.messages, ...added].sort((a, b) => a.seq - b.seq);
  const addedIds = new Set(added.map((message) => message.id));
  return {
    ...thread,
    messages: all,
    contiguousSeq: extendContiguous(all, thread.contiguousSeq),
    pending: thread.pending.filter((each) => !addedIds.has(each.id)),
  };
}

/** Adds the complete history after `contiguousSeq`. Numbers missing from it do not exist on the server, so they are no gap. */
export function addHistory(thread: Thread, messages: readonly Message[]): Thread {
  const added = addMessages(thread, messages);
  const lastSeq = Math.max(added.contiguousSeq, ...messages.map((message) => message.seq));
  return { ...added, historyLoaded: true, contiguousSeq: extendContiguous(added.messages, lastSeq) };
}

function extendContiguous(messages: readonly Message[], from: number): number {
  let last = from;
  for (const { seq } of messages) if (seq === last + 1) last = seq;
  return last;
}

/** Whether a message before the newest one is missing. */
export function hasGap(thread: Thread): boolean {
  const newest = thread.messages.at(-1);
  return newest !== undefined && newest.seq > thread.contiguousSeq;
}

export function isSending(thread: Thread): boolean {
  return thread.pending.some((each) => each.state === "sending");
}
