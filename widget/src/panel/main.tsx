/** Entry point: creates the panel's parts, connects them, and renders the views. */

import { render } from "preact";
import { applyAccent } from "../kit/colour";
import { createDateFormat } from "../kit/format";
import { createSocket } from "../kit/socket";
import { createStore } from "../kit/store";
import { createTokenStorage } from "../kit/token-storage";
import { newUuid } from "../kit/uuid";
import { createWords } from "../kit/words";
import { ChatClient } from "./client/chat-client";
import { readConfig, readEmbedOptions } from "./config";
import { connectParentWindow } from "./parent-window";
import { NAMESPACE, SERVER_EVENTS, type ServerEvents } from "./protocol";
import { reducer } from "./state/reducer";
import { initialState } from "./state/state";
import { reportUnread } from "./unread-reporter";
import { App } from "./view/App";
import { trackVisibility } from "./visibility";

const config = readConfig();
const embedOptions = readEmbedOptions();
const words = createWords(config.words);
const tokens = createTokenStorage();
const store = createStore(reducer, initialState(config.brand));
const visibility = trackVisibility();
const parent = connectParentWindow(config.parent_origins, {
  onOpenChange: (open) => visibility.setOpen(open),
  onGreeting: (greeting) => store.dispatch({ type: "greeted", greeting }),
});
const socket = createSocket<ServerEvents>({
  namespace: NAMESPACE,
  events: SERVER_EVENTS,
  auth: () => ({ session: tokens.load(), locale: config.locale }),
});
const chat = new ChatClient({
  store,
  socket,
  tokens,
  newId: newUuid,
  onNewMessages(_, messages) {
    if (messages.some((message) => message.card?.kind === "receipt")) parent.post({ billchat: 1, type: "paid" });
  },
});
const close = parent.embedded ? () => parent.post({ billchat: 1, type: "close" }) : null;

reportUnread(store, parent);

applyAccent(config.brand.colour);
if (embedOptions.colour) applyAccent(embedOptions.colour);

const onWake = () => {
  if (document.visibilityState === "visible") chat.checkConnection();
};
document.addEventListener("visibilitychange", onWake);
addEventListener("online", onWake);
addEventListener("pageshow", (event) => {
  if (event.persisted) onWake(); // from the back/forward cache
});

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) close?.();
});

render(
  <App
    store={store}
    visibility={visibility}
    chat={chat}
    words={words}
    format={createDateFormat(config.formats, words)}
    close={close}
  />,
  document.getElementById("app")!,
);
socket.reconnect();
