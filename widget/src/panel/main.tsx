/** Puts the panel together: configuration, connection, bubble, and the views. */

import { render } from "preact";
import { attention } from "./attention";
import { bubbleOf } from "./bubble";
import { paint } from "../kit/colour";
import { readConfig, readWishes } from "./config";
import { Connection } from "./connection";
import { formatFor } from "../kit/format";
import { socketWire } from "../kit/socket";
import { initial, unread } from "./state";
import { browserStorage } from "../kit/storage";
import { storeOf } from "../kit/store";
import { App } from "./view/App";
import { wordsFrom } from "../kit/words";

const config = readConfig();
const wishes = readWishes();
const words = wordsFrom(config.words);
const storage = browserStorage();
const store = storeOf(initial(config.brand));
const seen = attention();
const bubble = bubbleOf(config.parent_origins, (shown) => seen.panel(shown));
const wire = socketWire(() => ({ session: storage.session(), locale: config.locale }));

const chat = new Connection({
  store,
  wire,
  storage,
  newId,
  now: () => new Date(),
  onNew: (_, messages) => {
    if (messages.some((message) => message.card?.kind === "receipt")) bubble.tell({ billchat: 1, type: "paid" });
  },
});

/** A version-4 UUID, made by hand because `crypto.randomUUID` is missing on pages without https. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// What is read as it arrives is never told as unread.
let told = 0;
let telling: ReturnType<typeof setTimeout>;
store.subscribe(() => {
  clearTimeout(telling);
  telling = setTimeout(() => {
    const count = unread(store.state);
    if (count !== told) bubble.tell({ billchat: 1, type: "unread", count });
    told = count;
  }, 150);
});

// A wish that is no colour changes nothing.
paint(config.brand.colour);
paint(wishes.colour ?? "");
const wake = () => document.visibilityState === "visible" && chat.wake();
document.addEventListener("visibilitychange", wake);
addEventListener("pageshow", (event) => event.persisted && wake());
addEventListener("online", wake);

const close = bubble.embedded ? () => bubble.tell({ billchat: 1, type: "close" }) : null;
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) close?.();
});

render(
  <App
    store={store}
    attention={seen}
    chat={chat}
    words={words}
    format={formatFor(config.formats, words)}
    greeting={wishes.greeting ?? words("greeting")}
    close={close}
  />,
  document.getElementById("app")!,
);
wire.renew();
