import { expect, test } from "vitest";
import { linkify, safeUrl } from "../../src/kit/linkify";

test.each([
  ["See https://a.example/help.", ["https://a.example/help"]],
  ["(https://a.example/x)", ["https://a.example/x"]],
  ["https://a.example/wiki/Bill_(law)", ["https://a.example/wiki/Bill_(law)"]],
  ["https://a.example, https://b.example?x=1&y=2!", ["https://a.example", "https://b.example?x=1&y=2"]],
  ["http://a.example ftp://a.example javascript:alert(1) www.a.example", []],
  ["https://bank.example@evil.example/", []],
  ['https://a.example/"><img onerror=x>', ["https://a.example/"]],
  ["https://", []],
  ["", []],
])("the links in: %s", (text, expected) => {
  const segments = linkify(text);
  expect(segments.flatMap((each) => (typeof each === "string" ? [] : [each.label]))).toEqual(expected);
  expect(segments.map((each) => (typeof each === "string" ? each : each.label)).join("")).toBe(text);
});

test("a link leads to https, or to the page's own host", () => {
  const page = { host: "localhost:8080" };
  expect(safeUrl("http://localhost:8080/pay/x", page)).toBe("http://localhost:8080/pay/x");
  expect(safeUrl("http://a.example/pay/x", page)).toBeNull();
  expect(safeUrl("javascript:alert(1)", page)).toBeNull();
});
