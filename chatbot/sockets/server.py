"""The Socket.IO server of every namespace, with connection limits, guards and the fast path installed."""

import asyncio
from functools import partial

import socketio
from aiohttp import web
from socketio.packet import CONNECT_ERROR

from chatbot.sockets.connection_limits import ConnectionLimits, Environ
from chatbot.sockets.fast_path import EventFastPath, WebSocket
from chatbot.sockets.hardening import MAX_FRAME_BYTES, Packet, install_guards

MAX_QUEUED_PACKETS = 20
DRAIN_POLL_INTERVAL_S = 0.01
STALE_CHECK_INTERVAL_S = 10.0
STALE_CHECK_BATCH, STALE_CHECK_PAUSE_S = 200, 0.02


class LimitedServer(socketio.AsyncServer):  # type: ignore[misc]
    """A Socket.IO server that applies ConnectionLimits to every connection.

    Socket.IO's own way to refuse, an exception of the connect handler, comes too late: with `always_connect` the client
    is connected by then, and the refusal would be a packet that clients ignore.
    """

    def __init__(self, limits: ConnectionLimits, fast_path: EventFastPath, **options: object) -> None:
        super().__init__(
            async_mode="aiohttp",
            always_connect=True,  # so that connect handlers may emit
            async_handlers=False,  # one event at a time per connection: keeps their order, slows flooding clients
            max_http_buffer_size=MAX_FRAME_BYTES,
            serializer=Packet,
            monitor_clients=False,  # `drop_stale_connections` does it with a hundredth of the work
            **options,
        )
        self._limits = limits
        self.eio._async = self.eio._async | {"websocket": partial(WebSocket, fast_path=fast_path, limits=limits)}  # noqa: SLF001
        install_guards(self.eio, self.close_connection, self._pace)

    async def wait_for_drain(self, eio_sid: str | None) -> None:
        """Wait while too many packets are queued for a client.

        Backpressure: a client that sends requests without reading the answers would fill our memory otherwise.
        """
        while (connection := self.eio.sockets.get(eio_sid)) is not None and not connection.closed:
            if connection.queue.qsize() <= MAX_QUEUED_PACKETS:
                return
            await asyncio.sleep(DRAIN_POLL_INTERVAL_S)

    async def drop_stale_connections(self) -> None:
        """Close connections whose client answers no ping, again and again until cancelled.

        Engine.IO's own monitor sets a timer for each connection, 500 a second with 10,000 of them, and holds a copy of
        its table that every garbage collection has to look through.
        """
        while True:
            await asyncio.sleep(STALE_CHECK_INTERVAL_S)
            for number, eio_sid in enumerate(list(self.eio.sockets), 1):
                if number % STALE_CHECK_BATCH == 0:
                    await asyncio.sleep(STALE_CHECK_PAUSE_S)
                connection = self.eio.sockets.get(eio_sid)
                if connection is not None and connection.closed:
                    del self.eio.sockets[eio_sid]
                elif connection is not None and not connection.closing:
                    await connection.check_ping_timeout()

    async def close_connection(self, eio_sid: str) -> None:
        """Close an Engine.IO connection without waiting for its queued packets to be read."""
        connection = self.eio.sockets.get(eio_sid)
        if connection is not None:
            await connection.close(wait=False, reason=self.eio.reason.SERVER_DISCONNECT)
            await connection.queue.put(None)  # ends the writer task, which then closes a WebSocket

    async def _pace(self, request: web.Request, frames: float) -> None:
        """Wait until frames that came by long-polling may be handled."""
        if wait := self._limits.frame_wait_s(self._limits.digest(request), frames):
            await asyncio.sleep(wait)

    async def _handle_eio_connect(self, eio_sid: str, environ: Environ) -> bool | None:
        if not self._limits.opened(environ):
            return False
        await super()._handle_eio_connect(eio_sid, environ)
        return None

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        environ = self.environ.get(eio_sid, {})
        try:
            await super()._handle_eio_disconnect(eio_sid, reason)
        finally:
            self._limits.closed(environ)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, auth: object) -> None:
        environ = self.environ.get(eio_sid)
        may_join = environ is not None and await self._limits.may_join(environ)
        if eio_sid not in self.environ:  # it disconnected meanwhile
            return
        if may_join:
            await super()._handle_connect(eio_sid, namespace, auth)
        else:
            refusal = self._limits.refusal(auth)
            await self._send_packet(eio_sid, self.packet_class(CONNECT_ERROR, data=refusal, namespace=namespace))
