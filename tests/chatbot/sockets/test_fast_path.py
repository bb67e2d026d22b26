"""The express lane: what it answers, and what it leaves to Socket.IO untouched."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatbot.channels.web.wire import Payload, SayPayload, SeenPayload
from chatbot.sockets.fast_path import EventFastPath

SAID = {"conversation": "c1", "id": "a-good-request-id", "text": "hello"}


class Desk:
    """Answers events as the web channel does, and remembers them."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        self.asked: list[tuple[str, str, Payload]] = []
        self._answer = answer
        self.lane = EventFastPath("/chat", {"say": SayPayload, "seen": SeenPayload}, self._take)

    async def _take(self, connection: str, event: str, asked: Payload) -> dict[str, Any] | None:
        self.asked.append((connection, event, asked))
        return self._answer


def frame(event: str, payload: object, number: object = 7, kind: str = "42/chat,") -> str:
    return f"{kind}{number}{json.dumps([event, payload])}"


async def test_a_plain_event_is_answered_with_its_acknowledgement() -> None:
    desk = Desk({"ok": True, "messages": [{"text": "¿Qué?"}]})
    answer = await desk.lane.take("eio", frame("say", SAID))
    assert answer is not None
    assert answer.startswith(b"43/chat,7[")
    assert json.loads(answer.removeprefix(b"43/chat,7")) == [{"ok": True, "messages": [{"text": "¿Qué?"}]}]
    assert desk.asked == [("eio", "say", SayPayload("c1", "a-good-request-id", "hello"))]


async def test_whatever_is_not_plain_is_left_alone() -> None:
    desk = Desk({"ok": True})
    for other in (
        "2", "3probe", "40/chat,{}", "41/chat,", "42", "42/chat", "42/chat,", "42/chat,7", "42/chat,7[]", "42/chat,7[",
        frame("say", SAID, kind="42"), frame("say", SAID, kind="42/other,"), frame("say", SAID, kind="43/chat,"),
        frame("say", SAID, number=""), frame("say", SAID, number="7x"), frame("say", SAID, number="7" * 200),
        frame("say", SAID, number="٤"), frame("say", SAID, number="1-"), frame("open", SAID), frame("disconnect", {}),
        frame("say", None), frame("say", {}), frame("say", {**SAID, "text": 5}), frame("say", {**SAID, "choice": "x"}),
        frame("say", {**SAID, "text": "x" * 2001}), frame("say", {**SAID, "text": "\ud800"}),
        '42/chat,7["say"]', f'42/chat,7["say",{json.dumps(SAID)},{{}}]', f'42/chat,7["say",{json.dumps(SAID)}',
        f'42/chat,7["say",{json.dumps(SAID)}]x', '42/chat,7["seen",{"conversation":"x","seq":' + "9" * 5000 + "}]",
    ):  # fmt: skip
        assert await desk.lane.take("eio", other) is None
    assert desk.asked == []


async def test_who_is_not_connected_is_left_to_socket_io_too() -> None:
    assert await Desk(None).lane.take("eio", frame("say", SAID)) is None


async def test_a_connection_that_was_ended_gets_no_acknowledgement() -> None:
    assert await Desk({}).lane.take("eio", frame("say", SAID)) == b""


@given(st.text() | st.text().map(lambda rest: "42/chat,1" + rest) | st.text().map(lambda rest: frame("say", rest)))
async def test_no_frame_breaks_the_lane(anything: str) -> None:
    await Desk({"ok": True}).lane.take("eio", anything)
