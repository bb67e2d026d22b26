import { expect, test } from "vitest";
import { connectParentWindow } from "../../src/panel/parent-window";

const SHOP = "https://shop.example";
const hello = { billchat: 1, type: "hello" };

/** An embedded panel that allows SHOP as its parent. */
function embeddedPanel() {
  const posted: unknown[] = [];
  const parentWindow = { postMessage: (data: unknown, origin: string) => posted.push([data, origin]) };
  let receive: (event: object) => void = () => undefined;
  const here = {
    parent: parentWindow,
    location: { origin: "https://chat.example" },
    addEventListener: (_: string, listener: (event: object) => void) => (receive = listener),
  };
  const openChanges: boolean[] = [];
  const greetings: string[] = [];
  const events = { onOpenChange: (open: boolean) => void openChanges.push(open), onGreeting: (text: string) => void greetings.push(text) };
  const parent = connectParentWindow([SHOP], events, here as unknown as Window);
  return { posted, parentWindow, openChanges, greetings, parent, receive: (event: object) => receive(event) };
}

test("messages wait for the hello of an allowed page, and go to its origin only", () => {
  const { posted, parentWindow, parent, receive } = embeddedPanel();
  parent.post({ billchat: 1, type: "unread", count: 2 });
  receive({ source: parentWindow, origin: "https://evil.example", data: hello });
  receive({ source: {}, origin: SHOP, data: hello });
  expect(posted).toEqual([]);
  receive({ source: parentWindow, origin: SHOP, data: hello });
  expect(posted).toEqual([
    [{ billchat: 1, type: "ready" }, SHOP],
    [{ billchat: 1, type: "unread", count: 2 }, SHOP],
  ]);
});

test("messages of other types and shapes are ignored", () => {
  const { parentWindow, openChanges, receive } = embeddedPanel();
  for (const data of [{ type: "shown" }, "shown", null, { billchat: 1, type: "toString" }, { billchat: 1, type: "hidden" }]) {
    receive({ source: parentWindow, origin: SHOP, data });
  }
  expect(openChanges).toEqual([false]);
});

test("only an allowed page gives the panel a greeting of its own, as a short text", () => {
  const { parentWindow, greetings, receive } = embeddedPanel();
  receive({ source: parentWindow, origin: "https://evil.example", data: { ...hello, greeting: "Call this number" } });
  receive({ source: {}, origin: SHOP, data: { ...hello, greeting: "Call this number" } });
  for (const greeting of [7, null, { toString: "x" }, "", undefined]) {
    receive({ source: parentWindow, origin: SHOP, data: { ...hello, greeting } });
  }
  expect(greetings).toEqual([]);
  receive({ source: parentWindow, origin: SHOP, data: { ...hello, greeting: "Hi <b>there</b>" } });
  receive({ source: parentWindow, origin: SHOP, data: { ...hello, greeting: "x".repeat(200) } });
  expect(greetings).toEqual(["Hi <b>there</b>", "x".repeat(140)]);
});
