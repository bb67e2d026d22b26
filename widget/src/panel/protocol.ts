/** The panel's Socket.IO contract with the server (docs/wire.md). Messages and their cards are in kit/message.ts. */

import type { Author, Choice, Message } from "../kit/message";

export const NAMESPACE = "/chat";
/** Characters in one text, at most. */
export const MAX_TEXT_LENGTH = 2000;
/** Digits of a one-time code. */
export const CODE_LENGTH = 6;

/** The other side of a conversation: the assistant, the queue for an agent, an agent, or nobody after it was closed. */
export type Holder = "bot" | "queue" | "agent" | "closed";

/** A conversation in the list on the home view. */
export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  /** Text of the newest message. */
  readonly preview: string;
  readonly at: string;
  readonly unread: number;
  readonly with: Holder;
}

/** The server's first event on every connection. */
export interface Welcome {
  readonly session: string;
  readonly locale: string;
  readonly brand: { readonly name: string; readonly colour: string };
  /** Entries of the home view's menu, such as "Pay my bill". */
  readonly actions: readonly Choice[];
  readonly conversations: readonly ConversationSummary[];
  readonly agents_online: number | boolean;
  /** The server's time, ISO 8601. */
  readonly now?: string;
}

/** Events from the server, by name. */
export interface ServerEvents {
  welcome: Welcome;
  messages: { readonly conversation: string; readonly messages: readonly Message[] };
  typing: { readonly conversation: string; readonly from: Author };
  conversation: { readonly id: string; readonly with: Holder; readonly agent?: string | null };
  /** A code proved the customer, and the browser has a new token; or the verification was ended. */
  session: { readonly session?: string; readonly verified: boolean };
}

export const SERVER_EVENTS: readonly (keyof ServerEvents)[] = ["welcome", "messages", "typing", "conversation", "session"];

/** The reason for a refused request. `message` is a sentence for the customer. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export type Acknowledgement<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly error: Refusal };

export type StartAck = Acknowledgement<{ readonly conversation: string; readonly messages: readonly Message[] }>;
export type OpenAck = Acknowledgement<{ readonly messages: readonly Message[]; readonly with: Holder }>;
/** `session`: the browser's new token, after a right code. */
export type SayAck = Acknowledgement<{ readonly messages: readonly Message[]; readonly session?: string }>;
