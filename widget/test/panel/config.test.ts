import { expect, test } from "vitest";
import { readConfig, readEmbedOptions } from "../../src/panel/config";

test("a page without settings gets defaults", () => {
  expect(readConfig(document.implementation.createHTMLDocument())).toMatchObject({ words: {}, parent_origins: [] });
});

test("the fragment holds a colour and no text, since anybody can write one into a link", () => {
  expect(readEmbedOptions("#colour=%23ffd400&greeting=Call%20this%20number")).toEqual({ colour: "#ffd400" });
});
