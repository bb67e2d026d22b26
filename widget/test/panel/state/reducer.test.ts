import { describe, expect, test } from "vitest";
import type { Message } from "../../../src/kit/message";
import { totalUnread } from "../../../src/panel/state/conversation-list";
import { reducer } from "../../../src/panel/state/reducer";
import { replyOptions } from "../../../src/panel/state/reply-options";
import { initialState, type PanelState, type StateAction } from "../../../src/panel/state/state";
import { hasGap } from "../../../src/panel/state/thread";
import { message, summary, welcome } from "../fixtures";

const stateAfter = (...actions: StateAction[]): PanelState => actions.reduce(reducer, initialState({ name: "", colour: "" }));
const thread = (state: PanelState) => state.threads["c"]!;
const seqs = (state: PanelState) => thread(state).messages.map((each) => each.seq);

const welcomed: StateAction = { type: "welcomed", welcome: welcome({ conversations: [summary("c", { unread: 2 })] }) };
const selected: StateAction = { type: "thread_selected", key: "c" };
const historyLoaded = (...seqs: number[]): StateAction => ({
  type: "history_loaded",
  key: "c",
  holder: "bot",
  messages: seqs.map((seq) => message(seq)),
});
const received = (...messages: (number | Message)[]): StateAction => ({
  type: "messages_received",
  key: "c",
  messages: messages.map((each) => (typeof each === "number" ? message(each) : each)),
});
const queued: StateAction = {
  type: "message_queued",
  key: "c",
  message: { id: "s1", content: { text: "hello" }, displayText: "hello", state: "sending", refused: false },
};

describe("messages", () => {
  test("are ordered by seq, in whatever order they arrive", () => {
    expect(seqs(stateAfter(welcomed, selected, historyLoaded(1), received(3), received(2)))).toEqual([1, 2, 3]);
  });

  test("that arrive twice are stored and counted once", () => {
    const before = stateAfter(welcomed, selected, historyLoaded(1, 2));
    const after = reducer(before, received(1, 2));
    expect(seqs(after)).toEqual([1, 2]);
    expect(totalUnread(after)).toBe(totalUnread(before));
  });

  test("have a gap until the missing one arrives", () => {
    const gapped = stateAfter(welcomed, selected, historyLoaded(1, 2), received(4));
    expect(hasGap(thread(gapped))).toBe(true);
    expect(hasGap(thread(reducer(gapped, received(3))))).toBe(false);
  });

  test("have no gap where the complete history skips a seq", () => {
    expect(hasGap(thread(stateAfter(welcomed, selected, historyLoaded(1, 2, 5))))).toBe(false);
  });

  test("of the other side count as unread, the customer's own do not", () => {
    expect(totalUnread(stateAfter(welcomed, received(7, 8), received(message(9, { from: "customer" }))))).toBe(4);
  });

  test("are not unread after they were seen", () => {
    expect(totalUnread(stateAfter(welcomed, selected, historyLoaded(1, 2), { type: "messages_seen", key: "c", seq: 2 }))).toBe(0);
  });

  test("update their conversation's summary and move it to the top", () => {
    const conversations = [summary("b", { at: "2026-11-23T09:05:00.000Z" }), summary("c")];
    const state = stateAfter({ type: "welcomed", welcome: welcome({ conversations }) }, received(7));
    expect(state.conversations.map((each) => [each.id, each.preview])).toEqual([
      ["c", "Line 7"],
      ["b", "Line 1"],
    ]);
  });
});

describe("a pending message", () => {
  test("is shown at once, and replaced by the acknowledged one", () => {
    const before = stateAfter(welcomed, selected, historyLoaded(1), queued);
    expect(thread(before).pending[0]).toMatchObject({ displayText: "hello", state: "sending" });
    const stored = message(2, { from: "customer", text: "••••••" });
    const after = reducer(before, { type: "message_acknowledged", key: "c", id: "s1", messages: [stored, message(3)] });
    expect(thread(after).pending).toEqual([]);
    expect(thread(after).messages.map((each) => each.text)).toEqual(["Line 1", "••••••", "Line 3"]);
  });

  test("can fail, and keeps its id when it is retried", () => {
    const failed = stateAfter(welcomed, selected, queued, { type: "message_failed", key: "c", id: "s1", refused: false, notice: null });
    expect(thread(failed).pending[0]!.state).toBe("failed");
    const retried = reducer(failed, { type: "message_retried", key: "c", id: "s1", newId: "s1" });
    expect(thread(retried).pending[0]).toMatchObject({ id: "s1", state: "sending" });
  });
});

describe("reply options", () => {
  const choices = [{ id: "yes", label: "Yes" }];

  test("disappear while an answer is sent, and after it", () => {
    const asked = stateAfter(welcomed, selected, received(message(1, { choices, expects: "identifier" })));
    expect(replyOptions(thread(asked))).toMatchObject({ choices, expects: "identifier" });
    expect(replyOptions(thread(reducer(asked, queued))).choices).toEqual([]);
    const answered = reducer(asked, received(message(2, { from: "customer" })));
    expect(replyOptions(thread(answered))).toMatchObject({ choices: [], expects: null });
  });

  test("stay when another message follows without an answer", () => {
    const state = stateAfter(welcomed, selected, received(message(1, { choices }), message(2, { from: "system" })));
    expect(replyOptions(thread(state)).choices).toEqual(choices);
  });

  test("emphasize the first choice after a balance, until there is a payment link", () => {
    const balance = message(1, { card: { kind: "balance" }, choices });
    const link = message(2, { card: { kind: "payment_link" } });
    expect(replyOptions(thread(stateAfter(welcomed, received(balance)))).emphasizeFirst).toBe(true);
    expect(replyOptions(thread(stateAfter(welcomed, received(balance, link)))).emphasizeFirst).toBe(false);
  });
});

test("a started conversation replaces the thread of its request", () => {
  const state = stateAfter(
    welcomed,
    { type: "start_requested", key: "r", title: "Pay my bill", menuAction: "pay_bill" },
    { type: "start_succeeded", key: "r", conversation: "new", messages: [message(1)] },
  );
  expect(state.currentKey).toBe("new");
  expect(state.threads["r"]).toBeUndefined();
  expect(state.threads["new"]).toMatchObject({ title: "Pay my bill", contiguousSeq: 1, historyLoaded: true });
  expect(state.conversations.map((each) => each.id)).toContain("new");
});

test("the reducer never mutates the state", () => {
  const before = stateAfter(welcomed, selected, historyLoaded(1, 2), queued);
  const copy = structuredClone(before);
  reducer(before, received(3));
  reducer(before, { type: "message_acknowledged", key: "c", id: "s1", messages: [message(3)] });
  reducer(before, { type: "disconnected" });
  expect(before).toEqual(copy);
});
