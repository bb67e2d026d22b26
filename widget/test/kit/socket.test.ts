// @vitest-environment node
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSocket, type SocketClient } from "../../src/kit/socket";

interface TestEvents {
  greeting: { readonly text: string };
}

let http: HttpServer;
let server: Server;
let client: SocketClient<TestEvents>;
/** Calls of the client's handlers. */
let received: unknown[];
/** The server's side of each connection, and the credentials it came with. */
let connections: Socket[];
let credentials: unknown[];

beforeEach(async () => {
  [received, connections, credentials] = [[], [], []];
  http = createServer();
  server = new Server(http);
  server.of("/chat").on("connection", (socket) => {
    connections.push(socket);
    credentials.push(socket.handshake.auth);
    socket.on("echo", ({ text }: { text: string }, acknowledge: (data: object) => void) => acknowledge({ ok: true, text }));
    socket.emit("weather", { sunny: true });
    socket.emit("greeting", { text: "hello" });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  vi.stubGlobal("location", { origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
  client = createSocket<TestEvents>({ namespace: "/chat", events: ["greeting"], auth: () => ({ session: "token" }) });
  client.setHandlers({
    onConnect: () => void received.push("connect"),
    onDisconnect: () => void received.push("disconnect"),
    onEvent: (event, payload) => void received.push([event, payload]),
  });
  client.reconnect();
  await vi.waitFor(() => expect(received).toHaveLength(2));
});

afterEach(async () => {
  client.close();
  await server.close();
  vi.unstubAllGlobals();
});

test("a connection sends the credentials, and reports known events only", () => {
  expect(client.connected).toBe(true);
  expect(credentials).toEqual([{ session: "token" }]);
  expect(received).toEqual(["connect", ["greeting", { text: "hello" }]]);
});

test("each request gets its own acknowledgement", async () => {
  const echo = (text: string) => new Promise((resolve) => client.emit("echo", { text }, resolve));
  expect(await Promise.all([echo("a"), echo("b – ñ €")])).toEqual([
    { ok: true, text: "a" },
    { ok: true, text: "b – ñ €" },
  ]);
});

test("the client reconnects when the server disconnects it", async () => {
  connections[0]!.disconnect();
  await vi.waitFor(() => expect(connections).toHaveLength(2), 3000);
  await vi.waitFor(() => expect(received.filter((each) => each === "connect")).toHaveLength(2));
  expect(received.filter((each) => each === "disconnect")).toHaveLength(1);
});

test("the client reconnects when the transport closes", async () => {
  connections[0]!.conn.close();
  await vi.waitFor(() => expect(connections).toHaveLength(2), 3000);
});

test("reconnect drops the connection and opens a new one", async () => {
  client.reconnect();
  expect(client.connected).toBe(false);
  expect(received.at(-1)).toBe("disconnect");
  await vi.waitFor(() => expect(client.connected).toBe(true));
  await vi.waitFor(() => expect(connections).toHaveLength(2));
});

describe("the delays between attempts grow", () => {
  /** Times of the attempts, in milliseconds. */
  let attempts: number[];

  beforeEach(() => {
    attempts = [];
    vi.spyOn(Math, "random").mockReturnValue(0);
  });
  afterEach(() => void vi.restoreAllMocks());

  /** Lower bounds only: a busy machine adds time. */
  const expectGrowingDelays = async () => {
    await vi.waitFor(() => expect(attempts).toHaveLength(3), 4000);
    const [first, second, third] = attempts as [number, number, number];
    expect(second - first).toBeGreaterThan(450);
    expect(third - second).toBeGreaterThan(900);
  };

  test("while the server refuses the connection, until it accepts", async () => {
    server.of("/chat").use((_, next) => {
      attempts.push(Date.now());
      next(attempts.length < 3 ? new Error("That was a little fast for us.") : undefined);
    });
    connections[0]!.conn.close();
    await expectGrowingDelays();
    await vi.waitFor(() => expect(client.connected).toBe(true));
    expect(received.filter((each) => each === "connect")).toHaveLength(2);
  });

  test("while connections break right after connecting, as with a load balancer that is not sticky", async () => {
    server.of("/chat").on("connection", (socket) => {
      attempts.push(Date.now());
      socket.conn.close();
    });
    connections[0]!.conn.close();
    await expectGrowingDelays();
  });
});
