import { expect, test } from "vitest";
import { isMessageToLoader } from "../../src/kit/frame-messages";

test("messages of other types and shapes are not accepted", () => {
  expect(isMessageToLoader({ billchat: 1, type: "close" })).toBe(true);
  for (const data of [undefined, 1, [], { billchat: 2, type: "close" }, { billchat: 1, type: "constructor" }]) {
    expect(isMessageToLoader(data)).toBe(false);
  }
});
