import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { button, iframe, includeLoader, receive, shadowRoot, useTestPage } from "./fixtures";

useTestPage();
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;
const finishLoading = () => iframe()!.dispatchEvent(new Event("load"));
const reportReady = () => receive({ billchat: 1, type: "ready" });

/** Expects the open panel to be loaded again after exactly `wait` milliseconds. The new page then loads, too. */
function expectReloadAfter(wait: number): void {
  const before = iframe();
  vi.advanceTimersByTime(wait - 1);
  expect(iframe(), `reloaded before ${wait} ms`).toBe(before);
  vi.advanceTimersByTime(1);
  expect(iframe(), `not reloaded after ${wait} ms`).not.toBe(before);
  finishLoading();
}

describe("a page that loads without reporting ready", () => {
  beforeEach(async () => {
    await includeLoader();
    button().click();
    finishLoading();
  });

  test("is loaded again while the panel is open, and the bubble stays to close it", () => {
    vi.advanceTimersByTime(10_000);
    expect(shadowRoot().querySelectorAll("iframe")).toHaveLength(1);
    expect(shadowRoot().querySelector(".ready")).toBeNull();
  });

  test("is loaded again after waits that double up to five minutes", () => {
    for (const seconds of [10, 20, 40, 80, 160, 300, 300]) expectReloadAfter(seconds * 1000);
  });

  test("is not loaded again while the panel is closed", () => {
    const first = iframe();
    button().click();
    vi.advanceTimersByTime(10 * MINUTE);
    expect(iframe()).toBe(first);
  });

  test("is loaded again at once when the panel is opened, however long the wait has grown", () => {
    for (const seconds of [10, 20, 40]) expectReloadAfter(seconds * 1000);
    const failed = iframe();
    button().click();
    expect(iframe()).toBe(failed);
    button().click();
    expect(iframe()).not.toBe(failed);
  });

  test("is loaded once at a time: opening the panel cancels the wait that was running", () => {
    button().click();
    button().click();
    const second = iframe();
    vi.advanceTimersByTime(10 * MINUTE);
    expect(iframe()).toBe(second);
  });

  test("waits ten seconds again if it fails after it was ready", () => {
    for (const seconds of [10, 20, 40]) expectReloadAfter(seconds * 1000);
    reportReady();
    finishLoading();
    expect(shadowRoot().querySelector(".ready")).toBeNull();
    expectReloadAfter(10_000);
  });
});

test("a page that still loads when the panel is opened again is left to finish", async () => {
  await includeLoader();
  button().click();
  const loading = iframe();
  button().click();
  button().click();
  expect(iframe()).toBe(loading);
});

test("a page that reports ready stays", async () => {
  await includeLoader();
  button().click();
  const first = iframe();
  finishLoading();
  reportReady();
  button().click();
  button().click();
  vi.advanceTimersByTime(10 * MINUTE);
  expect(iframe()).toBe(first);
  expect(shadowRoot().querySelector(".open.ready")).not.toBeNull();
});
