/**
 * Carries what the customer does to the service, and what the service says into the store.
 *
 * Every request carries an id that the service remembers, so a request whose acknowledgement was lost is sent again as it
 * was, as often as it takes, and still happens once. Messages are numbered; a number that is missing is asked for.
 */

import { CODE_DIGITS, type Choice, type Events, type Message, type Opened, type Problem, type Said, type Started } from "./protocol";
import { setClock } from "../kit/clock";
import type { Listener, Wire } from "../kit/socket";
import { hasGap, newOnes, type Send, type Thread } from "./state";
import type { Storage } from "../kit/storage";
import type { Store } from "../kit/store";

/** No acknowledgement after this long: the connection is taken for dead and made anew. */
const ANSWER_MS = 8000;
const MOST_ANSWER_MS = 32_000;
/** Not delivered after this long: the customer is told, and may try again. */
const GIVE_UP_MS = 25_000;
/** An acknowledgement that takes longer than this is worth a typing sign. */
const SLOW_MS = 300;
/** Asked to slow down: the first wait, doubled at each further one. */
const SLOW_DOWN_MS = 1500;
const SLOW_DOWN_TRIES = 4;
const TYPING_LASTS_MS = 6000;
const TYPING_EVERY_MS = 3000;

/** What the connection needs from the world. */
export interface World {
  readonly store: Store;
  readonly wire: Wire;
  readonly storage: Storage;
  readonly newId: () => string;
  readonly now: () => Date;
  /** Messages that were not here before and that the customer did not write. */
  readonly onNew?: (conversation: string, messages: readonly Message[]) => void;
}

export class Connection implements Listener {
  readonly #world: World;
  /** Requests on their way on this connection, each with what stops its timers. */
  readonly #underWay = new Map<string, () => void>();
  readonly #slowDowns = new Map<string, number>();
  readonly #typingOver = new Map<string, ReturnType<typeof setTimeout>>();
  /** When each message that is on its way will be given back. */
  readonly #givingUp = new Map<string, ReturnType<typeof setTimeout>>();
  /** Requests that the service asked to wait. */
  readonly #waiting = new Set<string>();
  /** How often in a row no answer came in time: a slow line is given longer. */
  #unanswered = 0;
  #typedAt = 0;

  constructor(world: World) {
    this.#world = world;
    world.wire.listen(this);
  }

  // ── what the customer does ───────────────────────────────────────────────────────────────────────────────

  /** Begins a conversation, with one of the offered actions or without. */
  start(title: string, action?: string): void {
    const key = this.#world.newId();
    this.#change({ type: "start", key, title, ...(action === undefined ? {} : { action }) });
    this.#sendStart(key);
    this.#giveUpOnStart(key);
  }

  /** Shows a conversation, or home (null). */
  show(key: string | null): void {
    this.#change({ type: "show", key });
    const thread = key === null ? undefined : this.#thread(key);
    if (thread && !thread.starting && !thread.loaded) this.#open(thread.key);
  }

  /** Says a text. A one-time code is shown as dots from the first moment. */
  say(key: string, text: string, kind?: "code"): void {
    this.#send(key, { text, shown: kind === "code" ? "•".repeat(CODE_DIGITS) : text });
  }

  /** Taps a choice. While something is on its way the choices are gone, so a double tap is one choice. */
  choose(key: string, choice: Choice): void {
    if (this.#thread(key)?.sends.every((send) => send.state === "failed")) this.#send(key, { choice: choice.id, shown: choice.label });
  }

  /** Tries a failed message again: as the same request, or as a new one if the service had refused it. */
  retry(key: string, id: string): void {
    const send = this.#thread(key)?.sends.find((each) => each.id === id);
    if (send?.state !== "failed") return;
    const as = send.refused ? this.#world.newId() : id;
    this.#change({ type: "resend", key, id, as });
    this.#deliver(key, as);
  }

  /** Tries again to begin a conversation. */
  retryStart(key: string): void {
    this.#change({ type: "resend", key, id: key, as: key });
    this.#sendStart(key);
    this.#giveUpOnStart(key);
  }

  /** The customer is writing; told to a person who is there, now and then. */
  typing(key: string): void {
    const now = this.#world.now().getTime();
    if (this.#thread(key)?.with !== "agent" || now - this.#typedAt < TYPING_EVERY_MS || !this.#world.wire.connected) return;
    this.#typedAt = now;
    this.#world.wire.send("typing", { conversation: key });
  }

  /** The customer has this message on screen. */
  seen(key: string, seq: number): void {
    const thread = this.#thread(key);
    const unread = this.#world.store.state.conversations.find((row) => row.id === key)?.unread;
    if (!thread || thread.starting || (seq <= thread.seen && !unread) || !this.#world.wire.connected) return;
    this.#change({ type: "seen", key, seq });
    this.#world.wire.send("seen", { conversation: key, seq }, () => undefined);
  }

  /** The page is looked at again, or the network is back: phones leave dead connections behind that look alive. */
  wake(): void {
    if (!this.#world.wire.connected) this.#world.wire.renew();
    else if (this.#world.store.state.current !== null) this.#open(this.#world.store.state.current);
  }

  // ── what the wire tells ──────────────────────────────────────────────────────────────────────────────────

  connected(): void {
    this.#forgetUnderWay();
  }

  lost(): void {
    this.#forgetUnderWay();
    this.#change({ type: "link", link: "lost" });
  }

  heard<E extends keyof Events>(event: E, payload: Events[E]): void {
    const hear: { readonly [K in keyof Events]: (payload: Events[K]) => void } = {
      welcome: (welcome) => {
        this.#world.storage.keep(welcome.session);
        if (welcome.now) setClock(welcome.now);
        this.#change({ type: "welcome", welcome });
        this.#resume();
      },
      messages: ({ conversation, messages }) => {
        this.#take(conversation, messages, () => this.#change({ type: "arrived", key: conversation, messages }));
      },
      typing: ({ conversation, from }) => from !== "customer" && this.#somebodyTypes(conversation),
      conversation: ({ id, with: holder, agent }) =>
        this.#change({ type: "held", key: id, with: holder, agent: agent ?? null }),
    };
    hear[event](payload);
  }

  // ── requests ─────────────────────────────────────────────────────────────────────────────────────────────

  /** After a (re)connection: everything unacknowledged goes again, in order, then the open thread catches up. */
  #resume(): void {
    for (const thread of Object.values(this.#world.store.state.threads)) {
      if (thread.starting && !thread.starting.failed) this.#sendStart(thread.key);
      this.#transmit(thread.key);
    }
    const { current } = this.#world.store.state;
    if (current !== null && !this.#thread(current)?.starting) this.#open(current);
  }

  #send(key: string, what: { text?: string; choice?: string; shown: string }): void {
    const thread = this.#thread(key);
    if (!thread || thread.starting || thread.with === "closed") return;
    const send: Send = { ...what, id: this.#world.newId(), at: this.#world.now().toISOString(), state: "sending", refused: false };
    this.#change({ type: "send", key, send });
    this.#deliver(key, send.id);
  }

  #deliver(key: string, id: string): void {
    this.#transmit(key);
    clearTimeout(this.#givingUp.get(id));
    this.#givingUp.set(id, setTimeout(() => this.#giveUp(key, id), GIVE_UP_MS));
  }

  /** Gives a message back that was not delivered in time. What was said after it comes back too: it would make no sense alone. */
  #giveUp(key: string, id: string): void {
    this.#givingUp.delete(id);
    if (!this.#sending(key, id)) return;
    for (const each of this.#thread(key)!.sends) {
      if (each.state === "sending") this.#change({ type: "unsent", key, id: each.id, refused: false, notice: null });
    }
  }

  /** Sends the first of what waits; the next goes when it is answered, so that a refusal in between changes no order. */
  #transmit(key: string): void {
    const send = this.#thread(key)?.sends.find((each) => each.state === "sending");
    if (!send || this.#waiting.has(send.id)) return;
    const body = send.choice === undefined ? { text: send.text } : { choice: send.choice };
    this.#ask<Said>("say", { conversation: key, id: send.id, ...body }, send.id, key, (answer) => {
      if (answer.ok) {
        this.#take(key, answer.messages, () => this.#change({ type: "answered", key, id: send.id, messages: answer.messages }));
      } else this.#refused(key, send.id, answer.error);
      this.#transmit(key);
    });
  }

  #refused(key: string, id: string, problem: Problem): void {
    if (this.#askedToWait(id, problem, () => this.#transmit(key))) {
      this.#patch(key, { notice: problem.message });
    } else this.#change({ type: "unsent", key, id, refused: problem.code !== "slow_down", notice: problem.message });
  }

  /** Whether the request waits and tries again by itself, because the service asked for a little time. */
  #askedToWait(id: string, problem: Problem, again: () => void): boolean {
    const tries = this.#slowDowns.get(id) ?? 0;
    const mends = problem.code === "slow_down" || (problem.code === "unavailable" && id.startsWith("open "));
    if (!mends || tries >= SLOW_DOWN_TRIES) return false;
    this.#slowDowns.set(id, tries + 1);
    this.#waiting.add(id);
    setTimeout(() => {
      this.#waiting.delete(id);
      again();
    }, SLOW_DOWN_MS * 2 ** tries);
    return true;
  }

  #sendStart(key: string): void {
    const starting = this.#thread(key)?.starting;
    if (!starting || starting.failed) return;
    const action = starting.action === undefined ? {} : { action: starting.action };
    this.#ask<Started>("start", { id: key, ...action }, key, key, (answer) => {
      if (answer.ok) {
        const { conversation, messages } = answer;
        this.#take(conversation, messages, () => this.#change({ type: "started", key, conversation, messages }));
      } else if (this.#askedToWait(key, answer.error, () => this.#sendStart(key))) {
        this.#patch(key, { notice: answer.error.message });
      } else this.#change({ type: "start_failed", key, notice: answer.error.message });
    });
  }

  #giveUpOnStart(key: string): void {
    setTimeout(() => {
      if (this.#thread(key)?.starting?.failed === false) this.#change({ type: "start_failed", key, notice: null });
    }, GIVE_UP_MS);
  }

  /** Asks for everything after what is here without a gap. */
  #open(key: string): void {
    const thread = this.#thread(key);
    if (!thread || thread.starting) return;
    this.#ask<Opened>("open", { conversation: key, after: thread.complete }, `open ${key}`, null, (answer) => {
      if (!answer.ok) {
        this.#askedToWait(`open ${key}`, answer.error, () => this.#open(key));
        return this.#patch(key, { notice: answer.error.message });
      }
      this.#slowDowns.delete(`open ${key}`);
      const fresh = newOnes(this.#thread(key), answer.messages);
      this.#change({ type: "opened", key, messages: answer.messages, with: answer.with });
      if (thread.messages.length > 0) this.#tell(key, fresh);
    });
  }

  /** Puts messages into the store, tells who wants to know of new ones, and asks for what is missing between. */
  #take(key: string, messages: readonly Message[], change: () => void): void {
    const fresh = newOnes(this.#thread(key), messages);
    change();
    this.#tell(key, fresh);
    const thread = this.#thread(key);
    if (thread && this.#world.store.state.current === key && hasGap(thread)) this.#open(key);
  }

  #tell(key: string, fresh: readonly Message[]): void {
    const others = fresh.filter((message) => message.from !== "customer");
    if (others.length > 0) this.#world.onNew?.(key, others);
  }

  /** One request with an acknowledgement; `slowIn` names the thread that shows a typing sign when it takes a while. */
  #ask<T>(event: string, payload: object, id: string, slowIn: string | null, settle: (answer: T) => void): void {
    const { wire } = this.#world;
    if (this.#world.store.state.link !== "online" || this.#underWay.has(id)) return;
    const waiting = (on: boolean) => slowIn !== null && this.#patch(slowIn, { waiting: on });
    const slow = setTimeout(() => waiting(true), SLOW_MS);
    const dead = setTimeout(() => {
      this.#unanswered++;
      wire.renew();
    }, Math.min(MOST_ANSWER_MS, ANSWER_MS * 2 ** this.#unanswered));
    const stop = () => {
      clearTimeout(slow);
      clearTimeout(dead);
    };
    this.#underWay.set(id, stop);
    wire.send(event, payload, (answer) => {
      stop();
      this.#unanswered = 0;
      this.#underWay.delete(id);
      waiting(false);
      settle(answer as T);
    });
  }

  #forgetUnderWay(): void {
    for (const stop of this.#underWay.values()) stop();
    this.#underWay.clear();
  }

  #somebodyTypes(key: string): void {
    clearTimeout(this.#typingOver.get(key));
    this.#patch(key, { typing: true });
    this.#typingOver.set(key, setTimeout(() => this.#patch(key, { typing: false }), TYPING_LASTS_MS));
  }

  #thread(key: string): Thread | undefined {
    return this.#world.store.state.threads[key];
  }

  #sending(key: string, id: string): Send | undefined {
    return this.#thread(key)?.sends.find((send) => send.id === id && send.state === "sending");
  }

  #patch(key: string, patch: Partial<Pick<Thread, "typing" | "waiting" | "notice">>): void {
    this.#change({ type: "patch", key, patch });
  }

  #change(change: Parameters<Store["change"]>[0]): void {
    this.#world.store.change(change);
  }
}
