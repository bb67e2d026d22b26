/** Requests with an acknowledgement: timeouts, a sign of progress while they take long, and retries that the server asks for. */

import { backoff } from "../../kit/backoff";
import type { SocketClient } from "../../kit/socket";
import type { Refusal, ServerEvents } from "../protocol";
import type { PanelStore } from "../state/state";

/** Without an acknowledgement for this long the connection counts as dead. Doubled after each timeout, for slow networks. */
const ACK_TIMEOUT_MS = 8000;
const MAX_ACK_TIMEOUT_MS = 32_000;
/** An acknowledgement that takes longer shows a typing sign. */
const SLOW_REPLY_MS = 300;
/** Delay after a temporary refusal. Doubled at each further one. */
const FIRST_RETRY_MS = 1500;
const MAX_RETRIES = 4;

export interface OutgoingRequest {
  /** Identifies the request, for the server (which acts once for each id) or for this class only. */
  readonly id: string;
  readonly event: string;
  readonly payload: object;
  /** The thread that shows a typing sign while the acknowledgement takes long, or null. */
  readonly slowReplyIn: string | null;
}

export class Requests {
  readonly #socket: SocketClient<ServerEvents>;
  readonly #store: PanelStore;
  /** Requests without acknowledgement on this connection, each with the function that clears its timers. */
  readonly #inFlight = new Map<string, () => void>();
  readonly #retries = new Map<string, number>();
  readonly #delayed = new Set<string>();
  #timeoutsInARow = 0;

  constructor(socket: SocketClient<ServerEvents>, store: PanelStore) {
    this.#socket = socket;
    this.#store = store;
  }

  /**
   * Sends a request unless it is in flight already. Does nothing before the server's welcome, when the client sends
   * all unacknowledged requests. `onAck` is not called if the connection is lost first.
   */
  send<Ack>({ id, event, payload, slowReplyIn }: OutgoingRequest, onAck: (acknowledgement: Ack) => void): void {
    if (this.#store.state.connection !== "online" || this.#inFlight.has(id)) return;
    const setSlowReply = (slowReply: boolean) => {
      if (slowReplyIn !== null) this.#store.dispatch({ type: "thread_patched", key: slowReplyIn, patch: { slowReply } });
    };
    const slowTimer = setTimeout(() => setSlowReply(true), SLOW_REPLY_MS);
    const timeout = setTimeout(() => {
      this.#timeoutsInARow += 1;
      this.#socket.reconnect();
    }, backoff(this.#timeoutsInARow, ACK_TIMEOUT_MS, MAX_ACK_TIMEOUT_MS));
    const clearTimers = () => {
      clearTimeout(slowTimer);
      clearTimeout(timeout);
    };
    this.#inFlight.set(id, clearTimers);
    this.#socket.emit(event, payload, (acknowledgement) => {
      clearTimers();
      this.#timeoutsInARow = 0;
      this.#inFlight.delete(id);
      setSlowReply(false);
      onAck(acknowledgement as Ack);
    });
  }

  /** Forgets the requests in flight, whose acknowledgements cannot arrive any more. Call it when the connection changes. */
  forgetInFlight(): void {
    for (const clearTimers of this.#inFlight.values()) clearTimers();
    this.#inFlight.clear();
  }

  /** Schedules `retry` if the refusal has one of the `temporary` codes and retries are left. Returns whether it did. */
  retryLater(id: string, refusal: Refusal, temporary: readonly string[], retry: () => void): boolean {
    const retries = this.#retries.get(id) ?? 0;
    if (!temporary.includes(refusal.code) || retries >= MAX_RETRIES) return false;
    this.#retries.set(id, retries + 1);
    this.#delayed.add(id);
    setTimeout(() => {
      this.#delayed.delete(id);
      retry();
    }, FIRST_RETRY_MS * 2 ** retries);
    return true;
  }

  /** Whether a retry of this request is scheduled. */
  isDelayed(id: string): boolean {
    return this.#delayed.has(id);
  }

  /** Gives the request all its retries back. */
  resetRetries(id: string): void {
    this.#retries.delete(id);
  }
}
