/** Typing signs in both directions. */

import type { SocketClient } from "../../kit/socket";
import type { ServerEvents } from "../protocol";
import type { PanelStore } from "../state/state";

/** A typing sign disappears this long after its last event. */
const TYPING_SHOWN_MS = 6000;
/** The customer's typing is sent at most this often. */
const TYPING_INTERVAL_MS = 3000;

export class TypingSigns {
  readonly #store: PanelStore;
  readonly #socket: SocketClient<ServerEvents>;
  readonly #hideTimers = new Map<string, ReturnType<typeof setTimeout>>();
  #lastSentAt = 0;

  constructor(store: PanelStore, socket: SocketClient<ServerEvents>) {
    this.#store = store;
    this.#socket = socket;
  }

  /** Tells an agent that the customer is typing. The assistant is not told. */
  send(key: string): void {
    const withAgent = this.#store.state.threads[key]?.holder === "agent";
    const tooSoon = Date.now() - this.#lastSentAt < TYPING_INTERVAL_MS;
    if (!withAgent || tooSoon || !this.#socket.connected) return;
    this.#lastSentAt = Date.now();
    this.#socket.emit("typing", { conversation: key });
  }

  /** Shows that the other side is typing. */
  show(key: string): void {
    const setTyping = (typing: boolean) => this.#store.dispatch({ type: "thread_patched", key, patch: { typing } });
    clearTimeout(this.#hideTimers.get(key));
    setTyping(true);
    this.#hideTimers.set(key, setTimeout(() => setTyping(false), TYPING_SHOWN_MS));
  }
}
