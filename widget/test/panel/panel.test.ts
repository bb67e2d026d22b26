import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bubbleOf } from "../../src/panel/bubble";
import { contrast, paint, tones } from "../../src/kit/colour";
import { readConfig, readWishes } from "../../src/panel/config";
import { dayOf, formatFor } from "../../src/kit/format";
import { linkify, safeUrl } from "../../src/kit/linkify";
import { browserStorage } from "../../src/kit/storage";
import { onlyDigits } from "../../src/panel/view/CodeField";
import { wordsFrom } from "../../src/kit/words";

const read = (path: string) => readFileSync(join(__dirname, path), "utf8");

describe("words", () => {
  test("take their values, and leave what has none as it stands", () => {
    const words = wordsFrom({ due: "Due {date}", says: "{ $name }: {text}" });
    expect(words("due", { date: "3 December" })).toBe("Due 3 December");
    expect(words("says", { name: "Ana", text: "{name} {$&}" })).toBe("Ana: {name} {$&}");
    expect(words("due")).toBe("Due {date}");
  });

  test("that are missing stand for themselves", () => {
    expect(wordsFrom({})("greeting")).toBe("greeting");
  });

  const sources = (folder: string): string[] =>
    readdirSync(join(__dirname, folder), { withFileTypes: true }).flatMap((each) =>
      each.isDirectory() ? sources(`${folder}/${each.name}`) : [read(`${folder}/${each.name}`)],
    );
  const used = new Set(
    sources("../../src").flatMap((source) => [...source.matchAll(/words\(\s*"([\w-]+)"/g)].map((found) => found[1]!)),
  );

  test.each(["en", "es"])("that the panel uses are all written in %s, in plain words", (locale) => {
    const written = new Map(
      [...read(`../../../flows/locales/${locale}.ftl`).matchAll(/^widget-([\w-]+) =((?: .+|\n {4}.+)+)$/gm)].map((found) => [found[1]!, found[2]!]),
    );
    expect([...used].filter((key) => !written.has(key))).toEqual([]);
    for (const value of written.values()) expect(value.replace(/\{ \$\w+ \}/g, "")).not.toMatch(/[{}]/);
  });
});

describe("the accent colour", () => {
  const rgb = (css: string) => [1, 3, 5].map((at) => parseInt(css.slice(at, at + 2), 16)) as [number, number, number];
  const css = read("../../src/style/tokens.css");
  const grounds = (name: string) => [...css.matchAll(new RegExp(`--${name}: (#[0-9a-f]{6})`, "g"))].map((found) => found[1]!);
  const themes = [
    ["light", grounds("surface")[0]!, grounds("sunken")[0]!],
    ["dark", grounds("surface")[1]!, grounds("sunken")[1]!],
  ] as const;
  const colours = ["#000000", "#ffffff", "#ffd400", "#0b6e63", "#1d5fd0", "#ff0000", "#00ff00", "#7f7f7f", "#abc", "#161a21", "#fdfdfe"];
  const random = Array.from({ length: 200 }, (_, at) => `#${((at * 83_492_791) % 0xffffff).toString(16).padStart(6, "0")}`);

  test.each(themes)("has enough contrast everywhere in the %s theme, whatever the company chose", (theme, surface, sunken) => {
    for (const colour of [...colours, ...random]) {
      const made = tones(colour)![theme];
      const ratio = (one: string, other: string) => contrast(rgb(one), rgb(other));
      expect.soft(ratio(made.on, made.accent), `${colour} on`).toBeGreaterThanOrEqual(4.5);
      expect.soft(ratio(made.on, made.hover), `${colour} hover`).toBeGreaterThanOrEqual(4.5);
      for (const ground of [surface, sunken, made.soft]) {
        expect.soft(ratio(made.text, ground), `${colour} text on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
      for (const ground of [surface, sunken]) {
        expect.soft(ratio(made.edge, ground), `${colour} edge on ${ground}`).toBeGreaterThanOrEqual(3);
      }
    }
  });

  test("stays as the company chose it where it can be read", () => {
    expect(tones("#0b6e63")!.light.accent).toBe("#0b6e63");
  });

  test("that is no colour changes nothing", () => {
    expect(tones("red; background: url(x)")).toBeNull();
    const root = document.createElement("div");
    paint("", root);
    expect(root.getAttribute("style") ?? "").toBe("");
    paint("#0b6e63", root);
    expect(root.style.getPropertyValue("--light-accent")).toBe("#0b6e63");
  });

  test("has defaults in the stylesheet that are as readable", () => {
    const made = tones("#1d5fd0")!;
    for (const theme of ["light", "dark"] as const) {
      for (const [tone, value] of Object.entries(made[theme])) {
        expect(css).toContain(`var(--${theme}-${tone}, ${value})`);
      }
    }
  });
});

describe("addresses in a text", () => {
  const links = (text: string) => linkify(text).flatMap((piece) => (typeof piece === "string" ? [] : [piece.shown]));

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
  ])("%s", (text, expected) => {
    expect(links(text)).toEqual(expected);
    expect(linkify(text).map((piece) => (typeof piece === "string" ? piece : piece.shown)).join("")).toBe(text);
  });

  test("lead to https, or to the page's own host", () => {
    expect(safeUrl("http://localhost:8080/pay/x", { host: "localhost:8080" })).toBe("http://localhost:8080/pay/x");
    expect(safeUrl("http://a.example/pay/x", { host: "localhost:8080" })).toBeNull();
    expect(safeUrl("javascript:alert(1)", { host: "localhost:8080" })).toBeNull();
  });
});

test("a code's digits are found in whatever was pasted", () => {
  expect(onlyDigits("123 456")).toBe("123456");
  expect(onlyDigits("Your code is 012345.")).toBe("012345");
  expect(onlyDigits("1234567")).toBe("123456");
  expect(onlyDigits("٠١٢٣٤٥")).toBe("012345");
  expect(onlyDigits("９８７６５４")).toBe("987654");
  expect(onlyDigits("abc")).toBe("");
});

test("days are told as people tell them", () => {
  const now = () => new Date(2026, 10, 23, 12, 0);
  const format = formatFor("en-GB", wordsFrom({ today: "Today", yesterday: "Yesterday" }), now);
  expect(format.day(new Date(2026, 10, 23, 8).toISOString())).toBe("Today");
  expect(format.day(new Date(2026, 10, 22, 23).toISOString())).toBe("Yesterday");
  expect(format.date("2026-12-03")).toBe("3 December");
  expect(format.date("2027-01-03")).toBe("3 January 2027");
  expect(format.past("2026-11-22")).toBe(true);
  expect(format.past("2026-11-23")).toBe(false);
  expect(dayOf(now())).toBe("2026-11-23");
});

test("a browser that blocks storage keeps the session for as long as the page lives", () => {
  const storage = browserStorage(() => {
    throw new DOMException("blocked", "SecurityError");
  });
  expect(storage.session()).toBeNull();
  storage.keep("token");
  expect(storage.session()).toBe("token");
});

test("a page keeps its session when another page's takes its place in the storage", () => {
  const storage = browserStorage();
  storage.keep("mine");
  localStorage.setItem("billchat.session", "another");
  expect(storage.session()).toBe("mine");
});

test("a page without configuration still makes a chat", () => {
  expect(readConfig(document.implementation.createHTMLDocument())).toMatchObject({ words: {}, parent_origins: [] });
  expect(readWishes("#colour=%23ffd400&greeting=Hi%20there")).toEqual({ colour: "#ffd400", greeting: "Hi there" });
});

describe("the panel's side of the bridge", () => {
  const embedded = () => {
    const posted: unknown[] = [];
    const parent = { postMessage: (data: unknown, to: string) => posted.push([data, to]) };
    let hear: (event: object) => void = () => undefined;
    const here = {
      parent,
      location: { origin: "https://chat.example" },
      addEventListener: (_: string, listener: (event: object) => void) => (hear = listener),
    };
    const shown: boolean[] = [];
    const bubble = bubbleOf(["https://shop.example"], (on) => shown.push(on), here as unknown as Window);
    return { posted, parent, shown, bubble, hear: (event: object) => hear(event) };
  };
  const hello = { billchat: 1, type: "hello" };

  test("speaks to nobody until an allowed page has spoken, then to that origin alone", () => {
    const { posted, parent, bubble, hear } = embedded();
    bubble.tell({ billchat: 1, type: "unread", count: 2 });
    hear({ source: parent, origin: "https://evil.example", data: hello });
    hear({ source: {}, origin: "https://shop.example", data: hello });
    expect(posted).toEqual([]);
    hear({ source: parent, origin: "https://shop.example", data: hello });
    expect(posted).toEqual([
      [{ billchat: 1, type: "ready" }, "https://shop.example"],
      [{ billchat: 1, type: "unread", count: 2 }, "https://shop.example"],
    ]);
  });

  test("hears only the words it knows", () => {
    const { parent, shown, hear } = embedded();
    for (const data of [{ type: "shown" }, "shown", null, { billchat: 1, type: "toString" }, { billchat: 1, type: "hidden" }]) {
      hear({ source: parent, origin: "https://shop.example", data });
    }
    expect(shown).toEqual([false]);
  });
});
