import { expect, test } from "vitest";
import { createTokenStorage } from "../../src/kit/token-storage";

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
