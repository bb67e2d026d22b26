/** Real parts for the tests, and a wire that records what is sent and answers when told to. */

import { Connection, type World } from "../../src/panel/connection";
import type { Events, Message, Summary, Welcome } from "../../src/panel/protocol";
import type { Listener, Wire } from "../../src/kit/socket";
import { initial } from "../../src/panel/state";
import { browserStorage } from "../../src/kit/storage";
import { storeOf } from "../../src/kit/store";

export const message = (seq: number, more: Partial<Message> = {}): Message => ({
  seq,
  id: `m${seq}`,
  from: "bot",
  at: `2026-11-23T09:${String(seq).padStart(2, "0")}:00.000Z`,
  text: `Line ${seq}`,
  ...more,
});

export const summary = (id: string, more: Partial<Summary> = {}): Summary => ({
  id,
  title: "Pay my bill",
  preview: "Line 1",
  at: "2026-11-23T09:01:00.000Z",
  unread: 0,
  with: "bot",
  ...more,
});

export const welcome = (more: Partial<Welcome> = {}): Welcome => ({
  session: "token",
  locale: "en",
  brand: { name: "Northlight", colour: "#0b6e63" },
  actions: [{ id: "pay_bill", label: "Pay my bill" }],
  conversations: [],
  agents_online: 0,
  ...more,
});

interface Sent {
  readonly event: string;
  readonly payload: Record<string, unknown>;
  readonly answer: ((answer: unknown) => void) | undefined;
}

export class RecordingWire implements Wire {
  connected = false;
  renewals = 0;
  readonly sent: Sent[] = [];
  #listener!: Listener;

  listen(listener: Listener): void {
    this.#listener = listener;
  }
  send(event: string, payload: object, answer?: (answer: unknown) => void): void {
    if (this.connected) this.sent.push({ event, payload: payload as Record<string, unknown>, answer });
  }
  renew(): void {
    this.renewals++;
    this.break();
  }
  close(): void {
    this.break();
  }

  join(first: Welcome = welcome()): void {
    this.connected = true;
    this.#listener.connected();
    this.hear("welcome", first);
  }
  break(): void {
    this.connected = false;
    this.#listener.lost();
  }
  hear<E extends keyof Events>(event: E, payload: Events[E]): void {
    this.#listener.heard(event, payload);
  }
  of(event: string): Sent[] {
    return this.sent.filter((each) => each.event === event);
  }
  last(event: string): Sent {
    return this.of(event).at(-1)!;
  }
}

/** A connection with everything around it, and a conversation "c" open that holds messages 1 and 2. */
export function chatting(more: Partial<World> = {}) {
  const wire = new RecordingWire();
  const store = storeOf(initial({ name: "Northlight", colour: "" }));
  let ids = 0;
  const chat = new Connection({
    store,
    wire,
    storage: browserStorage(),
    newId: () => `id-${++ids}`,
    now: () => new Date(Date.now()),
    ...more,
  });
  wire.join(welcome({ conversations: [summary("c")] }));
  chat.show("c");
  wire.last("open").answer!({ ok: true, messages: [message(1), message(2, { choices: [{ id: "yes", label: "Yes" }] })], with: "bot" });
  return { wire, store, chat, thread: () => store.state.threads["c"]! };
}
