/** The chat, as the views use it: sends the customer's actions to the server, and puts the server's events into the store. */

import type { Choice } from "../../kit/message";
import { syncClock } from "../../kit/clock";
import type { SocketClient } from "../../kit/socket";
import type { TokenStorage } from "../../kit/token-storage";
import { CODE_LENGTH, type ServerEvents, type Welcome } from "../protocol";
import { findSummary } from "../state/conversation-list";
import type { PanelState, PanelStore } from "../state/state";
import { MessageHistory, type NewMessagesHandler } from "./history";
import { Requests } from "./requests";
import { SendQueue } from "./send-queue";
import { ConversationStarter } from "./conversation-starter";
import { TypingSigns } from "./typing-signs";

export interface ChatClientOptions {
  readonly store: PanelStore;
  readonly socket: SocketClient<ServerEvents>;
  readonly tokens: TokenStorage;
  /** Makes the id of a request: unique, and hard to guess. */
  readonly newId: () => string;
  readonly onNewMessages?: NewMessagesHandler;
}

/** In every method, `key` is a thread's key. */
export class ChatClient {
  readonly #store: PanelStore;
  readonly #socket: SocketClient<ServerEvents>;
  readonly #tokens: TokenStorage;
  readonly #requests: Requests;
  readonly #history: MessageHistory;
  readonly #starter: ConversationStarter;
  readonly #queue: SendQueue;
  readonly #typing: TypingSigns;

  constructor({ store, socket, tokens, newId, onNewMessages = () => undefined }: ChatClientOptions) {
    this.#store = store;
    this.#socket = socket;
    this.#tokens = tokens;
    this.#requests = new Requests(socket, store);
    this.#history = new MessageHistory(store, this.#requests, onNewMessages);
    this.#starter = new ConversationStarter(store, this.#requests, this.#history, newId);
    this.#queue = new SendQueue(store, this.#requests, this.#history, tokens, newId);
    this.#typing = new TypingSigns(store, socket);
    tokens.onReplaced(() => socket.reconnect());
    socket.setHandlers({
      onConnect: () => this.#requests.forgetInFlight(),
      onDisconnect: () => this.#onDisconnect(),
      onEvent: (event, payload) => this.#onEvent[event](payload),
    });
  }

  /** Starts a conversation, with an entry of the menu or without. */
  start(title: string, menuAction?: string): void {
    this.#starter.start(title, menuAction);
  }

  /** Tries again to start a conversation. */
  retryStart(key: string): void {
    this.#starter.retry(key);
  }

  /** Puts a conversation on screen, or the home view (null). */
  select(key: string | null): void {
    this.#store.dispatch({ type: "thread_selected", key });
    if (key !== null && !this.#state.threads[key]?.historyLoaded) this.#history.load(key);
  }

  sendText(key: string, text: string): void {
    this.#queue.add(key, { text }, text);
  }

  /** Sends a one-time code, which is displayed as dots. */
  sendCode(key: string, digits: string): void {
    this.#queue.add(key, { text: digits }, "•".repeat(CODE_LENGTH));
  }

  /** Sends a choice. Does nothing while another message is being sent, so that a double tap counts once. */
  sendChoice(key: string, choice: Choice): void {
    const idle = this.#state.threads[key]?.pending.every((each) => each.state === "failed");
    if (idle) this.#queue.add(key, { choice: choice.id }, choice.label);
  }

  /** Tries again to send a failed message. */
  retryMessage(key: string, id: string): void {
    this.#queue.retry(key, id);
  }

  /** Call it at each change of the text field. */
  sendTyping(key: string): void {
    this.#typing.send(key);
  }

  /** Reports the messages up to `seq` as seen. Sends nothing that the server knows already. */
  markSeen(key: string, seq: number): void {
    const thread = this.#state.threads[key];
    if (!thread || thread.starting || !this.#socket.connected) return;
    const isUnread = (findSummary(this.#state, key)?.unread ?? 0) > 0;
    if (seq <= thread.seenSeq && !isUnread) return;
    this.#store.dispatch({ type: "messages_seen", key, seq });
    this.#socket.emit("seen", { conversation: key, seq }, () => undefined);
  }

  /** Reconnects, or tests the connection by loading the current thread: after sleep a dead connection may look alive. */
  checkConnection(): void {
    const { currentKey } = this.#state;
    if (!this.#socket.connected) this.#socket.reconnect();
    else if (currentKey !== null) this.#history.load(currentKey);
  }

  get #state(): PanelState {
    return this.#store.state;
  }

  readonly #onEvent: { readonly [E in keyof ServerEvents]: (payload: ServerEvents[E]) => void } = {
    welcome: (welcome) => this.#onWelcome(welcome),
    messages: ({ conversation, messages }) =>
      this.#history.receive(conversation, { type: "messages_received", key: conversation, messages }),
    typing: ({ conversation, from }) => {
      if (from !== "customer") this.#typing.show(conversation);
    },
    conversation: ({ id, with: holder, agent = null }) =>
      this.#store.dispatch({ type: "holder_changed", key: id, holder, agent }),
    session: ({ session, verified }) => {
      if (session !== undefined) this.#tokens.save(session);
      if (!verified) this.#forgetHistory();
    },
  };

  /** Every connection begins here: sends all unacknowledged requests again, in order, then loads the missed messages. */
  #onWelcome(welcome: Welcome): void {
    this.#tokens.save(welcome.session);
    if (welcome.now) syncClock(welcome.now);
    this.#store.dispatch({ type: "welcomed", welcome });
    for (const key of Object.keys(this.#state.threads)) {
      this.#starter.send(key);
      this.#queue.sendNext(key);
    }
    const { currentKey } = this.#state;
    if (currentKey !== null) this.#history.load(currentKey);
  }

  /** Takes what was told about the account off the screen. The server sends again what may still be read. */
  #forgetHistory(): void {
    this.#store.dispatch({ type: "history_forgotten" });
    const { currentKey } = this.#state;
    if (currentKey !== null) this.#history.load(currentKey);
  }

  #onDisconnect(): void {
    this.#requests.forgetInFlight();
    this.#store.dispatch({ type: "disconnected" });
  }
}
