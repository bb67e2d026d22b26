"""The fast path: plain event frames are acknowledged, all others are left to Socket.IO."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatbot.channels.web.wire import Payload, SayPayload, SeenPayload
from chatbot.sockets.fast_path import EventFastPath

SAY = {"conversation": "c1", "id": "a-good-request-id", "text": "hello"}


class FakeChannel:
    """Handles events as the web channel does, and records them."""

    def __init__(self, ack: dict[str, Any] | None) -> None:
        self.handled: list[tuple[str, str, Payload]] = []
        self._ack = ack
        self.fast_path = EventFastPath("/chat", {"say": SayPayload, "seen": SeenPayload}, self._handle)

    async def _handle(self, eio_sid: str, event: str, payload: Payload) -> dict[str, Any] | None:
        self.handled.append((eio_sid, event, payload))
        return self._ack


def frame(event: str, payload: object, number: object = 7, kind: str = "42/chat,") -> str:
    return f"{kind}{number}{json.dumps([event, payload])}"


async def test_a_plain_event_is_acknowledged() -> None:
    channel = FakeChannel({"ok": True, "messages": [{"text": "¿Qué?"}]})
    ack = await channel.fast_path.handle("eio", frame("say", SAY))
    assert ack is not None
    assert ack.startswith(b"43/chat,7[")
    assert json.loads(ack.removeprefix(b"43/chat,7")) == [{"ok": True, "messages": [{"text": "¿Qué?"}]}]
    assert channel.handled == [("eio", "say", SayPayload("c1", "a-good-request-id", "hello"))]


async def test_every_other_frame_is_left_to_socket_io() -> None:
    channel = FakeChannel({"ok": True})
    for other in (
        "2", "3probe", "40/chat,{}", "41/chat,", "42", "42/chat", "42/chat,", "42/chat,7", "42/chat,7[]", "42/chat,7[",
        frame("say", SAY, kind="42"), frame("say", SAY, kind="42/other,"), frame("say", SAY, kind="43/chat,"),
        frame("say", SAY, number=""), frame("say", SAY, number="7x"), frame("say", SAY, number="7" * 200),
        frame("say", SAY, number="٤"), frame("say", SAY, number="1-"), frame("open", SAY), frame("disconnect", {}),
        frame("say", None), frame("say", {}), frame("say", {**SAY, "text": 5}), frame("say", {**SAY, "choice": "x"}),
        frame("say", {**SAY, "text": "x" * 2001}), frame("say", {**SAY, "text": "\ud800"}),
        '42/chat,7["say"]', f'42/chat,7["say",{json.dumps(SAY)},{{}}]', f'42/chat,7["say",{json.dumps(SAY)}',
        f'42/chat,7["say",{json.dumps(SAY)}]x', '42/chat,7["seen",{"conversation":"x","seq":' + "9" * 5000 + "}]",
    ):  # fmt: skip
        assert await channel.fast_path.handle("eio", other) is None
    assert channel.handled == []


async def test_an_event_of_a_client_outside_the_namespace_is_left_to_socket_io() -> None:
    assert await FakeChannel(None).fast_path.handle("eio", frame("say", SAY)) is None


async def test_a_closed_connection_gets_no_acknowledgement() -> None:
    assert await FakeChannel({}).fast_path.handle("eio", frame("say", SAY)) == b""


@given(st.text() | st.text().map(lambda rest: "42/chat,1" + rest) | st.text().map(lambda rest: frame("say", rest)))
async def test_no_frame_breaks_the_fast_path(anything: str) -> None:
    await FakeChannel({"ok": True}).fast_path.handle("eio", anything)
