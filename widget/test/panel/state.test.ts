import { describe, expect, test } from "vitest";
import { offer } from "../../src/panel/offer";
import { hasGap, initial, reduce, unread, type Change, type State } from "../../src/panel/state";
import { message, summary, welcome } from "./parts";

const after = (...changes: Change[]): State =>
  changes.reduce(reduce, initial({ name: "", colour: "" }));
const greeted: Change = { type: "welcome", welcome: welcome({ conversations: [summary("c", { unread: 2 })] }) };
const show: Change = { type: "show", key: "c" };
const opened = (...seqs: number[]): Change => ({ type: "opened", key: "c", with: "bot", messages: seqs.map((seq) => message(seq)) });
const arrived = (...seqs: number[]): Change => ({ type: "arrived", key: "c", messages: seqs.map((seq) => message(seq)) });
const sending: Change = {
  type: "send",
  key: "c",
  send: { id: "s1", text: "hello", shown: "hello", at: "2026-11-23T09:30:00.000Z", state: "sending", refused: false },
};
const seqs = (state: State) => state.threads["c"]!.messages.map((each) => each.seq);

describe("messages", () => {
  test("stand in the order of their numbers, whatever order they came in", () => {
    expect(seqs(after(greeted, show, opened(1), arrived(3), arrived(2)))).toEqual([1, 2, 3]);
  });

  test("that are here already are ignored", () => {
    const before = after(greeted, show, opened(1, 2));
    const again = reduce(before, arrived(1, 2));
    expect(seqs(again)).toEqual([1, 2]);
    expect(unread(again)).toBe(unread(before));
  });

  test("with one missing between are a gap until it comes", () => {
    const gapped = after(greeted, show, opened(1, 2), arrived(4));
    expect(hasGap(gapped.threads["c"]!)).toBe(true);
    expect(hasGap(reduce(gapped, arrived(3)).threads["c"]!)).toBe(false);
  });

  test("that the service does not have are no gap once it has told everything", () => {
    expect(hasGap(after(greeted, show, opened(1, 2, 5)).threads["c"]!)).toBe(false);
  });

  test("of a conversation that is not open count as unread, the customer's own do not", () => {
    const own: Change = { type: "arrived", key: "c", messages: [message(9, { from: "customer" })] };
    expect(unread(after(greeted, arrived(7, 8), own))).toBe(4);
  });

  test("that were seen are unread no more", () => {
    expect(unread(after(greeted, show, opened(1, 2), { type: "seen", key: "c", seq: 2 }))).toBe(0);
  });

  test("renew the row on the home view and bring it to the top", () => {
    const two = welcome({ conversations: [summary("b", { at: "2026-11-23T09:05:00.000Z" }), summary("c")] });
    const state = after({ type: "welcome", welcome: two }, arrived(7));
    expect(state.conversations.map((row) => [row.id, row.preview])).toEqual([
      ["c", "Line 7"],
      ["b", "Line 1"],
    ]);
  });
});

describe("what the customer says", () => {
  test("stands there at once and is replaced by what the service kept of it", () => {
    const said = after(greeted, show, opened(1), sending);
    expect(said.threads["c"]!.sends[0]).toMatchObject({ shown: "hello", state: "sending" });
    const kept = message(2, { from: "customer", text: "••••••" });
    const answered = reduce(said, { type: "answered", key: "c", id: "s1", messages: [kept, message(3)] });
    expect(answered.threads["c"]!.sends).toEqual([]);
    expect(answered.threads["c"]!.messages.map((each) => each.text)).toEqual(["Line 1", "••••••", "Line 3"]);
  });

  test("that failed says so, and is on its way again under the same id when tried again", () => {
    const failed = after(greeted, show, opened(1), sending, { type: "unsent", key: "c", id: "s1", refused: false, notice: null });
    expect(failed.threads["c"]!.sends[0]!.state).toBe("failed");
    const again = reduce(failed, { type: "resend", key: "c", id: "s1", as: "s1" });
    expect(again.threads["c"]!.sends[0]).toMatchObject({ id: "s1", state: "sending" });
  });

  test("takes the choices away", () => {
    const choices = [{ id: "yes", label: "Yes" }];
    const offered = after(greeted, show, { type: "arrived", key: "c", messages: [message(1, { choices, expects: "identifier" })] });
    expect(offer(offered.threads["c"]!)).toMatchObject({ choices, expects: "identifier" });
    expect(offer(reduce(offered, sending).threads["c"]!).choices).toEqual([]);
    const own = message(2, { from: "customer" });
    const answered = reduce(offered, { type: "arrived", key: "c", messages: [own] });
    expect(offer(answered.threads["c"]!)).toMatchObject({ choices: [], expects: null });
  });
});

test("choices stay when the company says something more", () => {
  const choices = [{ id: "yes", label: "Yes" }];
  const state = after(greeted, show, { type: "arrived", key: "c", messages: [message(1, { choices }), message(2, { from: "system" })] });
  expect(offer(state.threads["c"]!).choices).toEqual(choices);
});

test("the first choice leads after a balance, and not when there is a link to pay with", () => {
  const balance = message(1, { card: { kind: "balance" }, choices: [{ id: "pay", label: "Pay" }] });
  const link = message(2, { card: { kind: "payment_link" } });
  expect(offer(after(greeted, { type: "arrived", key: "c", messages: [balance] }).threads["c"]!).lead).toBe(true);
  expect(offer(after(greeted, { type: "arrived", key: "c", messages: [balance, link] }).threads["c"]!).lead).toBe(false);
});

test("a conversation that has begun takes the place of the request for it", () => {
  const state = after(greeted, { type: "start", key: "r", title: "Pay my bill", action: "pay_bill" }, {
    type: "started",
    key: "r",
    conversation: "new",
    messages: [message(1)],
  });
  expect(state.current).toBe("new");
  expect(state.threads["r"]).toBeUndefined();
  expect(state.threads["new"]).toMatchObject({ title: "Pay my bill", complete: 1, loaded: true });
  expect(state.conversations.map((row) => row.id)).toContain("new");
});

test("nothing changes in place", () => {
  const before = after(greeted, show, opened(1, 2), sending);
  const copy = structuredClone(before);
  reduce(before, arrived(3));
  reduce(before, { type: "answered", key: "c", id: "s1", messages: [message(3)] });
  reduce(before, { type: "link", link: "lost" });
  expect(before).toEqual(copy);
});
