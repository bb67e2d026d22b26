/** Puts messages from the server into the store, and loads those that are missing. */

import type { Message } from "../../kit/message";
import type { OpenAck } from "../protocol";
import type { PanelStore, StateAction } from "../state/state";
import { hasGap, newMessages } from "../state/thread";
import type { Requests } from "./requests";

/** Called with new messages that the customer did not write. */
export type NewMessagesHandler = (conversation: string, messages: readonly Message[]) => void;

export class MessageHistory {
  readonly #store: PanelStore;
  readonly #requests: Requests;
  readonly #onNewMessages: NewMessagesHandler;

  constructor(store: PanelStore, requests: Requests, onNewMessages: NewMessagesHandler) {
    this.#store = store;
    this.#requests = requests;
    this.#onNewMessages = onNewMessages;
  }

  /** Loads all messages after the thread's last one without a gap. */
  load(key: string): void {
    const thread = this.#store.state.threads[key];
    if (!thread || thread.starting) return;
    const id = `open ${key}`;
    const payload = { conversation: key, after: thread.contiguousSeq };
    this.#requests.send<OpenAck>({ id, event: "open", payload, slowReplyIn: null }, (ack) => {
      if (!ack.ok) {
        this.#requests.retryLater(id, ack.error, ["slow_down", "unavailable"], () => this.load(key));
        this.#store.dispatch({ type: "thread_patched", key, patch: { notice: ack.error.message } });
        return;
      }
      this.#requests.resetRetries(id);
      const added = newMessages(this.#store.state.threads[key], ack.messages);
      this.#store.dispatch({ type: "history_loaded", key, messages: ack.messages, holder: ack.with });
      // The first load of a conversation brings old messages only.
      if (thread.messages.length > 0) this.#report(key, added);
    });
  }

  /** Dispatches an action that carries messages for the thread `key`, and loads the missing ones if they leave a gap. */
  receive(key: string, action: StateAction & { readonly messages: readonly Message[] }): void {
    const added = newMessages(this.#store.state.threads[key], action.messages);
    this.#store.dispatch(action);
    this.#report(key, added);
    const { threads, currentKey } = this.#store.state;
    const thread = threads[key];
    if (thread && currentKey === key && hasGap(thread)) this.load(key);
  }

  #report(key: string, added: readonly Message[]): void {
    const received = added.filter((message) => message.from !== "customer");
    if (received.length > 0) this.#onNewMessages(key, received);
  }
}
