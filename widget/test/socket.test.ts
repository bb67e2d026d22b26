// @vitest-environment node
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { socketWire, type Wire } from "../src/panel/socket";

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
