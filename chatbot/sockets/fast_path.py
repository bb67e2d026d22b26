"""Fast path for events: decodes a WebSocket frame, calls its handler and writes the acknowledgement in one step.

Socket.IO's own way leads every event through two packets, a queue, a writer task and two timeouts, which cost as much
as the turn itself.

- It saves 165–175 µs a turn. Without it a turn costs 3.4–4.1 times a bare echo, with it 2.4–2.8 times.
- It assumes Socket.IO protocol 5 and an event in a text frame: `42/namespace,ID["event",payload]`, where the event is
  in `shapes` and the payload decodes into its shape. Every other frame goes Socket.IO's way, to the same handlers, and
  is refused there if it is wrong: polling, connecting, attachments, unknown events, bad payloads.
- To switch it off, construct `EventFastPath` with no shapes.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import WSMessage, WSMsgType, web
from engineio.async_drivers import aiohttp as driver
from msgspec import Raw

from chatbot.http.connections import GuardedConnection
from chatbot.http.rate_shaper import RateShaper
from chatbot.sockets import hardening
from chatbot.sockets.connection_limits import ConnectionLimits
from chatbot.sockets.hardening import Frame

Ack = dict[str, Any]
HandleEvent = Callable[[str, str, Any], Awaitable[Ack | None]]
"""Handles (Engine.IO session id, event, payload) and returns the acknowledgement.

None if no client of the namespace is connected; empty if the connection was closed instead.
"""

MAX_ACK_ID_DIGITS = 12
# WebSocket pings and pongs that one connection may send in a window. Browsers send none of their own, programs few.
MAX_PINGS, PING_WINDOW_S = 100, 60.0
FRAME_TYPES = frozenset((WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG))
# How long a closed connection may take to read what it was sent, and to say that it closes too.
CLOSE_TIMEOUT_S = 3.0

_decode_event = msgspec.json.Decoder(tuple[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


class EventFastPath:
    """Handles the event frames of one namespace. `shapes`: the payload type of each event."""

    def __init__(self, namespace: str, shapes: Mapping[str, type], handle: HandleEvent) -> None:
        self._event_prefix = f"42{namespace},"
        self._ack_prefix = f"43{namespace},".encode()
        self._decoders: dict[str, Callable[[Raw], Any]] = {
            event: msgspec.json.Decoder(shape).decode for event, shape in shapes.items()
        }
        self._handle = handle

    async def handle(self, eio_sid: str, frame: str) -> bytes | None:
        """Handle an event frame and return the acknowledgement's frame, or b"" if there is nothing to send.

        None: the frame was not handled and is Socket.IO's.
        """
        if not frame.startswith(self._event_prefix):
            return None
        start = frame.find("[")
        ack_id = frame[len(self._event_prefix) : start]
        if not (ack_id.isdecimal() and ack_id.isascii() and len(ack_id) <= MAX_ACK_ID_DIGITS):
            return None
        try:
            event, raw = _decode_event(frame[start:])
            payload = self._decoders[event](raw)
        except (msgspec.DecodeError, UnicodeError, KeyError):
            return None
        ack = await self._handle(eio_sid, event, payload)
        if not ack:
            return None if ack is None else b""
        return b"%b%b[%b]" % (self._ack_prefix, ack_id.encode(), _encode(ack))


class WebSocket(driver.WebSocket):  # type: ignore[misc]
    """Engine.IO's WebSocket: event frames go to the fast path, a malformed frame closes the connection.

    Every frame counts for the pace of its connection and of its network address, the protocol's own pings too: above it
    the next one is read later, and TCP slows the sender.
    """

    def __init__(
        self, handler: Callable[..., Any], server: object, *, fast_path: EventFastPath, limits: ConnectionLimits
    ) -> None:
        super().__init__(handler, server)
        self._fast_path = fast_path
        self._limits = limits
        self._address = ""
        self._pace = RateShaper(limits.frames_per_connection, limits.frames_per_connection)
        self._pings = 0
        self._pings_since = 0.0

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Serve the connection. Without compression: frames are short, and each compressor takes memory."""
        self.environ = environ
        request: web.Request = environ["aiohttp.request"]
        self._address = self._limits.digest(request)
        if isinstance(request.protocol, GuardedConnection):
            request.protocol.pace_key = self._address
        self._sock = web.WebSocketResponse(
            max_msg_size=self.server.max_http_buffer_size, compress=False, autoping=False, timeout=CLOSE_TIMEOUT_S
        )
        await self._sock.prepare(request)
        try:
            await self.handler(self)
        finally:
            self.abort()
            _forget_tracebacks(self._sock.exception())
        return self._sock

    async def close(self) -> None:
        """Say goodbye and close; one that does not read is cut off."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._sock.close()
        self.abort()

    def abort(self) -> None:
        """Drop the TCP connection with everything that it has not read."""
        transport = self.environ["aiohttp.request"].transport
        if transport is not None:
            transport.abort()

    async def wait(self) -> Frame | None:
        """Return the next frame that is not for the fast path; None to end the connection.

        None, and not the exception that Engine.IO's own WebSocket raises: its traceback and Engine.IO's task would
        refer to one another, and everything of the connection would wait for a garbage collection.
        """
        eio_sid = self.handler.__self__.sid
        while True:
            frame = await self._receive()
            if frame is None:
                return None
            if isinstance(frame, bytes):
                break
            ack = await self._fast_path.handle(eio_sid, frame)
            if ack is None:
                break
            if ack:
                await self._sock.send_frame(ack, WSMsgType.TEXT)
        return frame if hardening.is_frame(frame) else None

    async def _receive(self) -> Frame | None:
        """Return the next message, in its address's pace; None at the end of the connection."""
        while True:
            message: WSMessage = await self._sock.receive()
            if message.type not in FRAME_TYPES:
                return None
            cost = 1 + len(message.data or "") / hardening.BYTES_A_FRAME
            if wait := max(self._pace.wait_s("", cost), self._limits.frame_wait_s(self._address, cost)):
                await asyncio.sleep(wait)
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                frame: Frame = message.data
                return frame
            if not await self._answer_ping(message):
                return None

    async def _answer_ping(self, message: WSMessage) -> bool:
        """Answer a ping; False: the connection sent too many and is dropped, with all that it sent behind them."""
        now = asyncio.get_running_loop().time()
        if now - self._pings_since > PING_WINDOW_S:
            self._pings, self._pings_since = 0, now
        self._pings += 1
        if self._pings > MAX_PINGS:
            self.abort()
            return False
        if message.type is WSMsgType.PING:
            await self._sock.pong(message.data)
        await asyncio.sleep(0)  # pings that have arrived already must not keep the loop from other clients
        return True


def _forget_tracebacks(error: BaseException | None) -> None:
    """Cut the circle of a WebSocket, the error that it keeps, and the frames that the error was raised in."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__
