import { beforeEach, describe, expect, test, vi } from "vitest";
import { replyOptions } from "../../../src/panel/state/reply-options";
import { message, openChat, refusal } from "../fixtures";

beforeEach(() => void vi.useFakeTimers());

const sayAck = (...messages: ReturnType<typeof message>[]) => ({ ok: true, messages });
const own = (seq: number, text: string) => message(seq, { from: "customer", text });

describe("a text without acknowledgement", () => {
  test("is sent again with the same id after a reconnect", () => {
    const { socket, chat, thread } = openChat();
    chat.sendText("c", "hello");
    const first = socket.last("say").payload;
    socket.disconnect();
    socket.connect();
    expect(socket.payloads("say")).toEqual([first, first]);
    socket.acknowledge("say", sayAck(own(3, "hello"), message(4)));
    expect(thread().pending).toEqual([]);
    expect(thread().messages.map((each) => each.seq)).toEqual([1, 2, 3, 4]);
  });

  test("is sent again before missed messages are loaded, so that it does not appear twice", () => {
    const { socket, chat } = openChat();
    chat.sendText("c", "hello");
    socket.disconnect();
    socket.sent.length = 0;
    socket.connect();
    expect(socket.sent.map((each) => each.event)).toEqual(["say", "open"]);
  });

  test("fails after 25 seconds, and a retry has the same id", () => {
    const { socket, chat, thread } = openChat();
    socket.disconnect();
    chat.sendText("c", "hello");
    vi.advanceTimersByTime(25_000);
    expect(thread().pending[0]).toMatchObject({ state: "failed", refused: false });
    const { id } = thread().pending[0]!;
    socket.connect();
    expect(socket.payloads("say")).toEqual([]);
    chat.retryMessage("c", id);
    expect(socket.last("say").payload).toMatchObject({ id, text: "hello" });
  });
});

describe("several texts", () => {
  test("are sent one after the other, in the order in which they were typed", () => {
    const { socket, chat, thread } = openChat();
    chat.sendText("c", "first");
    chat.sendText("c", "second");
    expect(socket.payloads("say").map((each) => each["text"])).toEqual(["first"]);
    socket.acknowledge("say", refusal("slow_down"));
    chat.sendText("c", "third");
    vi.advanceTimersByTime(1500);
    socket.acknowledge("say", sayAck(own(3, "first")));
    socket.acknowledge("say", sayAck(own(4, "second")));
    expect(socket.payloads("say").map((each) => each["text"])).toEqual(["first", "first", "second", "third"]);
    expect(thread().pending.map((each) => each.displayText)).toEqual(["third"]);
  });

  test("wait for the welcome, behind the texts that were typed while disconnected", () => {
    const { socket, chat } = openChat();
    socket.disconnect();
    chat.sendText("c", "first");
    socket.connected = true; // connected, but not welcomed yet
    chat.sendText("c", "second");
    expect(socket.payloads("say")).toEqual([]);
    socket.connect();
    expect(socket.payloads("say").map((each) => each["text"])).toEqual(["first"]);
  });

  /** Two texts, typed 20 seconds apart while disconnected, when the first one's time is over. */
  const afterGivingUp = () => {
    const { socket, chat, thread } = openChat();
    socket.disconnect();
    chat.sendText("c", "first");
    vi.advanceTimersByTime(20_000);
    chat.sendText("c", "second");
    vi.advanceTimersByTime(5000);
    return { socket, chat, pending: () => thread().pending };
  };

  test("fail together when the first cannot be delivered", () => {
    const { socket, pending } = afterGivingUp();
    socket.connect();
    expect(socket.payloads("say")).toEqual([]);
    expect(pending().map((each) => each.state)).toEqual(["failed", "failed"]);
  });

  test("have their full time again after a retry", () => {
    const { chat, pending } = afterGivingUp();
    for (const { id } of pending()) chat.retryMessage("c", id);
    vi.advanceTimersByTime(24_999);
    expect(pending().map((each) => each.state)).toEqual(["sending", "sending"]);
  });
});

test("a failed text does not prevent a choice", () => {
  const { socket, chat, thread } = openChat();
  socket.disconnect();
  chat.sendText("c", "hello?");
  vi.advanceTimersByTime(25_000);
  socket.connect();
  expect(replyOptions(thread()).choices.map((each) => each.id)).toEqual(["yes"]);
  chat.sendChoice("c", { id: "yes", label: "Yes" });
  expect(socket.last("say").payload["choice"]).toBe("yes");
});

test("a double tap on a choice sends it once", () => {
  const { socket, chat } = openChat();
  chat.sendChoice("c", { id: "yes", label: "Yes" });
  chat.sendChoice("c", { id: "yes", label: "Yes" });
  expect(socket.payloads("say")).toEqual([{ conversation: "c", id: "id-1", choice: "yes" }]);
});

test("a code is sent, and displayed as dots", () => {
  const { socket, chat, thread } = openChat();
  chat.sendCode("c", "123456");
  expect(thread().pending[0]!.displayText).toBe("••••••");
  expect(socket.last("say").payload["text"]).toBe("123456");
});

describe("a refused text", () => {
  test("shows the reason, and a retry is a new request", () => {
    const { socket, chat, thread } = openChat();
    chat.sendText("c", "hello");
    const { id } = socket.last("say").payload;
    socket.acknowledge("say", refusal("conflict"));
    expect(thread()).toMatchObject({ notice: "A sentence for the customer." });
    chat.retryMessage("c", id as string);
    expect(socket.last("say").payload["id"]).not.toBe(id);
  });

  test("is sent again with the same id after slow_down", () => {
    const { socket, chat, thread } = openChat();
    chat.sendText("c", "hello");
    const first = socket.last("say").payload;
    socket.acknowledge("say", refusal("slow_down"));
    expect(thread().pending[0]!.state).toBe("sending");
    expect(thread().notice).toBe("A sentence for the customer.");
    vi.advanceTimersByTime(1500);
    expect(socket.payloads("say")).toEqual([first, first]);
  });

  test("fails after slow_down and four retries with growing delays", () => {
    const { socket, chat, thread } = openChat();
    chat.sendText("c", "hello");
    for (const delay of [1500, 3000, 6000, 12_000]) {
      socket.acknowledge("say", refusal("slow_down"));
      vi.advanceTimersByTime(delay);
    }
    socket.acknowledge("say", refusal("slow_down"));
    expect(thread().pending[0]).toMatchObject({ state: "failed", refused: false });
  });
});
