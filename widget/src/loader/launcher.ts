/** The bubble (the button that opens the chat, with its unread badge) and the container for the panel, in a shadow root. */

import { createElement, createIcon, setStyles } from "./element";
import { applyStyles } from "./styles";
import type { LoaderWords } from "./words";

const TALK_ICON = "M6 4.5h12a3 3 0 0 1 3 3V15a3 3 0 0 1-3 3h-6.5l-5 3.5V18H6a3 3 0 0 1-3-3V7.5a3 3 0 0 1 3-3z";
const FOLD_ICON = "m6 9.5 6 6 6-6";
const MAX_BADGE_COUNT = 99;

export interface LauncherOptions {
  readonly words: LoaderWords;
  readonly position: string | undefined;
  readonly colour: string | undefined;
  readonly nonce: string | undefined;
}

export interface Launcher {
  /** The custom element to add to the page. */
  readonly host: HTMLElement;
  readonly root: ShadowRoot;
  readonly button: HTMLButtonElement;
  readonly panelContainer: HTMLElement;
  setOpen(open: boolean): void;
  /** Whether the panel has started, so that its own close button works. */
  setReady(ready: boolean): void;
  setUnread(count: number): void;
}

export function createLauncher({ words, position, colour, nonce }: LauncherOptions): Launcher {
  const host = document.createElement("billchat-widget");
  // No size and above the page: the element takes neither room nor clicks.
  setStyles(host, { all: "initial", display: "block", position: "fixed", width: "0", height: "0", "z-index": "2147483000" });
  const root = host.attachShadow({ mode: "open" });
  const panelContainer = createElement("div", { class: "screen", hidden: "" });
  const badge = createElement("span", { class: "badge", hidden: "", "aria-hidden": "true" });
  const button = createElement("button", { type: "button", class: "bubble" });
  button.append(createIcon(TALK_ICON, "talk"), createIcon(FOLD_ICON, "fold"), badge);
  const frame = createElement("div", { class: position === "left" ? "left" : "" });
  frame.append(panelContainer, button);
  root.append(frame);
  applyStyles(root, host, colour, nonce);

  let isOpen = false;
  let unread = 0;

  const updateButton = () => {
    // While the panel is open it shows its own counts.
    const count = isOpen ? 0 : unread;
    const label = isOpen ? words.close : words.open;
    button.setAttribute("aria-label", count > 0 ? `${label}, ${words.unread}: ${count}` : label);
    button.setAttribute("aria-expanded", String(isOpen));
    badge.hidden = count === 0;
    badge.textContent = count > MAX_BADGE_COUNT ? `${MAX_BADGE_COUNT}+` : String(count);
  };
  updateButton();

  return {
    host,
    root,
    button,
    panelContainer,
    setOpen(open) {
      isOpen = open;
      panelContainer.hidden = !open;
      void panelContainer.offsetWidth; // Forces a layout: without it the opening transition does not run.
      frame.classList.toggle("open", open);
      updateButton();
    },
    setReady: (ready) => void frame.classList.toggle("ready", ready),
    setUnread(count) {
      unread = count;
      updateButton();
    },
  };
}
