import { beforeEach, expect, test, vi } from "vitest";
import { createTokenStorage } from "../../src/kit/token-storage";

beforeEach(() => localStorage.clear());

test("where the browser blocks storage, the token lives as long as the page", () => {
  const tokens = createTokenStorage(() => {
    throw new DOMException("blocked", "SecurityError");
  });
  expect(tokens.load()).toBeNull();
  tokens.save("token");
  expect(tokens.load()).toBe("token");
});

test("a page keeps its token when another tab stores a different one", () => {
  const tokens = createTokenStorage();
  tokens.save("mine");
  localStorage.setItem("billchat.session", "another");
  expect(tokens.load()).toBe("mine");
});

test("a page takes over the token with which another tab replaced its own", () => {
  const [here, there] = [createTokenStorage(), createTokenStorage()];
  const reconnect = vi.fn();
  here.onReplaced(reconnect);
  here.save("old");
  expect(there.load()).toBe("old");
  there.save("new");
  dispatchEvent(new StorageEvent("storage", { key: "billchat.session" }));
  expect(reconnect).toHaveBeenCalledOnce();
  expect(here.load()).toBe("new");
});

test("a page that missed a replacement does not store the replaced token again", () => {
  const [here, there] = [createTokenStorage(), createTokenStorage()];
  here.save("first");
  expect(there.load()).toBe("first");
  there.save("second");
  there.save("third");
  here.save("first");
  expect(localStorage.getItem("billchat.session")).toBe("third");
  expect(here.load()).toBe("third");
});
