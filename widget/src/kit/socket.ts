/**
 * The one place that knows Socket.IO (protocol 5): a narrow wire for the connection to speak through.
 *
 * Transports, heartbeats and the fall-back from WebSocket to long-polling are engine.io-client's. Of the layer above, the panel
 * uses one namespace and JSON, so its packets are written here: socket.io-client would be a sixth of all that a customer
 * downloads, for what these lines do. A packet is `<type>/chat,[<acknowledgement id>]<JSON>`.
 */

import { Socket as Engine } from "engine.io-client";
import type { Events } from "../panel/protocol";

/** What the connection hears from the wire. */
export interface Listener {
  connected(): void;
  lost(): void;
  heard<E extends keyof Events>(event: E, payload: Events[E]): void;
}

/** A two-way wire that mends itself. */
export interface Wire {
  readonly connected: boolean;
  listen(listener: Listener): void;
  /** Sends, if connected; `answer` is called with the acknowledgement, if one comes on this connection. */
  send(event: string, payload: object, answer?: (answer: unknown) => void): void;
  /** Lets go of a connection that is missing or seems dead, and makes a new one at once. */
  renew(): void;
  /** Lets go for good. */
  close(): void;
}

/** Types of packets. */
const CONNECT = "0";
const DISCONNECT = "1";
const EVENT = "2";
const ACK = "3";
const REFUSED = "4";

const PACKET = /^([0-4])\/chat,(\d*)([^]*)$/;
const EVENTS: readonly string[] = ["welcome", "messages", "typing", "conversation"] satisfies (keyof Events)[];

/** Waits between tries to connect: doubled each time, and spread so that a restarted service is not met by everybody at once. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
/** Turned away at the door, because there are too many of us: the waits grow longer. */
const LONGEST_WAIT_REFUSED_MS = 30_000;
/** A connection that lasted less long was no good one: the waits go on growing, so that one that always breaks is not made all the time. */
const STEADY_MS = 10_000;
/** A connection that has not been welcomed by then is tried anew. */
const CONNECT_MS = 10_000;
const LONGEST_CONNECT_MS = 40_000;

/** A wire to namespace `/chat` of the page's own host; `auth` is asked anew for every connection. `renew` starts it. */
export function socketWire(auth: () => object): Wire {
  let listener: Listener;
  let engine: Engine | undefined;
  let connected = false;
  let tries = 0;
  let connectedAt = 0;
  let packets = 0;
  let timer: ReturnType<typeof setTimeout>;
  const answers = new Map<string, (answer: unknown) => void>();

  const drop = () => {
    const dropped = engine;
    engine = undefined;
    connected = false;
    answers.clear();
    clearTimeout(timer);
    dropped?.close();
    if (dropped) listener.lost();
  };
  const retry = (longest = LONGEST_WAIT_MS) => {
    if (connected && Date.now() - connectedAt > STEADY_MS) tries = 0;
    drop();
    const wait = Math.min(longest, FIRST_WAIT_MS * 2 ** tries++);
    timer = setTimeout(open, wait * (0.5 + Math.random() / 2));
  };
  const open = () => {
    const made = new Engine(location.origin, {
      path: "/socket.io",
      transports: ["websocket", "polling"],
      tryAllTransports: true,
    });
    engine = made;
    timer = setTimeout(retry, Math.min(LONGEST_CONNECT_MS, CONNECT_MS * 2 ** tries));
    made.on("open", () => made.send(`${CONNECT}/chat,${JSON.stringify(auth())}`));
    made.on("message", (packet) => engine === made && take(String(packet)));
    made.on("close", () => engine === made && retry());
  };
  const take = (packet: string) => {
    const [, type, id = "", body = ""] = PACKET.exec(packet) ?? [];
    if (type === CONNECT) {
      clearTimeout(timer);
      connectedAt = Date.now();
      connected = true;
      listener.connected();
    } else if (type === EVENT) {
      const [event, payload] = JSON.parse(body) as [keyof Events, Events[keyof Events]];
      if (EVENTS.includes(event)) listener.heard(event, payload);
    } else if (type === ACK) {
      const answer = answers.get(id);
      answers.delete(id);
      answer?.((JSON.parse(body) as unknown[])[0]);
    } else if (type === DISCONNECT) retry();
    else if (type === REFUSED) retry(LONGEST_WAIT_REFUSED_MS);
  };
  return {
    get connected() {
      return connected;
    },
    listen: (to) => void (listener = to),
    send(event, payload, answer) {
      if (!connected) return;
      const id = answer ? String(packets++) : "";
      if (answer) answers.set(id, answer);
      engine!.send(`${EVENT}/chat,${id}${JSON.stringify([event, payload])}`);
    },
    renew() {
      drop();
      tries = 0;
      open();
    },
    close: drop,
  };
}
