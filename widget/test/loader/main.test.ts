import { beforeEach, describe, expect, test, vi } from "vitest";
import { api, badge, button, iframe, includeLoader, page, receive, useTestPage } from "./fixtures";

useTestPage();

test("nothing is fetched before the first click", async () => {
  await includeLoader();
  expect(iframe()).toBeNull();
  button().click();
  expect(iframe()!.src).toMatch(/^https:\/\/chat\.example\/chat\?locale=/);
  expect(iframe()!.title).toBe("Chat");
  expect(iframe()!.getAttribute("allow")).toBe("otp-credentials");
});

test("the page's colour goes into the fragment, which no server sees, and its greeting does not", async () => {
  await includeLoader({ "data-locale": "es", "data-colour": "#ffd400", "data-greeting": "Hola & bienvenido" });
  expect(button().getAttribute("aria-label")).toBe("Abrir el chat");
  api().open();
  const address = new URL(iframe()!.src);
  expect(address.search).toBe("?locale=es");
  expect(Object.fromEntries(new URLSearchParams(address.hash.slice(1)))).toEqual({ colour: "#ffd400" });
});

test("a script that is included twice adds one widget", async () => {
  await includeLoader();
  await includeLoader();
  expect(document.querySelectorAll("billchat-widget")).toHaveLength(1);
});

test("the element takes no room and no clicks of the page", async () => {
  await includeLoader();
  const { style } = document.querySelector<HTMLElement>("billchat-widget")!;
  expect([style.position, parseFloat(style.width), parseFloat(style.height)]).toEqual(["fixed", 0, 0]);
  expect(style.getPropertyPriority("all")).toBe("important");
});

test("calls that were queued before the loader arrived are made when it starts", async () => {
  const opened = vi.fn();
  page.Billchat = [["on", "open", opened], ["open"], ["nonsense"]];
  await includeLoader();
  expect(opened).toHaveBeenCalledOnce();
  expect(button().getAttribute("aria-expanded")).toBe("true");
});

test("the button tells whether the panel is open, and Escape closes it", async () => {
  await includeLoader();
  const closed = vi.fn();
  api().on("close", closed);
  button().click();
  expect([button().getAttribute("aria-expanded"), button().getAttribute("aria-label")]).toEqual(["true", "Close chat"]);
  button().dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, composed: true }));
  expect([button().getAttribute("aria-expanded"), button().getAttribute("aria-label")]).toEqual(["false", "Open chat"]);
  expect(closed).toHaveBeenCalledOnce();
});

describe("a message from the panel", () => {
  beforeEach(async () => {
    await includeLoader();
    api().open();
    api().close();
  });

  test("sets the unread badge and the button's label", () => {
    const unread = vi.fn();
    api().on("unread", unread);
    receive({ billchat: 1, type: "unread", count: 2 });
    expect([badge().hidden, badge().textContent]).toEqual([false, "2"]);
    expect(button().getAttribute("aria-label")).toBe("Open chat, unread messages: 2");
    expect(unread).toHaveBeenCalledWith(2);
  });

  test("about a paid bill reaches the page without details", () => {
    const paid = vi.fn();
    api().on("paid", paid);
    receive({ billchat: 1, type: "paid", amount: 4250 });
    expect(paid.mock.calls).toEqual([[undefined]]);
  });

  test("is ignored from another origin, from another window or in another shape", () => {
    const good = { billchat: 1, type: "unread", count: 2 };
    receive(good, { origin: "https://evil.example" });
    receive(good, { source: window });
    receive(good, { source: null });
    for (const data of [null, "unread", { type: "unread", count: 2 }, { ...good, count: "2" }, { ...good, count: -1 }, { ...good, count: 1.5 }]) {
      receive(data);
    }
    expect(badge().hidden).toBe(true);
  });
});
