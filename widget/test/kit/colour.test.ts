import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applyAccent, deriveShades } from "../../src/kit/colour";
import { contrast, parseColour } from "../../src/kit/rgb";

const css = readFileSync(join(__dirname, "../../src/style/tokens.css"), "utf8");
/** The values of a custom property, in the light and in the dark theme. */
const property = (name: string) => [...css.matchAll(new RegExp(`--${name}: (#[0-9a-f]{6})`, "g"))].map((match) => match[1]!);
const themes = [
  ["light", property("surface")[0]!, property("sunken")[0]!],
  ["dark", property("surface")[1]!, property("sunken")[1]!],
] as const;
const colours = ["#000000", "#ffffff", "#ffd400", "#0b6e63", "#1d5fd0", "#ff0000", "#00ff00", "#7f7f7f", "#abc", "#161a21", "#fdfdfe"];
const scattered = Array.from({ length: 200 }, (_, index) => `#${((index * 83_492_791) % 0xffffff).toString(16).padStart(6, "0")}`);

describe("the accent colour", () => {
  test.each(themes)("has enough contrast everywhere in the %s theme, for any company's colour", (theme, surface, sunken) => {
    for (const colour of [...colours, ...scattered]) {
      const shades = deriveShades(colour)![theme];
      const ratio = (one: string, other: string) => contrast(parseColour(one)!, parseColour(other)!);
      expect.soft(ratio(shades.on, shades.accent), `${colour} on`).toBeGreaterThanOrEqual(4.5);
      expect.soft(ratio(shades.on, shades.hover), `${colour} hover`).toBeGreaterThanOrEqual(4.5);
      for (const background of [surface, sunken, shades.soft]) {
        expect.soft(ratio(shades.text, background), `${colour} text on ${background}`).toBeGreaterThanOrEqual(4.5);
      }
      for (const background of [surface, sunken]) {
        expect.soft(ratio(shades.edge, background), `${colour} edge on ${background}`).toBeGreaterThanOrEqual(3);
      }
    }
  });

  test("is unchanged where it has enough contrast", () => {
    expect(deriveShades("#0b6e63")!.light.accent).toBe("#0b6e63");
  });

  test("is ignored if it is not a colour", () => {
    expect(deriveShades("red; background: url(x)")).toBeNull();
    const root = document.createElement("div");
    applyAccent("", root);
    expect(root.getAttribute("style") ?? "").toBe("");
    applyAccent("#0b6e63", root);
    expect(root.style.getPropertyValue("--light-accent")).toBe("#0b6e63");
  });

  test("has defaults in the stylesheet that equal the derived shades", () => {
    const shades = deriveShades("#1d5fd0")!;
    for (const theme of ["light", "dark"] as const) {
      for (const [name, value] of Object.entries(shades[theme])) {
        expect(css).toContain(`var(--${theme}-${name}, ${value})`);
      }
    }
  });
});
