/** The panel's state, and the actions that change it. */

import type { Choice, Message } from "../../kit/message";
import type { Store } from "../../kit/store";
import type { ConversationSummary, Holder, Welcome } from "../protocol";
import type { PendingMessage, Thread, ThreadPatch } from "./thread";

export interface PanelState {
  readonly connection: "connecting" | "online" | "lost";
  /** Whether the server has sent a welcome since the page was loaded. */
  readonly welcomed: boolean;
  readonly brand: { readonly name: string; readonly colour: string };
  /** The embedding page's own greeting. */
  readonly greeting: string | null;
  /** Entries of the home view's menu. */
  readonly menu: readonly Choice[];
  readonly agentsOnline: boolean;
  /** Newest first. */
  readonly conversations: readonly ConversationSummary[];
  readonly threads: Readonly<Record<string, Thread>>;
  /** The thread on screen, or null for the home view. */
  readonly currentKey: string | null;
}

/** `key` is a thread's key, `id` a pending message's. */
export type StateAction =
  | { readonly type: "greeted"; readonly greeting: string }
  | { readonly type: "disconnected" }
  | { readonly type: "welcomed"; readonly welcome: Welcome }
  | { readonly type: "history_forgotten" }
  | { readonly type: "thread_selected"; readonly key: string | null }
  | { readonly type: "start_requested"; readonly key: string; readonly title: string; readonly menuAction: string | undefined }
  | { readonly type: "start_succeeded"; readonly key: string; readonly conversation: string; readonly messages: readonly Message[] }
  | { readonly type: "start_failed"; readonly key: string; readonly notice: string | null }
  | { readonly type: "start_retried"; readonly key: string }
  | { readonly type: "message_queued"; readonly key: string; readonly message: PendingMessage }
  | { readonly type: "message_acknowledged"; readonly key: string; readonly id: string; readonly messages: readonly Message[] }
  | { readonly type: "message_failed"; readonly key: string; readonly id: string; readonly refused: boolean; readonly notice: string | null }
  | { readonly type: "message_retried"; readonly key: string; readonly id: string; readonly newId: string }
  | { readonly type: "history_loaded"; readonly key: string; readonly messages: readonly Message[]; readonly holder: Holder }
  | { readonly type: "messages_received"; readonly key: string; readonly messages: readonly Message[] }
  | { readonly type: "messages_seen"; readonly key: string; readonly seq: number }
  | { readonly type: "holder_changed"; readonly key: string; readonly holder: Holder; readonly agent: string | null }
  | { readonly type: "thread_patched"; readonly key: string; readonly patch: ThreadPatch };

export type PanelStore = Store<PanelState, StateAction>;

/** The state before the first connection. */
export function initialState(brand: PanelState["brand"]): PanelState {
  return {
    connection: "connecting",
    welcomed: false,
    brand,
    greeting: null,
    menu: [],
    agentsOnline: false,
    conversations: [],
    threads: {},
    currentKey: null,
  };
}
