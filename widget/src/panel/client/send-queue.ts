/**
 * Sends the customer's texts and choices.
 *
 * A message keeps its id over all retries, so the server acts on it once however often it is sent. Each waits for the
 * acknowledgement of the one before, so that a refusal cannot change their order.
 */

import type { TokenStorage } from "../../kit/token-storage";
import type { Refusal, SayAck } from "../protocol";
import type { PanelStore } from "../state/state";
import type { PendingMessage } from "../state/thread";
import type { MessageHistory } from "./history";
import type { Requests } from "./requests";

/** Without an acknowledgement for this long a message counts as failed, and the customer may try again. */
const GIVE_UP_MS = 25_000;

export class SendQueue {
  readonly #store: PanelStore;
  readonly #requests: Requests;
  readonly #history: MessageHistory;
  readonly #tokens: TokenStorage;
  readonly #newId: () => string;
  /** Deadlines of the messages being sent, by id. */
  readonly #deadlines = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(store: PanelStore, requests: Requests, history: MessageHistory, tokens: TokenStorage, newId: () => string) {
    this.#store = store;
    this.#requests = requests;
    this.#history = history;
    this.#tokens = tokens;
    this.#newId = newId;
  }

  /** Adds a message to the thread and sends it when its turn comes. */
  add(key: string, content: PendingMessage["content"], displayText: string): void {
    const thread = this.#store.state.threads[key];
    if (!thread || thread.starting || thread.holder === "closed") return;
    const message: PendingMessage = { id: this.#newId(), content, displayText, state: "sending", refused: false };
    this.#store.dispatch({ type: "message_queued", key, message });
    this.#sendWithDeadline(key, message.id);
  }

  /** Sends a failed message again: as the same request, or as a new one if the server has refused it. */
  retry(key: string, id: string): void {
    const message = this.#pending(key).find((each) => each.id === id);
    if (message?.state !== "failed") return;
    const newId = message.refused ? this.#newId() : id;
    this.#store.dispatch({ type: "message_retried", key, id, newId });
    this.#sendWithDeadline(key, newId);
  }

  /** Sends the thread's first unacknowledged message. */
  sendNext(key: string): void {
    const message = this.#pending(key).find((each) => each.state === "sending");
    if (!message || this.#requests.isDelayed(message.id)) return;
    const { id } = message;
    const payload = { conversation: key, id, ...message.content };
    this.#requests.send<SayAck>({ id, event: "say", payload, slowReplyIn: key }, (ack) => {
      if (ack.ok) {
        if (ack.session !== undefined) this.#tokens.save(ack.session);
        this.#history.receive(key, { type: "message_acknowledged", key, id, messages: ack.messages });
      } else this.#onRefusal(key, id, ack.error);
      this.sendNext(key);
    });
  }

  #onRefusal(key: string, id: string, refusal: Refusal): void {
    const notice = refusal.message;
    if (this.#requests.retryLater(id, refusal, ["slow_down"], () => this.sendNext(key))) {
      this.#store.dispatch({ type: "thread_patched", key, patch: { notice } });
      return;
    }
    // After too many slow_downs the same request may still succeed, so it keeps its id.
    const refused = refusal.code !== "slow_down";
    this.#store.dispatch({ type: "message_failed", key, id, refused, notice });
  }

  #sendWithDeadline(key: string, id: string): void {
    this.sendNext(key);
    clearTimeout(this.#deadlines.get(id));
    this.#deadlines.set(id, setTimeout(() => this.#giveUp(key, id), GIVE_UP_MS));
  }

  /** Marks a message as failed, and those after it too: they may make no sense without it. */
  #giveUp(key: string, id: string): void {
    this.#deadlines.delete(id);
    const sending = this.#pending(key).filter((each) => each.state === "sending");
    if (!sending.some((each) => each.id === id)) return;
    for (const each of sending) {
      this.#store.dispatch({ type: "message_failed", key, id: each.id, refused: false, notice: null });
    }
  }

  #pending(key: string): readonly PendingMessage[] {
    return this.#store.state.threads[key]?.pending ?? [];
  }
}
