/** Includes the loader in the test page, and acts as the visitor and as the panel inside the iframe. */

import { afterEach, beforeEach, vi } from "vitest";

export const ORIGIN = "https://chat.example";

interface BillchatApi {
  open(): void;
  close(): void;
  on(event: string, handler: (value?: number) => void): void;
  push(...calls: unknown[][]): void;
}

export const page = window as unknown as { Billchat?: BillchatApi | unknown[] };
export const api = () => page.Billchat as BillchatApi;

/** Runs the loader as if the page had a script element with these attributes. */
export async function includeLoader(attributes: Record<string, string> = {}): Promise<void> {
  document.querySelectorAll("script").forEach((script) => script.remove());
  const script = document.createElement("script");
  script.type = "text/plain"; // The loader reads only the attributes; nothing is fetched.
  script.setAttribute("src", `${ORIGIN}/widget.js`);
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value);
  document.head.append(script);
  vi.resetModules();
  await import("../../src/loader/main");
  await Promise.resolve();
}

export const shadowRoot = () => document.querySelector("billchat-widget")!.shadowRoot!;
export const button = () => shadowRoot().querySelector("button")!;
export const badge = () => shadowRoot().querySelector<HTMLElement>(".badge")!;
export const iframe = () => shadowRoot().querySelector("iframe");

/** Delivers a postMessage event, from the panel unless `from` says otherwise. */
export const receive = (data: unknown, from: { origin?: string; source?: unknown } = {}) =>
  window.dispatchEvent(
    Object.assign(new Event("message"), { data, origin: ORIGIN, source: iframe()?.contentWindow, ...from }),
  );

/** Sets up and cleans up the page around each test. The iframe loads nothing and has a window of its own. */
export function useTestPage(): void {
  beforeEach(() => {
    vi.stubGlobal("scrollTo", () => undefined);
    vi.spyOn(HTMLIFrameElement.prototype, "focus").mockImplementation(() => undefined);
    const panelWindow = { postMessage: () => undefined };
    vi.spyOn(HTMLIFrameElement.prototype, "contentWindow", "get").mockReturnValue(panelWindow as unknown as Window);
  });
  afterEach(() => {
    delete page.Billchat;
    document.querySelectorAll("billchat-widget").forEach((each) => each.remove());
  });
}
