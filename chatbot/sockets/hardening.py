"""Guards against malformed input below the events: it closes the sender's connection and has no other effect.

The libraries trust their clients here. A malformed frame would end in a traceback with the connection half open, a
packet could announce any number of attachments, and Socket.IO's internal events could be sent as ordinary ones.
An ordinary message does not pass here; see `chatbot.sockets.fast_path`.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import engineio
import socketio
import structlog
from aiohttp import web
from engineio.async_drivers import aiohttp as driver
from engineio.exceptions import EngineIOError
from socketio.packet import BINARY_ACK, BINARY_EVENT, CONNECT_ERROR, EVENT

from chatbot.http.request_body import read_body

log = structlog.get_logger(__name__)

# Well above 2,000 characters of 12 bytes each, as JSON escapes an emoji: a text that is too long is refused in words,
# and not by the end of the connection.
MAX_FRAME_BYTES = 64 * 1024
MAX_PACKETS = 16
# A longer frame counts as several: to read and keep its text costs as much as further turns.
BYTES_A_FRAME = 500
MAX_ATTACHMENTS = 4
# The frames of Engine.IO that carry no message: close, ping, pong, upgrade, noop. Clients send them without a payload.
CONTROL_FRAMES = frozenset(("1", "2", "2probe", "3", "3probe", "5", "6"))
PACKET_SEPARATOR = "\x1e"
RESERVED_EVENTS = frozenset(("connect", "disconnect", "__disconnect_final", "*"))

Frame = str | bytes
HandleFrame = Callable[[str, Frame], Awaitable[None]]
Pace = Callable[[web.Request, float], Awaitable[None]]
"""Waits until a number of frames of a request may be handled."""


class Packet(socketio.packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet; raises ValueError for malformed input."""

    def decode(self, encoded_packet: Frame) -> int:
        """Decode a packet and return the number of attachments that follow it."""
        try:
            attachments: int = super().decode(encoded_packet)
        except (ValueError, TypeError, IndexError, RecursionError) as error:
            raise ValueError("not a Socket.IO packet") from error
        if self.packet_type >= CONNECT_ERROR and self.packet_type not in (BINARY_EVENT, BINARY_ACK):
            raise ValueError("not a packet that clients send")
        if attachments > MAX_ATTACHMENTS:
            raise ValueError("too many attachments")
        if self.packet_type in (EVENT, BINARY_EVENT) and not _is_event(self.data):
            raise ValueError("not an event")
        return attachments

    def add_attachment(self, attachment: Frame) -> bool:
        """Add the next attachment; True if it was the last."""
        if not isinstance(attachment, bytes):
            raise ValueError("not an attachment")
        try:
            return bool(super().add_attachment(attachment))
        except (TypeError, IndexError, RecursionError) as error:
            raise ValueError("the attachments do not fit the packet") from error


@dataclass(frozen=True, slots=True)
class _Body:
    """A request body with the interface that Engine.IO reads from."""

    content: bytes

    async def read(self, max_bytes: int) -> bytes:
        return self.content[:max_bytes]


async def translate_request(request: web.Request, pace: Pace) -> dict[str, Any]:
    """Return Engine.IO's `environ` of a request. Raises HTTPBadRequest unless a POST's body holds frames only."""
    environ: dict[str, Any] = driver.translate_request(request)
    if request.method == "POST":
        body = await read_body(request, MAX_FRAME_BYTES)
        if not _holds_frames(body):
            raise web.HTTPBadRequest(text="This is no Engine.IO payload.")
        await pace(request, body.count(PACKET_SEPARATOR.encode()) + 1 + len(body) / BYTES_A_FRAME)
        environ |= {"wsgi.input": _Body(body), "CONTENT_LENGTH": str(len(body))}
    return environ


def install_guards(eio: engineio.AsyncServer, close_connection: Callable[[str], Awaitable[None]], pace: Pace) -> None:
    """Check polling bodies and packets of a server, which must have been made with `serializer=Packet`."""
    eio._async = eio._async | {"translate_request": partial(translate_request, pace=pace)}  # noqa: SLF001
    eio.on("message", _closing_on_error(eio.handlers["message"], close_connection))


def is_frame(frame: Frame) -> bool:
    """Tell whether a frame is one that Engine.IO clients send: control, message or (binary) attachment."""
    if isinstance(frame, bytes):
        return bool(frame)
    return frame in CONTROL_FRAMES or (frame[:1] == "4" and "0" <= frame[1:2] <= "9")


def _holds_frames(body: bytes) -> bool:
    try:
        frames = body.decode().split(PACKET_SEPARATOR)
    except UnicodeDecodeError:
        return False
    return len(frames) <= MAX_PACKETS and all(is_frame(frame) or _is_attachment(frame) for frame in frames)


def _is_attachment(frame: str) -> bool:
    if frame[:1] != "b":
        return False
    try:
        base64.b64decode(frame[1:], validate=True)
    except ValueError:
        return False
    return True


def _is_event(data: object) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] not in RESERVED_EVENTS


def _closing_on_error(handle: HandleFrame, close_connection: Callable[[str], Awaitable[None]]) -> HandleFrame:
    async def guarded(eio_sid: str, frame: Frame) -> None:
        try:
            await handle(eio_sid, frame)
        except (ValueError, EngineIOError):
            await close_connection(eio_sid)
        except Exception:
            log.exception("a packet could not be taken")
            await close_connection(eio_sid)

    return guarded
