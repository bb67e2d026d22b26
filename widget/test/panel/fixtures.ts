/** Test data, a socket that records events and acknowledges on demand, and a chat client on that socket. */

import type { Message } from "../../src/kit/message";
import type { SocketClient, SocketHandlers } from "../../src/kit/socket";
import { createStore } from "../../src/kit/store";
import { createTokenStorage } from "../../src/kit/token-storage";
import { ChatClient, type ChatClientOptions } from "../../src/panel/client/chat-client";
import type { ConversationSummary, ServerEvents, Welcome } from "../../src/panel/protocol";
import { reducer } from "../../src/panel/state/reducer";
import { initialState } from "../../src/panel/state/state";

export const message = (seq: number, overrides: Partial<Message> = {}): Message => ({
  seq,
  id: `m${seq}`,
  from: "bot",
  at: `2026-11-23T09:${String(seq).padStart(2, "0")}:00.000Z`,
  text: `Line ${seq}`,
  ...overrides,
});

export const summary = (id: string, overrides: Partial<ConversationSummary> = {}): ConversationSummary => ({
  id,
  title: "Pay my bill",
  preview: "Line 1",
  at: "2026-11-23T09:01:00.000Z",
  unread: 0,
  with: "bot",
  ...overrides,
});

export const welcome = (overrides: Partial<Welcome> = {}): Welcome => ({
  session: "token",
  locale: "en",
  brand: { name: "Northlight", colour: "#0b6e63" },
  actions: [{ id: "pay_bill", label: "Pay my bill" }],
  conversations: [],
  agents_online: 0,
  ...overrides,
});

/** A negative acknowledgement. */
export const refusal = (code: string) => ({ ok: false, error: { code, message: "A sentence for the customer." } });

interface SentEvent {
  readonly event: string;
  readonly payload: Record<string, unknown>;
  readonly acknowledge: ((acknowledgement: unknown) => void) | undefined;
}

export class RecordingSocket implements SocketClient<ServerEvents> {
  connected = false;
  reconnects = 0;
  readonly sent: SentEvent[] = [];
  #handlers!: SocketHandlers<ServerEvents>;

  setHandlers(handlers: SocketHandlers<ServerEvents>): void {
    this.#handlers = handlers;
  }
  emit(event: string, payload: object, acknowledge?: (acknowledgement: unknown) => void): void {
    if (this.connected) this.sent.push({ event, payload: payload as Record<string, unknown>, acknowledge });
  }
  reconnect(): void {
    this.reconnects++;
    this.disconnect();
  }
  close(): void {
    this.disconnect();
  }

  /** Connects, and sends the server's welcome. */
  connect(first: Welcome = welcome()): void {
    this.connected = true;
    this.#handlers.onConnect();
    this.receive("welcome", first);
  }
  disconnect(): void {
    this.connected = false;
    this.#handlers.onDisconnect();
  }
  /** Delivers an event from the server. */
  receive<E extends keyof ServerEvents>(event: E, payload: ServerEvents[E]): void {
    this.#handlers.onEvent(event, payload);
  }
  /** The payloads of the events sent under this name. */
  payloads(event: string): Record<string, unknown>[] {
    return this.sent.filter((each) => each.event === event).map((each) => each.payload);
  }
  last(event: string): SentEvent {
    return this.sent.filter((each) => each.event === event).at(-1)!;
  }
  /** Acknowledges the last event of this name. */
  acknowledge(event: string, acknowledgement: unknown): void {
    this.last(event).acknowledge!(acknowledgement);
  }
}

/** A connected chat client with conversation "c" on screen, whose messages 1 and 2 are loaded. */
export function openChat(overrides: Partial<ChatClientOptions> = {}) {
  const socket = new RecordingSocket();
  const store = createStore(reducer, initialState({ name: "Northlight", colour: "" }));
  let ids = 0;
  const chat = new ChatClient({ store, socket, tokens: createTokenStorage(), newId: () => `id-${++ids}`, ...overrides });
  socket.connect(welcome({ conversations: [summary("c")] }));
  chat.select("c");
  const messages = [message(1), message(2, { choices: [{ id: "yes", label: "Yes" }] })];
  socket.acknowledge("open", { ok: true, messages, with: "bot" });
  return { socket, store, chat, thread: () => store.state.threads["c"]! };
}
