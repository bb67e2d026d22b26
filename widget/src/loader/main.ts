/**
 * The bubble on the company's page: `<script src="https://HOST/widget.js" async></script>`.
 *
 * Nothing is fetched or connected until the first click. Options on the script element: `data-position` (left | right),
 * `data-colour` (#rrggbb), `data-locale`, `data-greeting`. From the page's own scripts:
 *
 *     Billchat.open(); Billchat.close(); Billchat.on("paid", () => …);
 *
 * and before this file has loaded: `(window.Billchat = window.Billchat || []).push(["open"], ["on", "paid", () => …])`.
 */

import { attributed, element, style } from "./element";
import { dress } from "./dress";
import { isToLoader, type ToPanel } from "../kit/bridge";
import { wordsFor } from "./words";
import { phoneScreen } from "./phone";

type EventName = "ready" | "open" | "close" | "unread" | "paid";
type Listener = (value?: number) => void;
type Call = ["open"] | ["close"] | ["on", EventName, Listener];

interface Api {
  open(): void;
  close(): void;
  on(event: EventName, listener: Listener): void;
  push(...calls: Call[]): void;
}

function start(script: HTMLScriptElement, earlier: Call[]): Api {
  const { origin } = new URL(script.src);
  const { position, colour, locale, greeting } = script.dataset;
  const language = locale || document.documentElement.lang || navigator.language;
  const words = wordsFor(language);
  const listeners: Partial<Record<EventName, Listener[]>> = {};
  const tell = (event: EventName, value?: number) => listeners[event]?.forEach((listener) => listener(value));

  const host = document.createElement("billchat-widget");
  style(host, { all: "initial", display: "block", position: "fixed", width: "0", height: "0", "z-index": "2147483000" });
  const root = host.attachShadow({ mode: "open" });
  const screen = element("div", { class: "screen", hidden: "" });
  const badge = element("span", { class: "badge", hidden: "", "aria-hidden": "true" });
  const button = element("button", { type: "button", class: "bubble", "aria-expanded": "false" });
  button.append(
    drawing("M6 4.5h12a3 3 0 0 1 3 3V15a3 3 0 0 1-3 3h-6.5l-5 3.5V18H6a3 3 0 0 1-3-3V7.5a3 3 0 0 1 3-3z", "talk"),
    drawing("m6 9.5 6 6 6-6", "fold"),
    badge,
  );
  const frame = element("div", { class: position === "left" ? position : "" });
  frame.append(screen, button);
  root.append(frame);
  dress(root, host, colour, script.nonce);

  const phone = phoneScreen(screen);
  let iframe: HTMLIFrameElement | undefined;
  let isOpen = false;
  let unread = 0;

  const post = (type: ToPanel["type"]) =>
    iframe?.contentWindow?.postMessage({ billchat: 1, type } satisfies ToPanel, origin);

  const label = () => {
    const count = isOpen ? 0 : unread;
    button.setAttribute("aria-label", (isOpen ? words.close : words.open) + (count ? `, ${words.unread}: ${count}` : ""));
    badge.hidden = !count;
    badge.textContent = count > 99 ? "99+" : `${count}`;
  };

  const load = () => {
    const address = new URL("/chat", origin);
    address.searchParams.set("locale", language);
    address.hash = new URLSearchParams({ ...(colour && { colour }), ...(greeting && { greeting }) }).toString();
    iframe = element("iframe", { src: address.href, title: words.title, allow: "otp-credentials" });
    iframe.onload = () => {
      post("hello");
      post(isOpen ? "shown" : "hidden");
      setTimeout(mend, 1e4);
    };
    screen.replaceChildren(iframe);
  };

  // What has loaded and does not say that it is ready is an error's page: another try now, or at the next click.
  const mend = () => {
    if (frame.matches(".ready")) return;
    if (isOpen) load();
    else iframe = undefined;
  };

  const api: Api = {
    open() {
      if (isOpen) return;
      isOpen = true;
      if (!iframe) load();
      screen.hidden = false;
      void screen.offsetWidth; // The fade begins from the hidden state.
      frame.classList.add("open");
      button.setAttribute("aria-expanded", "true");
      label();
      phone.take();
      iframe!.focus();
      post("shown");
      tell("open");
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      frame.classList.remove("open");
      button.setAttribute("aria-expanded", "false");
      label();
      phone.release();
      screen.hidden = true;
      post("hidden");
      button.focus({ preventScroll: true });
      tell("close");
    },
    on(event, listener) {
      (listeners[event] ||= []).push(listener);
      if (event === "ready") listener();
    },
    push: (...calls) =>
      calls.forEach(([name, ...rest]) => (api[name] as ((...rest: unknown[]) => void) | undefined)?.(...rest)),
  };

  button.onclick = () => (isOpen ? api.close() : api.open());
  root.addEventListener("keydown", (event) => (event as KeyboardEvent).key === "Escape" && api.close());
  addEventListener("message", ({ source, origin: from, data }) => {
    if (from !== origin || !source || source !== iframe?.contentWindow || !isToLoader(data)) return;
    if (data.type === "ready") frame.classList.add("ready"); // It can be closed from within, so the bubble may go.
    else if (data.type === "close") api.close();
    else if (data.type === "paid") tell("paid");
    else if (data.type === "unread" && data.count !== unread) {
      unread = data.count;
      label();
      tell("unread", unread);
    }
  });

  label();
  document.documentElement.append(host);
  queueMicrotask(() => api.push(...earlier));
  return api;
}

/** A stroke drawing of 24 × 24, made node by node so that no content policy minds. */
function drawing(path: string, name: string): Element {
  const make = (tag: string) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = attributed(make("svg"), { viewBox: "0 0 24 24", class: name, "aria-hidden": "true" });
  svg.append(attributed(make("path"), { d: path }));
  return svg;
}

const page = window as unknown as { Billchat?: Api | Call[] };
if (!page.Billchat || Array.isArray(page.Billchat)) {
  const script = (document.currentScript ?? document.querySelector('script[src*="/widget.js"]')) as HTMLScriptElement;
  page.Billchat = start(script, page.Billchat ?? []);
}
