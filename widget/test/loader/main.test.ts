import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isToLoader } from "../../src/kit/bridge";
import { textOn } from "../../src/loader/dress";

interface Api {
  open(): void;
  close(): void;
  on(event: string, listener: (value?: number) => void): void;
  push(...calls: unknown[][]): void;
}
const page = window as unknown as { Billchat?: Api | unknown[] };
const api = () => page.Billchat as Api;
const ORIGIN = "https://chat.example";

async function include(attributes: Record<string, string> = {}): Promise<void> {
  document.querySelectorAll("script").forEach((script) => script.remove());
  const script = document.createElement("script");
  script.type = "text/plain"; // only its attributes matter here
  script.setAttribute("src", `${ORIGIN}/widget.js`);
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value);
  document.head.append(script);
  vi.resetModules();
  await import("../../src/loader/main");
  await Promise.resolve();
}
const root = () => document.querySelector("billchat-widget")!.shadowRoot!;
const button = () => root().querySelector("button")!;
const frame = () => root().querySelector("iframe");
const say = (data: unknown, from: { origin?: string; source?: unknown } = {}) =>
  window.dispatchEvent(
    Object.assign(new Event("message"), { data, origin: ORIGIN, source: frame()?.contentWindow, ...from }),
  );

beforeEach(() => {
  vi.stubGlobal("scrollTo", () => undefined);
  vi.spyOn(HTMLIFrameElement.prototype, "focus").mockImplementation(() => undefined);
  // The frame's page is somebody else's test: here it does not load, and has a window to be recognised by.
  const inside = { postMessage: () => undefined };
  vi.spyOn(HTMLIFrameElement.prototype, "contentWindow", "get").mockReturnValue(inside as unknown as Window);
});
afterEach(() => {
  delete page.Billchat;
  document.querySelectorAll("billchat-widget").forEach((each) => each.remove());
});

test("nothing is fetched before the first click", async () => {
  await include();
  expect(frame()).toBeNull();
  button().click();
  expect(frame()!.src).toMatch(/^https:\/\/chat\.example\/chat\?locale=/);
  expect(frame()!.title).toBe("Chat");
  expect(frame()!.getAttribute("allow")).toBe("otp-credentials");
});

test("the page's wishes go into the address's fragment, which no server sees", async () => {
  await include({ "data-locale": "es", "data-colour": "#ffd400", "data-greeting": "Hola & bienvenido" });
  expect(button().getAttribute("aria-label")).toBe("Abrir el chat");
  api().open();
  const address = new URL(frame()!.src);
  expect(address.search).toBe("?locale=es");
  expect(Object.fromEntries(new URLSearchParams(address.hash.slice(1)))).toEqual({ colour: "#ffd400", greeting: "Hola & bienvenido" });
});

test("included twice it is there once", async () => {
  await include();
  await include();
  expect(document.querySelectorAll("billchat-widget")).toHaveLength(1);
});

test("it takes no room and no clicks of the page", async () => {
  await include();
  const { style } = document.querySelector<HTMLElement>("billchat-widget")!;
  expect([style.position, parseFloat(style.width), parseFloat(style.height)]).toEqual(["fixed", 0, 0]);
  expect(style.getPropertyPriority("all")).toBe("important");
});

test("calls made before it was loaded are made then", async () => {
  const opened = vi.fn();
  page.Billchat = [["on", "open", opened], ["open"], ["nonsense"]];
  await include();
  expect(opened).toHaveBeenCalledOnce();
  expect(button().getAttribute("aria-expanded")).toBe("true");
});

test("it says whether it is open, and closes with Escape", async () => {
  await include();
  const closed = vi.fn();
  api().on("close", closed);
  button().click();
  expect([button().getAttribute("aria-expanded"), button().getAttribute("aria-label")]).toEqual(["true", "Close chat"]);
  button().dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, composed: true }));
  expect([button().getAttribute("aria-expanded"), button().getAttribute("aria-label")]).toEqual(["false", "Open chat"]);
  expect(closed).toHaveBeenCalledOnce();
});

describe("what has loaded in the panel's place", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is loaded again while somebody waits for it, and leaves the bubble to close it by", async () => {
    await include();
    button().click();
    const first = frame()!;
    first.dispatchEvent(new Event("load"));
    vi.advanceTimersByTime(10_000);
    expect(frame()).not.toBe(first);
    expect(root().querySelectorAll("iframe")).toHaveLength(1);
    expect(root().querySelector(".ready")).toBeNull();
  });

  test("is loaded again at the next click when nobody waits", async () => {
    await include();
    button().click();
    const first = frame()!;
    first.dispatchEvent(new Event("load"));
    button().click();
    vi.advanceTimersByTime(60_000);
    expect(frame()).toBe(first);
    button().click();
    expect(frame()).not.toBe(first);
  });

  test("stays when it is the panel", async () => {
    await include();
    button().click();
    const first = frame()!;
    first.dispatchEvent(new Event("load"));
    say({ billchat: 1, type: "ready" });
    vi.advanceTimersByTime(60_000);
    expect(frame()).toBe(first);
    expect(root().querySelector(".open.ready")).not.toBeNull();
  });
});

describe("what the panel says", () => {
  beforeEach(async () => {
    await include();
    api().open();
    api().close();
  });
  const badge = () => root().querySelector<HTMLElement>(".badge")!;

  test("sets the badge and its words", () => {
    const unread = vi.fn();
    api().on("unread", unread);
    say({ billchat: 1, type: "unread", count: 2 });
    expect([badge().hidden, badge().textContent]).toEqual([false, "2"]);
    expect(button().getAttribute("aria-label")).toBe("Open chat, unread messages: 2");
    expect(unread).toHaveBeenCalledWith(2);
  });

  test("is told to the page when a bill is paid, without a detail", () => {
    const paid = vi.fn();
    api().on("paid", paid);
    say({ billchat: 1, type: "paid", amount: 4250 });
    expect(paid.mock.calls).toEqual([[undefined]]);
  });

  test("counts for nothing from another origin, another window or in another shape", () => {
    const good = { billchat: 1, type: "unread", count: 2 };
    say(good, { origin: "https://evil.example" });
    say(good, { source: window });
    say(good, { source: null });
    for (const data of [null, "unread", { type: "unread", count: 2 }, { ...good, count: "2" }, { ...good, count: -1 }, { ...good, count: 1.5 }]) {
      say(data);
    }
    expect(badge().hidden).toBe(true);
  });
});

test("the bridge knows its words and no others", () => {
  expect(isToLoader({ billchat: 1, type: "close" })).toBe(true);
  for (const data of [undefined, 1, [], { billchat: 2, type: "close" }, { billchat: 1, type: "constructor" }]) {
    expect(isToLoader(data)).toBe(false);
  }
});

test("the drawing on the bubble stands out on any colour", () => {
  expect(textOn("#ffd400")).toBe("#10141c");
  expect(textOn("#0b6e63")).toBe("#ffffff");
});
