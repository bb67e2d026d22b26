import { beforeEach, expect, test, vi } from "vitest";
import { message, openChat } from "../fixtures";

beforeEach(() => void vi.useFakeTimers());

test("a request without acknowledgement makes the client reconnect", () => {
  const { socket, chat } = openChat();
  chat.sendText("c", "hello");
  vi.advanceTimersByTime(8000);
  expect(socket.reconnects).toBe(1);
});

test("the timeout doubles each time, until an acknowledgement arrives", () => {
  const { socket, chat } = openChat();
  chat.sendText("c", "hello");
  for (const [timeout, reconnects] of [[8000, 1], [16_000, 2]] as const) {
    vi.advanceTimersByTime(timeout - 1);
    expect(socket.reconnects).toBe(reconnects - 1);
    vi.advanceTimersByTime(1);
    expect(socket.reconnects).toBe(reconnects);
    socket.connect();
  }
});

test("a slow acknowledgement shows a typing sign until it arrives", () => {
  const { socket, chat, thread } = openChat();
  chat.sendText("c", "hello");
  vi.advanceTimersByTime(299);
  expect(thread().slowReply).toBe(false);
  vi.advanceTimersByTime(1);
  expect(thread().slowReply).toBe(true);
  socket.acknowledge("say", { ok: true, messages: [message(3, { from: "customer" })] });
  expect(thread().slowReply).toBe(false);
});
