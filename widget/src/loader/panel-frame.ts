/** The iframe that holds the panel: loads it on first use, exchanges messages with it, and reloads it when it does not start. */

import { backoff } from "../kit/backoff";
import { isMessageToLoader, type MessageToLoader, type MessageToPanel } from "../kit/frame-messages";
import { createElement } from "./element";

/** Wait for `ready` after a load, before the iframe is loaded again. Doubles with each failed load, up to the maximum. */
const FIRST_RELOAD_MS = 10_000;
const MAX_RELOAD_MS = 5 * 60_000;

export interface PanelFrameOptions {
  /** Receives the iframe. */
  readonly container: HTMLElement;
  readonly url: URL;
  /** The page's own greeting. It is told and not put into the address, where anybody could put one. */
  readonly greeting: string | undefined;
  /** The iframe's accessible name. */
  readonly title: string;
  /** Called with false at each load and with true when the panel reports ready. */
  readonly onReady: (ready: boolean) => void;
  readonly onMessage: (message: MessageToLoader) => void;
}

export interface PanelFrame {
  /** Tells the panel that it is on screen and moves the focus into it. Loads it first, if it is missing or failed to start. */
  show(): void;
  /** Tells the panel that it is off screen. A failed panel is not loaded again until the next `show`. */
  hide(): void;
}

export function createPanelFrame({ container, url, greeting, title, onReady, onMessage }: PanelFrameOptions): PanelFrame {
  let iframe: HTMLIFrameElement | undefined;
  let shown = false;
  /** The page has loaded but has not reported ready: probably an error page. */
  let unready = false;
  let failedLoads = 0;
  let reloadTimer: ReturnType<typeof setTimeout> | undefined;

  const post = (message: MessageToPanel) => iframe?.contentWindow?.postMessage(message, url.origin);
  const postShown = () => post({ billchat: 1, type: shown ? "shown" : "hidden" });

  const load = () => {
    clearTimeout(reloadTimer);
    unready = false;
    iframe = createElement("iframe", { src: url.href, title, allow: "otp-credentials" });
    iframe.onload = onLoad;
    container.replaceChildren(iframe);
  };

  const onLoad = () => {
    unready = true;
    onReady(false);
    post({ billchat: 1, type: "hello", greeting });
    postShown();
    clearTimeout(reloadTimer);
    reloadTimer = setTimeout(() => shown && load(), backoff(failedLoads, FIRST_RELOAD_MS, MAX_RELOAD_MS));
    failedLoads += 1;
  };

  const onPanelReady = () => {
    clearTimeout(reloadTimer);
    unready = false;
    failedLoads = 0;
    onReady(true);
  };

  addEventListener("message", ({ source, origin, data }) => {
    const fromPanel = origin === url.origin && source !== null && source === iframe?.contentWindow;
    if (!fromPanel || !isMessageToLoader(data)) return;
    if (data.type === "ready") onPanelReady();
    else onMessage(data);
  });

  return {
    show() {
      shown = true;
      if (!iframe || unready) load();
      iframe!.focus();
      postShown();
    },
    hide() {
      shown = false;
      postShown();
    },
  };
}
