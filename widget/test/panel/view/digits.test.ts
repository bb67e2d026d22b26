import { expect, test } from "vitest";
import { extractDigits } from "../../../src/panel/view/digits";

test.each([
  ["123 456", "123456"],
  ["Your code is 012345.", "012345"],
  ["1234567", "123456"],
  ["٠١٢٣٤٥", "012345"],
  ["９８７６５４", "987654"],
  ["abc", ""],
])("the digits in %s", (text, digits) => {
  expect(extractDigits(text, 6)).toBe(digits);
});
