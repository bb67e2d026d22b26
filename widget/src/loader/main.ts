/**
 * The loader, which puts the bubble on the company's page: `<script src="https://HOST/widget.js" async></script>`.
 *
 * It fetches and connects nothing until the first click. Options on the script element: `data-position` (left | right),
 * `data-colour` (#rrggbb), `data-locale`, `data-greeting`. The API for the page's own scripts:
 *
 *     Billchat.open(); Billchat.close(); Billchat.on("paid", () => …);
 *
 * and before this file has loaded: `(window.Billchat = window.Billchat || []).push(["open"], ["on", "paid", () => …])`.
 */

import { createFullScreen } from "./full-screen";
import { createLauncher } from "./launcher";
import { createPanelFrame } from "./panel-frame";
import { wordsFor } from "./words";

type EventName = "ready" | "open" | "close" | "unread" | "paid";
type EventHandler = (value?: number) => void;
type QueuedCall = ["open"] | ["close"] | ["on", EventName, EventHandler];

/** The public API, `window.Billchat`. */
interface BillchatApi {
  open(): void;
  close(): void;
  on(event: EventName, handler: EventHandler): void;
  push(...calls: QueuedCall[]): void;
}

/** Puts the widget on the page, then makes the calls that the page queued while this file was loading. */
function startWidget(script: HTMLScriptElement, queuedCalls: QueuedCall[]): BillchatApi {
  const { position, colour, locale, greeting } = script.dataset;
  const language = locale || document.documentElement.lang || navigator.language;
  const words = wordsFor(language);

  const handlers: Partial<Record<EventName, EventHandler[]>> = {};
  const emit = (event: EventName, value?: number) => handlers[event]?.forEach((handler) => handler(value));

  const launcher = createLauncher({ words, position, colour, nonce: script.nonce });
  const fullScreen = createFullScreen(launcher.panelContainer);
  const panel = createPanelFrame({
    container: launcher.panelContainer,
    url: panelUrl(new URL(script.src).origin, language, { colour }),
    greeting,
    title: words.title,
    onReady: launcher.setReady,
    onMessage(message) {
      if (message.type === "close") api.close();
      else if (message.type === "paid") emit("paid");
      else if (message.type === "unread") setUnread(message.count);
    },
  });
  let isOpen = false;
  let unread = 0;

  const setUnread = (count: number) => {
    if (count === unread) return;
    unread = count;
    launcher.setUnread(count);
    emit("unread", count);
  };

  const api: BillchatApi = {
    open() {
      if (isOpen) return;
      isOpen = true;
      launcher.setOpen(true);
      fullScreen.enter();
      panel.show();
      emit("open");
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      launcher.setOpen(false);
      fullScreen.leave();
      panel.hide();
      launcher.button.focus({ preventScroll: true });
      emit("close");
    },
    on(event, handler) {
      (handlers[event] ??= []).push(handler);
      if (event === "ready") handler();
    },
    push(...calls) {
      for (const [name, ...rest] of calls) {
        const method = api[name] as ((...rest: unknown[]) => void) | undefined;
        method?.(...rest);
      }
    },
  };

  launcher.button.onclick = () => (isOpen ? api.close() : api.open());
  launcher.root.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key === "Escape") api.close();
  });
  document.documentElement.append(launcher.host);
  // A microtask later, so that `window.Billchat` is the API when the handlers run.
  queueMicrotask(() => api.push(...queuedCalls));
  return api;
}

/** The panel's address. The embedding page's options go into the fragment, which browsers do not send to the server. */
function panelUrl(origin: string, locale: string, options: Record<string, string | undefined>): URL {
  const url = new URL("/chat", origin);
  url.searchParams.set("locale", locale);
  const fragment = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) if (value) fragment.set(name, value);
  url.hash = fragment.toString();
  return url;
}

const page = window as unknown as { Billchat?: BillchatApi | QueuedCall[] };
const alreadyStarted = page.Billchat && !Array.isArray(page.Billchat);
if (!alreadyStarted) {
  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
  page.Billchat = startWidget(script as HTMLScriptElement, (page.Billchat as QueuedCall[] | undefined) ?? []);
}
