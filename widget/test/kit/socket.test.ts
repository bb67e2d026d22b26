// @vitest-environment node
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { socketWire, type Wire } from "../../src/kit/socket";

let http: HttpServer;
let io: Server;
let wire: Wire;
let heard: unknown[];
let sockets: Socket[];
let presented: unknown[];

beforeEach(async () => {
  [heard, sockets, presented] = [[], [], []];
  http = createServer();
  io = new Server(http);
  io.of("/chat").on("connection", (socket) => {
    sockets.push(socket);
    presented.push(socket.handshake.auth);
    socket.on("say", (payload: { text: string }, answer: (with_: object) => void) => answer({ ok: true, text: payload.text }));
    socket.emit("weather", { sunny: true });
    socket.emit("typing", { conversation: "c", from: "agent" });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  vi.stubGlobal("location", { origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}` });
  wire = socketWire(() => ({ session: "token", locale: "en" }));
  wire.listen({
    connected: () => void heard.push("connected"),
    lost: () => void heard.push("lost"),
    heard: (event, payload) => void heard.push([event, payload]),
  });
  wire.renew();
  await vi.waitFor(() => expect(heard).toHaveLength(2));
});

afterEach(async () => {
  wire.close();
  await io.close();
  vi.unstubAllGlobals();
});

test("a connection presents the session, and hears the events of the contract and no others", () => {
  expect(wire.connected).toBe(true);
  expect(presented).toEqual([{ session: "token", locale: "en" }]);
  expect(heard).toEqual(["connected", ["typing", { conversation: "c", from: "agent" }]]);
});

test("acknowledgements find their requests", async () => {
  const ask = (text: string) => new Promise((resolve) => wire.send("say", { text }, resolve));
  expect(await Promise.all([ask("a"), ask("b – ñ €")])).toEqual([
    { ok: true, text: "a" },
    { ok: true, text: "b – ñ €" },
  ]);
});

test("a connection that the service ends is made anew by itself", async () => {
  sockets[0]!.disconnect();
  await vi.waitFor(() => expect(sockets).toHaveLength(2), 3000);
  await vi.waitFor(() => expect(heard.filter((each) => each === "connected")).toHaveLength(2));
  expect(heard.filter((each) => each === "lost")).toHaveLength(1);
});

test("a connection that breaks is made anew by itself", async () => {
  sockets[0]!.conn.close();
  await vi.waitFor(() => expect(sockets).toHaveLength(2), 3000);
});

test("a connection can be let go of and made anew at once", async () => {
  wire.renew();
  expect(wire.connected).toBe(false);
  expect(heard.at(-1)).toBe("lost");
  await vi.waitFor(() => expect(wire.connected).toBe(true));
  await vi.waitFor(() => expect(sockets).toHaveLength(2));
});

describe("a connection that does not last is tried again less and less often", () => {
  let tried: number[];

  beforeEach(() => {
    tried = [];
    vi.spyOn(Math, "random").mockReturnValue(0);
  });
  afterEach(() => void vi.restoreAllMocks());

  /** The third wait is twice the second, give or take what a busy machine adds. */
  const waitsLonger = async () => {
    await vi.waitFor(() => expect(tried).toHaveLength(3), 4000);
    const [first, second, third] = tried as [number, number, number];
    expect(second - first).toBeGreaterThan(450);
    expect(third - second).toBeGreaterThan(900);
  };

  test("when the service turns it away at the door; and comes in when it may", async () => {
    io.of("/chat").use((_, next) => {
      tried.push(Date.now());
      next(tried.length < 3 ? new Error("That was a little fast for us.") : undefined);
    });
    sockets[0]!.conn.close();
    await waitsLonger();
    await vi.waitFor(() => expect(wire.connected).toBe(true));
    expect(heard.filter((each) => each === "connected")).toHaveLength(2);
  });

  test("when it breaks as soon as it stands, as one does whose requests reach different processes", async () => {
    io.of("/chat").on("connection", (socket) => {
      tried.push(Date.now());
      socket.conn.close();
    });
    sockets[0]!.conn.close();
    await waitsLonger();
  });
});
