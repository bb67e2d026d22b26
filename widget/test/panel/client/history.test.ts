import { beforeEach, expect, test, vi } from "vitest";
import { message, openChat, refusal } from "../fixtures";

beforeEach(() => void vi.useFakeTimers());

test("a gap is loaded from the last message before it", () => {
  const { socket, thread } = openChat();
  socket.receive("messages", { conversation: "c", messages: [message(5)] });
  expect(socket.last("open").payload).toEqual({ conversation: "c", after: 2 });
  socket.acknowledge("open", { ok: true, messages: [message(3), message(4), message(5)], with: "bot" });
  expect(thread().messages.map((each) => each.seq)).toEqual([1, 2, 3, 4, 5]);
});

test("a message that arrives twice is stored once and reported once", () => {
  const reported: number[] = [];
  const { socket, thread } = openChat({ onNewMessages: (_, added) => void reported.push(...added.map((each) => each.seq)) });
  socket.receive("messages", { conversation: "c", messages: [message(3)] });
  socket.receive("messages", { conversation: "c", messages: [message(3)] });
  expect(thread().messages).toHaveLength(3);
  expect(reported).toEqual([3]);
});

test("after a reconnect the current conversation loads the messages that it missed", () => {
  const { socket } = openChat();
  socket.disconnect();
  socket.connect();
  expect(socket.last("open").payload).toEqual({ conversation: "c", after: 2 });
});

test.each(["slow_down", "unavailable"])("a history refused with %s is requested again, and then its notice disappears", (code) => {
  const { socket, thread } = openChat();
  socket.disconnect();
  socket.connect();
  const requests = socket.payloads("open").length;
  socket.acknowledge("open", refusal(code));
  expect(thread().notice).toBe("A sentence for the customer.");
  vi.advanceTimersByTime(1500);
  expect(socket.payloads("open")).toHaveLength(requests + 1);
  socket.acknowledge("open", { ok: true, messages: [], with: "bot" });
  expect(thread().notice).toBeNull();
});
