import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWords } from "../../src/kit/words";

const SOURCES = join(__dirname, "../../src");
const LOCALES = join(__dirname, "../../../flows/locales");

test("values are filled in, and a placeholder without a value stays", () => {
  const words = createWords({ due: "Due {date}", says: "{ $name }: {text}" });
  expect(words("due", { date: "3 December" })).toBe("Due 3 December");
  expect(words("says", { name: "Ana", text: "{name} {$&}" })).toBe("Ana: {name} {$&}");
  expect(words("due")).toBe("Due {date}");
});

test("a missing text is replaced by its key", () => {
  expect(createWords({})("greeting")).toBe("greeting");
});

const sourceFiles = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sourceFiles(path) : [readFileSync(path, "utf8")];
  });
const usedKeys = new Set(
  sourceFiles(SOURCES).flatMap((source) => [...source.matchAll(/words\(\s*"([\w-]+)"/g)].map((match) => match[1]!)),
);

test.each(["en", "es"])("the locale %s has every text that the panel uses, with simple placeholders only", (locale) => {
  const fluent = readFileSync(join(LOCALES, `${locale}.ftl`), "utf8");
  const entries = [...fluent.matchAll(/^widget-([\w-]+) =((?: .+|\n {4}.+)+)$/gm)];
  const texts = new Map(entries.map((match) => [match[1]!, match[2]!]));
  expect(usedKeys.size).toBeGreaterThan(20);
  expect([...usedKeys].filter((key) => !texts.has(key))).toEqual([]);
  for (const text of texts.values()) expect(text.replace(/\{ \$\w+ \}/g, "")).not.toMatch(/[{}]/);
});
