import { describe, expect, test } from "vitest";
import type { Message, PaymentUpdate } from "../../../src/kit/message";
import { linkStatus } from "../../../src/panel/state/link-status";
import { message } from "../fixtures";

const amount = { amount_minor: 2000, currency: "GBP", formatted: "£20.00" };
const link = (seq: number, id?: string): Message =>
  message(seq, { card: { kind: "payment_link", link: id, url: "https://pay.example/", expires_at: "", ...amount } });
const receipt = (seq: number, id?: string): Message =>
  message(seq, { card: { kind: "receipt", link: id, reference: "R-1", paid_at: "", ...amount } });
const update = (seq: number, id: string, status: PaymentUpdate["status"]): Message =>
  message(seq, { card: { kind: "payment_update", link: id, status } });

describe("a payment link", () => {
  test("is paid by its own receipt, not by one for the same amount", () => {
    const messages = [link(1, "a"), link(2, "b"), receipt(3, "b")];
    expect([linkStatus(messages, "a"), linkStatus(messages, "b")]).toEqual(["open", "paid"]);
  });

  test("offers no payment while one is being confirmed", () => {
    const messages = [link(1, "a"), link(2, "b"), update(3, "a", "pending")];
    expect([linkStatus(messages, "a"), linkStatus(messages, "b")]).toEqual(["confirming", "open"]);
  });

  test.each([
    ["failed", "open"],
    ["abandoned", "open"],
    ["reversed", "returned"],
  ] as const)("follows its newest update: %s", (status, expected) => {
    expect(linkStatus([link(1, "a"), update(2, "a", "pending"), update(3, "a", status)], "a")).toBe(expected);
  });

  test("is paid again when its money arrives after all", () => {
    expect(linkStatus([link(1, "a"), receipt(2, "a"), update(3, "a", "reversed"), receipt(4, "a")], "a")).toBe("paid");
  });

  test("without an id is told by no other card", () => {
    expect(linkStatus([link(1), receipt(2)], undefined)).toBe("open");
  });

  test("keeps its status after an update of a kind unknown here", () => {
    const unknown = message(3, { card: { kind: "payment_update", link: "a", status: "later" } as unknown as PaymentUpdate });
    expect(linkStatus([link(1, "a"), update(2, "a", "pending"), unknown], "a")).toBe("confirming");
  });
});
