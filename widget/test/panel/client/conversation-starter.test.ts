import { beforeEach, expect, test, vi } from "vitest";
import { message, openChat, refusal } from "../fixtures";

beforeEach(() => void vi.useFakeTimers());

test("a conversation started while disconnected is requested on each connection, with one id", () => {
  const { socket, chat, store } = openChat();
  socket.disconnect();
  chat.start("Pay my bill", "pay_bill");
  expect(socket.payloads("start")).toEqual([]);
  socket.connect();
  socket.disconnect();
  socket.connect();
  const [first] = socket.payloads("start");
  expect(first).toMatchObject({ action: "pay_bill" });
  expect(socket.payloads("start")).toEqual([first, first]);
  socket.acknowledge("start", { ok: true, conversation: "new", messages: [message(1)] });
  expect(store.state.currentKey).toBe("new");
});

test("a refused start shows the reason and can be retried", () => {
  const { socket, chat, store } = openChat();
  chat.start("Pay my bill", "pay_bill");
  const key = store.state.currentKey!;
  socket.acknowledge("start", refusal("closed"));
  expect(store.state.threads[key]).toMatchObject({ starting: { failed: true }, notice: "A sentence for the customer." });
  chat.retryStart(key);
  expect(socket.payloads("start")).toHaveLength(2);
});

test("a start without acknowledgement fails after 25 seconds", () => {
  const { socket, chat, store } = openChat();
  socket.disconnect();
  chat.start("Pay my bill");
  vi.advanceTimersByTime(25_000);
  expect(store.state.threads[store.state.currentKey!]).toMatchObject({ starting: { failed: true }, notice: null });
});
