"""The web channel from within: connections that misbehave cost little, and none keeps the service from stopping."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from chatbot.conversations.requests import SayRequest, TurnResult
from chatbot.sockets.hardening import MAX_FRAME_BYTES
from store.database import StoreError
from tests.chatbot.channels.web.serving import serving
from tests.clock import FakeClock
from tests.end_to_end.raw_socket import RawSocket, code_of
from tests.service_fixture import ServiceFixture
from tests.waiting import wait_until

REQUEST = "a-request-of-mine"
# What two hundred messages of two thousand characters come to.
ANSWER_BYTES = 500_000


@pytest.fixture
async def billchat(tmp_path: Path, clock: FakeClock) -> AsyncIterator[ServiceFixture]:
    opened = await ServiceFixture.open(tmp_path, clock)
    yield opened
    await opened.close()


async def test_who_asks_without_reading_is_waited_for(billchat: ServiceFixture) -> None:
    async with serving(billchat) as (channel, url), RawSocket.open(url) as raw:
        conversation = (await raw.ask("start", {"id": REQUEST}))["conversation"]
        session = billchat.service.keys.session_id(raw.welcome["session"])
        assert session is not None
        for number in range(100):
            await billchat.turns.say(SayRequest(conversation, session, f"{REQUEST}-{number}", "address", "long " * 400))
        [environ] = channel.sio.environ.values()
        writing = environ["aiohttp.request"].transport
        reading = raw.ws._response.connection.transport  # type: ignore[union-attr]
        reading.pause_reading()
        for number in range(50):
            payload = json.dumps(["open", {"conversation": conversation, "after": 0}])
            await raw.ws.send_str(f"42/chat,{100 + number}{payload}")
        await wait_until(lambda: writing.get_write_buffer_size() > 0)
        unread = [writing.get_write_buffer_size()]
        for _ in range(20):
            await asyncio.sleep(0.02)
            unread.append(writing.get_write_buffer_size())
        assert max(unread) < 5 * ANSWER_BYTES  # of fifty
        reading.resume_reading()
        for number in range(50):
            assert len((await raw.acknowledgement(100 + number))["messages"]) == 200


async def test_another_device_hears_of_a_turn_whose_own_device_left_meanwhile(billchat: ServiceFixture) -> None:
    async with serving(billchat) as (_, url), RawSocket.open(url) as raw:
        conversation = (await raw.ask("start", {"id": REQUEST}))["conversation"]
        session = billchat.service.keys.session_id(raw.welcome["session"])
        assert session is not None
        answer = await billchat.turns.say(
            SayRequest(conversation, session, f"{REQUEST}-2", "address", "hello", origin="a device that is gone")
        )
        assert isinstance(answer, TurnResult)
        assert "hello" in await raw.frame()


async def test_a_client_that_never_asks_for_its_packets_does_not_keep_the_service_from_stopping(
    billchat: ServiceFixture,
) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as http:
        async with serving(billchat) as (channel, url):
            async with http.get(f"{url}/socket.io/?EIO=4&transport=polling") as answer:
                sid = json.loads((await answer.text())[1:])["sid"]
            async with http.post(f"{url}/socket.io/?EIO=4&transport=polling&sid={sid}", data="40/chat,") as answer:
                assert answer.status == 200
            assert len(channel._devices) == 1
        assert channel._devices == {}


async def test_those_who_are_connected_are_told_when_the_service_stops(billchat: ServiceFixture) -> None:
    async with aiohttp.ClientSession() as http:
        async with serving(billchat) as (_, url):
            ws = await http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket")
            await ws.receive()
            await ws.send_str("40/chat,")
        seen = [message.data async for message in ws]
        assert seen[-1] == "1", "Engine.IO's way to say goodbye: the client comes back"


async def test_a_database_that_fails_turns_a_visitor_away_and_keeps_nothing_of_them(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(work: object) -> None:
        raise StoreError("the disk is gone")

    async with serving(billchat) as (channel, url), RawSocket.open(url, join=False) as raw:
        with monkeypatch.context() as patch:
            patch.setattr(billchat.service.database, "read", broken)
            await raw.ws.send_str("40/chat,")
            assert (await raw.frame()).startswith("40/chat,")
            assert (await raw.frame()).startswith("41/chat,")
        assert channel._devices == {}
        assert channel._devices == {}
        await raw.join()
        assert (await raw.ask("start", {"id": REQUEST}))["ok"]


async def test_a_fault_of_ours_is_an_honest_refusal_and_the_next_try_works(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("a fault of ours")

    async with serving(billchat) as (_, url), RawSocket.open(url) as raw:
        with monkeypatch.context() as patch:
            patch.setattr(billchat.turns, "_start", broken)
            assert code_of(await raw.ask("start", {"id": REQUEST})) == "unavailable"
        assert (await raw.ask("start", {"id": REQUEST}))["ok"]


async def test_every_connection_that_ends_is_forgotten(billchat: ServiceFixture) -> None:
    async with serving(billchat) as (channel, url):
        for _ in range(20):
            async with RawSocket.open(url) as raw:
                await raw.ask("start", {"id": REQUEST})
            async with RawSocket.open(url) as raw:
                await raw.ws.send_str("41/chat,")
                await raw.join()
            async with RawSocket.open(url) as raw:
                await raw.ws.send_str("not a frame")
                assert await raw.ends()
        await wait_until(lambda: not channel._devices and not channel.sio.eio.sockets)
        assert channel._devices == {}
        assert channel.sio.environ == {}
        assert billchat.service.metrics.sockets._value.get() == 0


async def test_turns_of_one_socket_keep_the_order_in_which_they_were_sent(billchat: ServiceFixture) -> None:
    async with serving(billchat) as (_, url), RawSocket.open(url) as raw:
        conversation = (await raw.ask("start", {"id": REQUEST}))["conversation"]
        for number in range(30):
            say = {"conversation": conversation, "id": f"{REQUEST}-{number}", "text": f"hello {number}"}
            await raw.ws.send_str(f"42/chat,{100 + number}{json.dumps(['say', say])}")
        for number in range(30):
            assert (await raw.acknowledgement(100 + number))["messages"][0]["text"] == f"hello {number}"


@pytest.mark.parametrize("character", ["a", "é", "€", "😀", "\x00"])
@pytest.mark.parametrize(("characters", "code"), [(1400, ""), (2000, ""), (2001, "too_long"), (5000, "too_long")])
async def test_a_text_is_judged_by_its_characters_however_they_are_escaped(
    billchat: ServiceFixture, character: str, characters: int, code: str
) -> None:
    async with serving(billchat) as (_, url), RawSocket.open(url) as raw:
        conversation = (await raw.ask("start", {"id": REQUEST}))["conversation"]
        say = {"conversation": conversation, "id": f"{REQUEST}-2", "text": character * characters}
        assert code_of(await raw.ask("say", say)) == code, "the client escapes what is not ASCII"
        await raw.ws.send_str(f"42/chat,77{json.dumps(['say', say | {'id': f'{REQUEST}-3'}], ensure_ascii=False)}")
        assert code_of(await raw.acknowledgement(77)) == code
        assert (await raw.ask("open", {"conversation": conversation, "after": 0}))["ok"], (
            "the connection is still there"
        )


async def test_a_frame_beyond_every_text_ends_the_connection(billchat: ServiceFixture) -> None:
    async with serving(billchat) as (_, url), RawSocket.open(url) as raw:
        await raw.ws.send_str("42/chat,1" + json.dumps(["say", {"text": "a" * MAX_FRAME_BYTES}]))
        assert await raw.ends()
