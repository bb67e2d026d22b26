/**
 * A Socket.IO client for one namespace, which reconnects by itself.
 *
 * engine.io-client carries the packets: WebSocket, the fallback to long-polling, and heartbeats.
 */

import { Socket as Engine } from "engine.io-client";
import { backoff } from "./backoff";
import { decodePacket, encodePacket, PacketType } from "./packet";

export interface SocketHandlers<Events> {
  onConnect(): void;
  onDisconnect(): void;
  onEvent<E extends keyof Events>(event: E, payload: Events[E]): void;
}

/** `Events` maps the names of the server's events to their payloads. */
export interface SocketClient<Events> {
  readonly connected: boolean;
  setHandlers(handlers: SocketHandlers<Events>): void;
  /** Sends an event. Does nothing while disconnected. `onAck` gets the acknowledgement, unless the connection is lost before it. */
  emit(event: string, payload: object, onAck?: (acknowledgement: unknown) => void): void;
  /** Drops the connection, if there is one, and opens a new one at once. Also opens the first connection. */
  reconnect(): void;
  /** Drops the connection for good. */
  close(): void;
}

export interface SocketOptions<Events> {
  readonly namespace: string;
  /** The events that reach the handlers. Others are ignored, so that a newer server may send more. */
  readonly events: readonly (keyof Events & string)[];
  /** Makes the credentials for each new connection. */
  readonly auth: () => object;
}

/** Delays between attempts to connect. Each is shortened at random by up to half, so that clients do not reconnect all at once. */
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5000;
/** The maximum after the server has refused a connection, because it limits them. */
const MAX_RETRY_REFUSED_MS = 30_000;
/** A connection that lived shorter than this does not reset the delays: a connection that always breaks is retried less and less. */
const STABLE_MS = 10_000;
/** Time for the server to accept a connection; doubled at each failed attempt. */
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_CONNECT_TIMEOUT_MS = 40_000;

/** A client of the page's own host. It connects at the first `reconnect`; the handlers must be set before. */
export function createSocket<Events>({ namespace, events, auth }: SocketOptions<Events>): SocketClient<Events> {
  let handlers: SocketHandlers<Events>;
  let engine: Engine | undefined;
  let connected = false;
  let connectedAt = 0;
  let failedAttempts = 0;
  let nextAckId = 0;
  /** Runs the next attempt, or ends the current one. */
  let timer: ReturnType<typeof setTimeout>;
  const ackHandlers = new Map<string, (acknowledgement: unknown) => void>();

  const open = () => {
    const opened = new Engine(location.origin, {
      path: "/socket.io",
      transports: ["websocket", "polling"],
      tryAllTransports: true,
    });
    engine = opened;
    timer = setTimeout(() => retry(), backoff(failedAttempts, CONNECT_TIMEOUT_MS, MAX_CONNECT_TIMEOUT_MS));
    opened.on("open", () => opened.send(encodePacket(PacketType.connect, namespace, auth())));
    // An engine that was dropped may still report: only the current one counts.
    opened.on("message", (packet) => engine === opened && receive(String(packet)));
    opened.on("close", () => engine === opened && retry());
  };

  const drop = () => {
    const dropped = engine;
    engine = undefined;
    connected = false;
    ackHandlers.clear();
    clearTimeout(timer);
    dropped?.close();
    if (dropped) handlers.onDisconnect();
  };

  const retry = (maxDelay = MAX_RETRY_MS) => {
    if (connected && Date.now() - connectedAt > STABLE_MS) failedAttempts = 0;
    drop();
    const delay = backoff(failedAttempts, FIRST_RETRY_MS, maxDelay);
    failedAttempts += 1;
    timer = setTimeout(open, delay * (0.5 + Math.random() / 2));
  };

  const receive = (text: string) => {
    const packet = decodePacket(text, namespace);
    switch (packet?.type) {
      case PacketType.connect:
        clearTimeout(timer);
        connectedAt = Date.now();
        connected = true;
        handlers.onConnect();
        break;
      case PacketType.event: {
        const [event, payload] = JSON.parse(packet.body) as [keyof Events & string, Events[keyof Events]];
        if (events.includes(event)) handlers.onEvent(event, payload);
        break;
      }
      case PacketType.acknowledgement: {
        const onAck = ackHandlers.get(packet.id);
        ackHandlers.delete(packet.id);
        onAck?.((JSON.parse(packet.body) as unknown[])[0]);
        break;
      }
      case PacketType.disconnect:
        retry();
        break;
      case PacketType.connectError:
        retry(MAX_RETRY_REFUSED_MS);
        break;
    }
  };

  return {
    get connected() {
      return connected;
    },
    setHandlers(next) {
      handlers = next;
    },
    emit(event, payload, onAck) {
      if (!connected) return;
      let id = "";
      if (onAck) {
        id = String(nextAckId++);
        ackHandlers.set(id, onAck);
      }
      engine!.send(encodePacket(PacketType.event, namespace, [event, payload], id));
    },
    reconnect() {
      drop();
      failedAttempts = 0;
      open();
    },
    close: drop,
  };
}
