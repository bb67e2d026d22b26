import { expect, test } from "vitest";
import { textColourOn } from "../../src/loader/styles";

test("the bubble's icon has contrast with every colour", () => {
  expect(textColourOn("#ffd400")).toBe("#10141c");
  expect(textColourOn("#0b6e63")).toBe("#ffffff");
});
