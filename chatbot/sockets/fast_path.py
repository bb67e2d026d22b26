"""The express lane: an event in a WebSocket frame of the plain kind is answered where it arrives.

Socket.IO's own way leads every event through two packets, a queue, a writer's task and two time limits, which cost as
much as the turn itself. Here the frame is decoded and checked against its shape in one step, handed to the same handler
that Socket.IO would call, and its acknowledgement written straight to the WebSocket. Anything out of the ordinary
(polling, connecting, attachments, an event nobody knows, a payload of the wrong shape) goes Socket.IO's way, which
also words the refusals.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec import Raw

Ack = dict[str, Any]
AnswerEvent = Callable[[str, str, Any], Awaitable[Ack | None]]
"""Answers (Engine.IO's id of a connection, an event's name, its payload): with None where no customer is connected,
with nothing in it where the connection was ended instead of being answered."""

LONGEST_ID = 12

_event = msgspec.json.Decoder(tuple[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


class EventFastPath:
    """Takes plain frames of one namespace. `shapes` are the payloads of the events that it knows."""

    def __init__(self, namespace: str, shapes: Mapping[str, type], answer: AnswerEvent) -> None:
        self._prefix = f"42{namespace},"
        self._acknowledged = f"43{namespace},".encode()
        self._decoders: dict[str, Callable[[Raw], Any]] = {
            event: msgspec.json.Decoder(shape).decode for event, shape in shapes.items()
        }
        self._answer = answer

    async def take(self, connection: str, frame: str) -> bytes | None:
        """Answer a frame with its acknowledgement, as a frame that may be empty; None for one that was left alone."""
        if not frame.startswith(self._prefix):
            return None
        begin = frame.find("[")
        number = frame[len(self._prefix) : begin]
        if not (number.isdecimal() and number.isascii() and len(number) <= LONGEST_ID):
            return None
        try:
            event, payload = _event(frame[begin:])
            asked = self._decoders[event](payload)
        except (msgspec.DecodeError, UnicodeError, KeyError):
            return None
        answer = await self._answer(connection, event, asked)
        if not answer:
            return None if answer is None else b""
        return b"%b%b[%b]" % (self._acknowledged, number.encode(), _encode(answer))
