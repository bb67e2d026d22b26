import { beforeEach, describe, expect, test, vi } from "vitest";
import { serverNow } from "../../../src/kit/clock";
import { message, openChat, summary, welcome } from "../fixtures";

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});

test("the session token is stored for the next visit", () => {
  const { socket } = openChat();
  socket.receive("welcome", welcome({ session: "fresh" }));
  expect(localStorage.getItem("billchat.session")).toBe("fresh");
});

test("the clock is the server's, however wrong the device's is", () => {
  const { socket } = openChat();
  socket.receive("welcome", welcome({ now: "2026-11-23T09:30:00.000Z" }));
  vi.advanceTimersByTime(60_000);
  expect(new Date(serverNow()).toISOString()).toBe("2026-11-23T09:31:00.000Z");
});

test("checkConnection tests a connection by a request, and reconnects without one", () => {
  const { socket, chat } = openChat();
  chat.checkConnection();
  expect(socket.payloads("open")).toHaveLength(2);
  vi.advanceTimersByTime(8000);
  expect(socket.reconnects).toBe(1);
  chat.checkConnection();
  expect(socket.reconnects).toBe(2);
});

describe("a session", () => {
  test("is replaced by the token that comes with a right code, in the event or in the acknowledgement", () => {
    const { socket, chat } = openChat();
    chat.sendCode("c", "123456");
    socket.receive("session", { session: "renewed", verified: true });
    expect(localStorage.getItem("billchat.session")).toBe("renewed");
    socket.acknowledge("say", { ok: true, messages: [], session: "acknowledged" });
    expect(localStorage.getItem("billchat.session")).toBe("acknowledged");
  });

  test("that was signed out leaves nothing on screen but what the server sends again", () => {
    const { socket, store, thread } = openChat();
    socket.receive("session", { verified: false });
    expect(thread().messages).toEqual([]);
    expect(store.state.conversations[0]!.preview).toBe("");
    expect(socket.last("open").payload).toEqual({ conversation: "c", after: 0 });
    const hidden = message(1, { text: "Hidden for your security." });
    socket.acknowledge("open", { ok: true, messages: [hidden], with: "bot" });
    expect(thread().messages).toEqual([hidden]);
  });
});

describe("messages on screen", () => {
  test("are reported as seen once", () => {
    const { socket, chat, store } = openChat();
    socket.receive("welcome", welcome({ conversations: [summary("c", { unread: 2 })] }));
    chat.markSeen("c", 2);
    chat.markSeen("c", 2);
    chat.markSeen("c", 1);
    expect(socket.payloads("seen")).toEqual([{ conversation: "c", seq: 2 }]);
    expect(store.state.conversations[0]!.unread).toBe(0);
  });

  test("are reported again if the server still counts them as unread", () => {
    const { socket, chat } = openChat();
    chat.markSeen("c", 2);
    socket.disconnect();
    socket.connect(welcome({ conversations: [summary("c", { unread: 1 })] }));
    chat.markSeen("c", 2);
    chat.markSeen("c", 2);
    expect(socket.payloads("seen").map((each) => each["seq"])).toEqual([2, 2]);
  });
});

describe("typing", () => {
  test("of the other side is shown for six seconds", () => {
    const { socket, thread } = openChat();
    socket.receive("typing", { conversation: "c", from: "agent" });
    expect(thread().typing).toBe(true);
    vi.advanceTimersByTime(6000);
    expect(thread().typing).toBe(false);
  });

  test("of the customer is sent to agents only, and not at every key", () => {
    const { socket, chat } = openChat();
    chat.sendTyping("c");
    expect(socket.payloads("typing")).toEqual([]);
    socket.receive("conversation", { id: "c", with: "agent", agent: "Priya" });
    chat.sendTyping("c");
    chat.sendTyping("c");
    expect(socket.payloads("typing")).toHaveLength(1);
  });
});
