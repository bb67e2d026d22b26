import { beforeEach, describe, expect, test, vi } from "vitest";
import { serviceNow } from "../../src/kit/clock";
import { offer } from "../../src/panel/offer";
import type { Message } from "../../src/panel/protocol";
import { chatting, message, summary, welcome } from "./parts";

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});

const refusal = (code: string) => ({ ok: false, error: { code, message: "A sentence for the customer." } });

describe("a text whose acknowledgement was lost", () => {
  test("is sent again with the same id when the connection is back", () => {
    const { wire, chat, thread } = chatting();
    chat.say("c", "hello");
    const first = wire.last("say").payload;
    wire.break();
    wire.join();
    expect(wire.of("say").map((each) => each.payload)).toEqual([first, first]);
    wire.last("say").answer!({ ok: true, messages: [message(3, { from: "customer", text: "hello" }), message(4)] });
    expect(thread().sends).toEqual([]);
    expect(thread().messages.map((each) => each.seq)).toEqual([1, 2, 3, 4]);
  });

  test("goes before the conversation catches up, so nothing is seen twice", () => {
    const { wire, chat } = chatting();
    chat.say("c", "hello");
    wire.break();
    wire.sent.length = 0;
    wire.join();
    expect(wire.sent.map((each) => each.event)).toEqual(["say", "open"]);
  });

  test("makes the connection anew when it seems dead", () => {
    const { wire, chat } = chatting();
    chat.say("c", "hello");
    vi.advanceTimersByTime(8000);
    expect(wire.renewals).toBe(1);
  });

  test("is called not sent after a while, and tried again with the same id on a tap", () => {
    const { wire, chat, thread } = chatting();
    wire.break();
    chat.say("c", "hello");
    vi.advanceTimersByTime(25_000);
    expect(thread().sends[0]).toMatchObject({ state: "failed", refused: false });
    const { id } = thread().sends[0]!;
    wire.join();
    expect(wire.of("say")).toEqual([]);
    chat.retry("c", id);
    expect(wire.last("say").payload).toMatchObject({ id, text: "hello" });
  });
});

describe("several texts", () => {
  test("go one after the other, so that their order is that in which they were typed", () => {
    const { wire, chat, thread } = chatting();
    chat.say("c", "first");
    chat.say("c", "second");
    expect(wire.of("say").map((each) => each.payload["text"])).toEqual(["first"]);
    wire.last("say").answer!(refusal("slow_down"));
    chat.say("c", "third");
    vi.advanceTimersByTime(1500);
    wire.last("say").answer!({ ok: true, messages: [message(3, { from: "customer", text: "first" })] });
    wire.last("say").answer!({ ok: true, messages: [message(4, { from: "customer", text: "second" })] });
    expect(wire.of("say").map((each) => each.payload["text"])).toEqual(["first", "first", "second", "third"]);
    expect(thread().sends.map((each) => each.shown)).toEqual(["third"]);
  });

  test("wait for the welcome, behind what was typed without a connection", () => {
    const { wire, chat } = chatting();
    wire.break();
    chat.say("c", "first");
    wire.connected = true; // the connection stands, and nobody has been welcomed yet
    chat.say("c", "second");
    expect(wire.of("say")).toEqual([]);
    wire.join();
    expect(wire.of("say").map((each) => each.payload["text"])).toEqual(["first"]);
  });

  /** Two that were typed twenty seconds apart without a connection, when the first has waited long enough. */
  const givenUp = () => {
    const { wire, chat, thread } = chatting();
    wire.break();
    chat.say("c", "first");
    vi.advanceTimersByTime(20_000);
    chat.say("c", "second");
    vi.advanceTimersByTime(5000);
    return { wire, chat, sends: () => thread().sends };
  };

  test("are given back together when the first of them cannot be delivered", () => {
    const { wire, sends } = givenUp();
    wire.join();
    expect(wire.of("say")).toEqual([]);
    expect(sends().map((each) => each.state)).toEqual(["failed", "failed"]);
  });

  test("that are tried again have all their time anew", () => {
    const { chat, sends } = givenUp();
    for (const { id } of sends()) chat.retry("c", id);
    vi.advanceTimersByTime(24_999);
    expect(sends().map((each) => each.state)).toEqual(["sending", "sending"]);
  });
});

test("a text that could not be sent does not stand in the way of a choice", () => {
  const { wire, chat, thread } = chatting();
  wire.break();
  chat.say("c", "hello?");
  vi.advanceTimersByTime(25_000);
  wire.join();
  expect(offer(thread()).choices.map((each) => each.id)).toEqual(["yes"]);
  chat.choose("c", { id: "yes", label: "Yes" });
  expect(wire.last("say").payload["choice"]).toBe("yes");
});

test("a history that the service could not tell just then is asked for again, and the reason goes", () => {
  for (const code of ["slow_down", "unavailable"]) {
    const { wire, thread } = chatting();
    wire.break();
    wire.join();
    const asked = wire.of("open").length;
    wire.last("open").answer!(refusal(code));
    expect(thread().notice).toBe("A sentence for the customer.");
    vi.advanceTimersByTime(1500);
    expect(wire.of("open")).toHaveLength(asked + 1);
    wire.last("open").answer!({ ok: true, messages: [], with: "bot" });
    expect(thread().notice).toBeNull();
  }
});

test("a slow line is given longer each time, until an answer comes", () => {
  const { wire, chat } = chatting();
  chat.say("c", "hello");
  for (const [wait, renewals] of [[8000, 1], [16_000, 2]] as const) {
    vi.advanceTimersByTime(wait - 1);
    expect(wire.renewals).toBe(renewals - 1);
    vi.advanceTimersByTime(1);
    expect(wire.renewals).toBe(renewals);
    wire.join();
  }
});

test("what was seen is said again while the service counts it as unread", () => {
  const { wire, chat } = chatting();
  chat.seen("c", 2);
  wire.break();
  wire.join(welcome({ conversations: [summary("c", { unread: 1 })] }));
  chat.seen("c", 2);
  chat.seen("c", 2);
  expect(wire.of("seen").map((each) => each.payload["seq"])).toEqual([2, 2]);
});

test("the time is the service's, however wrong the device's clock is", () => {
  const { wire } = chatting();
  wire.hear("welcome", welcome({ now: "2026-11-23T09:30:00.000Z" }));
  vi.advanceTimersByTime(60_000);
  expect(new Date(serviceNow()).toISOString()).toBe("2026-11-23T09:31:00.000Z");
});

test("a text that was refused is tried again as a new request, and the reason is shown", () => {
  const { wire, chat, thread } = chatting();
  chat.say("c", "hello");
  const { id } = wire.last("say").payload;
  wire.last("say").answer!(refusal("conflict"));
  expect(thread()).toMatchObject({ notice: "A sentence for the customer." });
  chat.retry("c", id as string);
  expect(wire.last("say").payload["id"]).not.toBe(id);
});

test("asked to slow down, it waits and sends the same again by itself", () => {
  const { wire, chat, thread } = chatting();
  chat.say("c", "hello");
  const first = wire.last("say").payload;
  wire.last("say").answer!(refusal("slow_down"));
  expect(thread().sends[0]!.state).toBe("sending");
  expect(thread().notice).toBe("A sentence for the customer.");
  vi.advanceTimersByTime(1500);
  expect(wire.of("say").map((each) => each.payload)).toEqual([first, first]);
});

test("asked to slow down again and again, it gives the text back for a tap", () => {
  const { wire, chat, thread } = chatting();
  chat.say("c", "hello");
  for (const wait of [1500, 3000, 6000, 12_000]) {
    wire.last("say").answer!(refusal("slow_down"));
    vi.advanceTimersByTime(wait);
  }
  wire.last("say").answer!(refusal("slow_down"));
  expect(thread().sends[0]).toMatchObject({ state: "failed", refused: false });
});

test("a double tap on a choice is one choice", () => {
  const { wire, chat } = chatting();
  chat.choose("c", { id: "yes", label: "Yes" });
  chat.choose("c", { id: "yes", label: "Yes" });
  expect(wire.of("say").map((each) => each.payload)).toEqual([{ conversation: "c", id: "id-1", choice: "yes" }]);
});

test("a code is never shown, only sent", () => {
  const { wire, chat, thread } = chatting();
  chat.say("c", "123456", "code");
  expect(thread().sends[0]!.shown).toBe("••••••");
  expect(wire.last("say").payload["text"]).toBe("123456");
});

test("a missing message is asked for from the last one without a gap", () => {
  const { wire, thread } = chatting();
  wire.hear("messages", { conversation: "c", messages: [message(5)] });
  expect(wire.last("open").payload).toEqual({ conversation: "c", after: 2 });
  wire.last("open").answer!({ ok: true, messages: [message(3), message(4), message(5)], with: "bot" });
  expect(thread().messages.map((each) => each.seq)).toEqual([1, 2, 3, 4, 5]);
});

test("a message told twice is here once and told on once", () => {
  const told: number[] = [];
  const { wire, thread } = chatting({ onNew: (_: string, fresh: readonly Message[]) => void told.push(...fresh.map((each) => each.seq)) });
  wire.hear("messages", { conversation: "c", messages: [message(3)] });
  wire.hear("messages", { conversation: "c", messages: [message(3)] });
  expect(thread().messages).toHaveLength(3);
  expect(told).toEqual([3]);
});

test("back after a while, the open conversation catches up from what it has", () => {
  const { wire } = chatting();
  wire.break();
  wire.join();
  expect(wire.last("open").payload).toEqual({ conversation: "c", after: 2 });
});

test("waking up with a connection checks that it lives, without one makes a new one", () => {
  const { wire, chat } = chatting();
  chat.wake();
  expect(wire.of("open")).toHaveLength(2);
  vi.advanceTimersByTime(8000);
  expect(wire.renewals).toBe(1);
  chat.wake();
  expect(wire.renewals).toBe(2);
});

test("a conversation begun without a connection begins once there is one, with one id", () => {
  const { wire, chat, store } = chatting();
  wire.break();
  chat.start("Pay my bill", "pay_bill");
  expect(wire.of("start")).toEqual([]);
  wire.join();
  wire.break();
  wire.join();
  const starts = wire.of("start").map((each) => each.payload);
  expect(starts).toEqual([starts[0], starts[0]]);
  wire.last("start").answer!({ ok: true, conversation: "new", messages: [message(1)] });
  expect(store.state.current).toBe("new");
});

test("a conversation that cannot begin says why and can be tried again", () => {
  const { wire, chat, store } = chatting();
  chat.start("Pay my bill", "pay_bill");
  const { current } = store.state;
  wire.last("start").answer!(refusal("closed"));
  expect(store.state.threads[current!]).toMatchObject({ starting: { failed: true }, notice: "A sentence for the customer." });
  chat.retryStart(current!);
  expect(wire.of("start")).toHaveLength(2);
});

test("the service's token is kept for the next visit", () => {
  const { wire } = chatting();
  wire.hear("welcome", welcome({ session: "fresh" }));
  expect(localStorage.getItem("billchat.session")).toBe("fresh");
});

test("a slow acknowledgement shows that something is coming, and no longer than it takes", () => {
  const { wire, chat, thread } = chatting();
  chat.say("c", "hello");
  vi.advanceTimersByTime(299);
  expect(thread().waiting).toBe(false);
  vi.advanceTimersByTime(1);
  expect(thread().waiting).toBe(true);
  wire.last("say").answer!({ ok: true, messages: [message(3, { from: "customer" })] });
  expect(thread().waiting).toBe(false);
});

test("somebody who stops typing stops being shown", () => {
  const { wire, thread } = chatting();
  wire.hear("typing", { conversation: "c", from: "agent" });
  expect(thread().typing).toBe(true);
  vi.advanceTimersByTime(6000);
  expect(thread().typing).toBe(false);
});

test("how far the customer has read is told once", () => {
  const { wire, chat, store } = chatting();
  wire.hear("welcome", welcome({ conversations: [summary("c", { unread: 2 })] }));
  chat.seen("c", 2);
  chat.seen("c", 2);
  chat.seen("c", 1);
  expect(wire.of("seen").map((each) => each.payload)).toEqual([{ conversation: "c", seq: 2 }]);
  expect(store.state.conversations[0]!.unread).toBe(0);
});

test("the customer's typing is told to a person only, and not at every key", () => {
  const { wire, chat } = chatting();
  chat.typing("c");
  expect(wire.of("typing")).toEqual([]);
  wire.hear("conversation", { id: "c", with: "agent", agent: "Priya" });
  chat.typing("c");
  chat.typing("c");
  expect(wire.of("typing")).toHaveLength(1);
});
