"""Limits on requests, messages and frames: by session, by connection and by network address."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatbot.config.settings import LimitSettings, ServerSettings
from chatbot.sockets.fast_path import MAX_PINGS
from chatbot.sockets.message_limits import MessageLimits
from tests.chatbot.channels.web.serving import serving
from tests.clock import FakeClock
from tests.end_to_end.raw_socket import RawSocket, code_of
from tests.service_fixture import ServiceFixture

ATTACKER, CUSTOMER = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "198.51.100.4"}


async def opened(folder: Path, clock: FakeClock, **limits: int) -> ServiceFixture:
    return await ServiceFixture.open(
        folder, clock, limits=LimitSettings(**limits), server=ServerSettings(trusted_proxies=["127.0.0.1"])
    )


@pytest.mark.parametrize(
    ("limits", "text", "allowed"),
    [
        ({"messages_per_session_per_hour": 3}, "hello", 3),
        ({"messages_per_address_per_hour": 4}, "hello", 4),
        ({"text_kilobytes_per_address_per_hour": 1}, "é" * 100, 5),
    ],
    ids=str,
)
async def test_what_one_address_can_write_in_an_hour_is_bounded(
    tmp_path: Path, clock: FakeClock, limits: dict[str, int], text: str, allowed: int
) -> None:
    billchat = await opened(tmp_path, clock, **limits)
    now = 36_000.0
    counted = MessageLimits(billchat.service, lambda: now)
    assert [counted.may_say("a browser", "an address", text) for _ in range(9)] == [True] * allowed + [False] * (
        9 - allowed
    )
    assert counted.may_say("another browser", "another address", text)
    assert billchat.service.metrics.slowed_down.labels(limit=next(iter(limits)))._value.get() == 9 - allowed
    now += 3600
    assert counted.may_say("a browser", "an address", text)
    await billchat.close()


async def test_a_message_above_the_limit_is_refused_politely_and_writes_nothing(
    tmp_path: Path, clock: FakeClock
) -> None:
    billchat = await opened(tmp_path, clock, messages_per_session_per_hour=2)
    async with serving(billchat) as (_, url), RawSocket.open(url, {"locale": "es"}) as raw:
        conversation = (await raw.ask("start", {"id": "a-request"}))["conversation"]
        answers = [
            await raw.ask("say", {"conversation": conversation, "id": f"message-{n}", "text": "hola"}) for n in range(4)
        ]
    assert [code_of(answer) for answer in answers] == ["", "", "slow_down", "slow_down"]
    assert answers[-1]["error"]["message"] == billchat.service.words.text("error-slow-down", "es")
    assert len(await billchat.rows("select 1 from messages where author = 'customer'")) == 2
    await billchat.close()


async def test_a_connection_that_pings_without_end_is_dropped_and_a_few_pings_are_answered(
    tmp_path: Path, clock: FakeClock
) -> None:
    billchat = await opened(tmp_path, clock)
    async with serving(billchat) as (_, url), RawSocket.open(url, headers=ATTACKER) as raw:
        for _ in range(5):
            await raw.ws.ping(b"x")
        assert code_of(await raw.ask("start", {"id": "a-request"})) == ""
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            for _ in range(10 * MAX_PINGS):
                await raw.ws.ping(b"x")
        assert await raw.ends(within=5)
    await billchat.close()


async def test_frames_above_the_pace_wait_and_other_addresses_do_not(tmp_path: Path, clock: FakeClock) -> None:
    billchat = await opened(tmp_path, clock, frames_per_address_per_second=40)
    loop = asyncio.get_running_loop()
    async with (
        serving(billchat) as (_, url),
        RawSocket.open(url, headers=ATTACKER) as attacker,
        RawSocket.open(url, headers=CUSTOMER) as customer,
    ):
        began = loop.time()
        for number in range(20):
            payload: list[Any] = ["seen", {"conversation": "none", "seq": number}]
            await attacker.ws.send_str(f"42/chat,{1000 + number}{json.dumps(payload)}")
        flooding = asyncio.create_task(attacker.acknowledgement(1019, within=20))
        assert code_of(await customer.ask("start", {"id": "a-request"})) == ""
        assert not flooding.done()
        assert code_of(await flooding) == "not_found", "every frame is answered in the end"
        assert loop.time() - began > 1
    await billchat.close()


async def test_an_answer_of_many_messages_counts_as_many_frames(tmp_path: Path, clock: FakeClock) -> None:
    billchat = await opened(tmp_path, clock, frames_per_address_per_second=50)
    async with serving(billchat) as (channel, url), RawSocket.open(url, headers=CUSTOMER) as raw:
        conversation = (await raw.ask("start", {"id": "a-request"}))["conversation"]
        for number in range(20):
            await raw.ask("say", {"conversation": conversation, "id": f"message-{number}", "text": "hello"}, within=20)
        [device] = channel._devices.values()
        before = channel._limits._frames.backlog_s(device.address)
        answer = await raw.ask("open", {"conversation": conversation, "after": 0}, within=20)
        assert len(answer["messages"]) > 40
        assert channel._limits._frames.backlog_s(device.address) > before + 0.02
    await billchat.close()


async def test_a_client_that_reads_nothing_is_cut_off_when_it_is_closed(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.sockets.fast_path.CLOSE_TIMEOUT_S", 0.05)
    billchat = await opened(tmp_path, clock)
    async with serving(billchat) as (channel, url), RawSocket.open(url) as raw:
        conversation = (await raw.ask("start", {"id": "a-request"}))["conversation"]
        for number in range(50):
            say = {"conversation": conversation, "id": f"message-{number}", "text": "long " * 400}
            await raw.ask("say", say)
        reading = raw.ws._response.connection.transport  # type: ignore[union-attr]
        reading.pause_reading()
        for number in range(50):
            payload = json.dumps(["open", {"conversation": conversation, "after": 0}])
            await raw.ws.send_str(f"42/chat,{1000 + number}{payload}")
        await asyncio.sleep(0.2)
        [connection] = channel.sio.eio.sockets
        await channel.sio.close_connection(connection)
        async with asyncio.timeout(5):
            while channel.sio.eio.sockets:
                await asyncio.sleep(0.01)
        reading.resume_reading()
    await billchat.close()
