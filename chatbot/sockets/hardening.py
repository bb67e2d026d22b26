"""Guards the socket below its events: what no Socket.IO client sends ends its connection, and nothing else.

The libraries trust their clients here. A malformed frame would end in a traceback with the connection half open, a
packet could announce attachments without end, and the names of Socket.IO's own events could be sent as ordinary ones.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import socketio
import structlog
from aiohttp import WSMsgType, web
from engineio.async_drivers import aiohttp as driver
from engineio.exceptions import EngineIOError
from socketio.packet import BINARY_ACK, BINARY_EVENT, CONNECT_ERROR, EVENT

from chatbot.http.request_body import read_body
from chatbot.sockets.fast_path import EventFastPath

log = structlog.get_logger(__name__)

MOST_FRAME_BYTES = 16 * 1024
MOST_PACKETS = 16
MOST_ATTACHMENTS = 4
# Answers that may wait for a client to read them, before the next of its requests is looked at.
MOST_UNREAD = 20
UNREAD_WAIT_S = 0.01
# The frames of Engine.IO that carry no message. With nothing behind them, nothing behind them needs to be decoded.
CONTROL = frozenset(("1", "2", "2probe", "3", "3probe", "5", "6"))
PACKET_BREAK = "\x1e"
OWN_EVENTS = frozenset(("connect", "disconnect", "__disconnect_final", "*"))

Frame = str | bytes


class Packet(socketio.packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet; raises ValueError for everything that is none."""

    def decode(self, encoded_packet: Frame) -> int:
        """Decode a packet, and return how many attachments follow it."""
        try:
            attachments: int = super().decode(encoded_packet)
        except (ValueError, TypeError, IndexError, RecursionError) as fault:
            raise ValueError("not a Socket.IO packet") from fault
        if self.packet_type >= CONNECT_ERROR and self.packet_type not in (BINARY_EVENT, BINARY_ACK):
            raise ValueError("not a packet that clients send")
        if attachments > MOST_ATTACHMENTS:
            raise ValueError("too many attachments")
        if self.packet_type in (EVENT, BINARY_EVENT) and not _names_an_event(self.data):
            raise ValueError("not an event")
        return attachments

    def add_attachment(self, attachment: Frame) -> bool:
        """Take the next attachment; True when it was the last."""
        if not isinstance(attachment, bytes):
            raise ValueError("not an attachment")
        try:
            return bool(super().add_attachment(attachment))
        except (TypeError, IndexError, RecursionError) as fault:
            raise ValueError("the attachments do not fit the packet") from fault


class WebSocket(driver.WebSocket):  # type: ignore[misc]
    """Hands on nothing but frames of Engine.IO; anything else ends the connection."""

    express: ClassVar[EventFastPath]

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Open the WebSocket. Nothing is compressed: our frames are short, and a compressor's memory is not."""
        self.environ = environ
        self._sock = web.WebSocketResponse(max_msg_size=self.server.max_http_buffer_size, compress=False)
        await self._sock.prepare(environ["aiohttp.request"])
        await self.handler(self)
        return self._sock

    async def wait(self) -> Frame:
        """Wait for the next frame that the express lane leaves to Socket.IO."""
        connection = self.handler.__self__.sid
        while True:
            frame: Frame = await super().wait()
            if isinstance(frame, bytes):
                break
            answer = await self.express.take(connection, frame)
            if answer is None:
                break
            if answer:
                await self._sock.send_frame(answer, WSMsgType.TEXT)
        if not (frame and (isinstance(frame, bytes) or is_frame(frame))):
            raise OSError("not an Engine.IO frame")
        return frame


@dataclass(frozen=True, slots=True)
class _Body:
    """A request's body as Engine.IO reads it."""

    content: bytes

    async def read(self, most: int) -> bytes:
        return self.content[:most]


async def translate_request(request: web.Request) -> dict[str, Any]:
    """Describe a request to Engine.IO, with the whole of a body that holds nothing but frames."""
    environ: dict[str, Any] = driver.translate_request(request)
    if request.method == "POST":
        body = await read_body(request, MOST_FRAME_BYTES)
        if not _holds_frames(body):
            raise web.HTTPBadRequest(text="This is no Engine.IO payload.")
        environ |= {"wsgi.input": _Body(body), "CONTENT_LENGTH": str(len(body))}
    return environ


def guard(sio: socketio.AsyncServer, express: EventFastPath) -> None:
    """Put the guards, and the express lane, into a server that was made with `serializer=Packet`."""
    socket = type("WebSocket", (WebSocket,), {"express": express})
    sio.eio._async = sio.eio._async | {"translate_request": translate_request, "websocket": socket}  # noqa: SLF001
    sio.eio.on("message", _ending_what_is_no_packet(sio, sio.eio.handlers["message"]))


async def until_read(sio: socketio.AsyncServer, eio_sid: str | None) -> None:
    """Wait while too many answers lie unread. Who sends without reading would fill our memory otherwise."""
    while (connection := sio.eio.sockets.get(eio_sid)) is not None and not connection.closed:
        if connection.queue.qsize() <= MOST_UNREAD:
            return
        await asyncio.sleep(UNREAD_WAIT_S)


async def hang_up(sio: socketio.AsyncServer, eio_sid: str) -> None:
    """Close a connection without waiting for the other end to take it in."""
    connection = sio.eio.sockets.get(eio_sid)
    if connection is not None:
        await connection.close(wait=False, reason=sio.eio.reason.SERVER_DISCONNECT)
        await connection.queue.put(None)  # ends the task that writes, which then closes a WebSocket


def is_frame(frame: str) -> bool:
    """Tell whether a text frame is one that Engine.IO clients send."""
    return frame in CONTROL or (frame[:1] == "4" and "0" <= frame[1:2] <= "9")


def _holds_frames(body: bytes) -> bool:
    try:
        frames = body.decode().split(PACKET_BREAK)
    except UnicodeDecodeError:
        return False
    return len(frames) <= MOST_PACKETS and all(is_frame(frame) or _is_attachment(frame) for frame in frames)


def _is_attachment(frame: str) -> bool:
    if frame[:1] != "b":
        return False
    try:
        base64.b64decode(frame[1:], validate=True)
    except ValueError:
        return False
    return True


def _names_an_event(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in OWN_EVENTS


def _ending_what_is_no_packet(
    sio: socketio.AsyncServer, take: Callable[[str, Frame], Awaitable[None]]
) -> Callable[[str, Frame], Awaitable[None]]:
    async def taken(eio_sid: str, frame: Frame) -> None:
        try:
            await take(eio_sid, frame)
        except (ValueError, EngineIOError):
            await hang_up(sio, eio_sid)
        except Exception:
            log.exception("a packet could not be taken")
            await hang_up(sio, eio_sid)

    return taken
