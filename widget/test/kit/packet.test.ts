import { expect, test } from "vitest";
import { decodePacket, encodePacket, PacketType } from "../../src/kit/packet";

test("a packet has a type, a namespace, perhaps an id, and JSON", () => {
  expect(encodePacket(PacketType.connect, "/chat", { session: null })).toBe('0/chat,{"session":null}');
  expect(encodePacket(PacketType.event, "/chat", ["say", {}], "12")).toBe('2/chat,12["say",{}]');
});

test("packets of the namespace are decoded, others are not", () => {
  expect(decodePacket('3/chat,12[{"ok":true}]', "/chat")).toEqual({ type: "3", id: "12", body: '[{"ok":true}]' });
  expect(decodePacket("1/chat,", "/chat")).toEqual({ type: "1", id: "", body: "" });
  for (const packet of ['3/agent,12[{"ok":true}]', '2["say"]', "5/chat,[]", ""]) expect(decodePacket(packet, "/chat")).toBeNull();
});
