import { expect, test } from "vitest";
import { readConfig, readEmbedOptions } from "../../src/panel/config";

test("a page without settings gets defaults", () => {
  expect(readConfig(document.implementation.createHTMLDocument())).toMatchObject({ words: {}, parent_origins: [] });
});

test("the fragment holds the embedding page's options", () => {
  expect(readEmbedOptions("#colour=%23ffd400&greeting=Hi%20there")).toEqual({ colour: "#ffd400", greeting: "Hi there" });
});
