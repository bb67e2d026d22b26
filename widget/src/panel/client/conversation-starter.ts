/** Starts conversations. The thread is on screen at once, under the request's id until the server gives it a conversation. */

import type { StartAck } from "../protocol";
import type { PanelStore } from "../state/state";
import type { MessageHistory } from "./history";
import type { Requests } from "./requests";

/** Without an acknowledgement for this long, the customer is told and may try again. */
const GIVE_UP_MS = 25_000;

export class ConversationStarter {
  readonly #store: PanelStore;
  readonly #requests: Requests;
  readonly #history: MessageHistory;
  readonly #newId: () => string;

  constructor(store: PanelStore, requests: Requests, history: MessageHistory, newId: () => string) {
    this.#store = store;
    this.#requests = requests;
    this.#history = history;
    this.#newId = newId;
  }

  start(title: string, menuAction: string | undefined): void {
    const key = this.#newId();
    this.#store.dispatch({ type: "start_requested", key, title, menuAction });
    this.#sendWithDeadline(key);
  }

  retry(key: string): void {
    this.#store.dispatch({ type: "start_retried", key });
    this.#sendWithDeadline(key);
  }

  /** Sends the thread's start request, if it is unacknowledged. */
  send(key: string): void {
    const starting = this.#store.state.threads[key]?.starting;
    if (!starting || starting.failed) return;
    const payload = { id: key, ...(starting.menuAction === undefined ? {} : { action: starting.menuAction }) };
    this.#requests.send<StartAck>({ id: key, event: "start", payload, slowReplyIn: key }, (ack) => {
      if (ack.ok) {
        const { conversation, messages } = ack;
        this.#history.receive(conversation, { type: "start_succeeded", key, conversation, messages });
        return;
      }
      const notice = ack.error.message;
      const retrying = this.#requests.retryLater(key, ack.error, ["slow_down"], () => this.send(key));
      this.#store.dispatch(retrying ? { type: "thread_patched", key, patch: { notice } } : { type: "start_failed", key, notice });
    });
  }

  #sendWithDeadline(key: string): void {
    this.send(key);
    setTimeout(() => {
      const unacknowledged = this.#store.state.threads[key]?.starting?.failed === false;
      if (unacknowledged) this.#store.dispatch({ type: "start_failed", key, notice: null });
    }, GIVE_UP_MS);
  }
}
