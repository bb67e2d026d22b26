"""The door: how many connections and conversations one network address may have, and how the others are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio
from redis.asyncio import Redis
from structlog.testing import capture_logs

from chatbot.config.settings import LimitSettings, RedisSettings, ServerSettings
from chatbot.sockets.connection_limits import ConnectionLimits
from tests.chatbot.channels.web.serving import serving
from tests.clock import FakeClock
from tests.end_to_end.customer import Customer
from tests.end_to_end.raw_socket import RawSocket, code_of
from tests.service_fixture import ServiceFixture

ADDRESS, NEAR, FAR = "203.0.113.7", "198.51.100.4", "192.0.2.9"
MOST = 3

Open = Callable[..., Coroutine[Any, Any, ServiceFixture]]


@pytest.fixture
async def open_house(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Open]:
    """Opens houses with limits of the test's own, behind a proxy that says where customers come from."""
    async with AsyncExitStack() as ends:

        async def make(redis: str | None = None, **limits: int) -> ServiceFixture:
            sections = {
                "limits": LimitSettings(**limits),
                "server": ServerSettings(trusted_proxies=["127.0.0.1"]),
                "redis": RedisSettings(url=redis),
            }
            billchat = await ServiceFixture.open(tmp_path, clock, **sections)
            ends.push_async_callback(billchat.close)
            return billchat

        yield make


def coming_from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def knock(raw: RawSocket, locale: str = "en") -> str:
    """Ask to join; returns the code of the refusal, or nothing."""
    await raw.ws.send_str(f'40/chat,{{"locale": "{locale}"}}')
    frame = await raw.frame()
    if frame.startswith("40/chat,"):
        return ""
    assert frame.startswith("44/chat,"), "a refusal, in the packet that Socket.IO's clients take for one"
    refusal = json.loads(frame.removeprefix("44/chat,"))
    assert refusal["message"] == refusal["data"]["message"]
    raw.welcome = refusal
    return str(refusal["data"]["code"])


async def come(url: str, address: str) -> str:
    """Come, ask to join, and leave."""
    async with RawSocket.open(url, join=False, headers=coming_from(address)) as raw:
        return await knock(raw)


def slowed_down(billchat: ServiceFixture, limit: str) -> float:
    return float(billchat.service.metrics.slowed_down.labels(limit=limit)._value.get())


async def test_an_address_that_connects_too_often_is_told_so_and_others_are_not(open_house: Open) -> None:
    billchat = await open_house(connections_per_address_per_minute=MOST)
    async with serving(billchat) as (channel, url):
        assert [await come(url, ADDRESS) for _ in range(MOST + 1)] == [""] * MOST + ["slow_down"]
        assert [await come(url, NEAR) for _ in range(MOST)] == [""] * MOST
        assert slowed_down(billchat, "connections_per_address_per_minute") == 1
        async with asyncio.timeout(5):
            while channel._devices:
                await asyncio.sleep(0.01)


async def test_a_refusal_speaks_the_language_that_was_asked_for(open_house: Open) -> None:
    billchat = await open_house(connections_per_address_per_minute=1)
    async with serving(billchat) as (_, url), RawSocket.open(url, join=False) as raw:
        assert await knock(raw) == ""
        await raw.frame()
        assert await knock(raw, "es") == "slow_down"
        assert raw.welcome["message"] == billchat.service.words.text("error-slow-down", "es")


async def test_joining_again_and_again_on_one_connection_counts_as_well(open_house: Open) -> None:
    billchat = await open_house(connections_per_address_per_minute=MOST)
    async with serving(billchat) as (_, url), RawSocket.open(url, join=False) as raw:
        for _ in range(MOST):
            assert await knock(raw) == ""
            assert (await raw.frame()).startswith("42/chat,")
            await raw.ws.send_str("41/chat,")
        assert await knock(raw) == "slow_down"


async def test_an_ordinary_client_hears_why_it_was_refused(open_house: Open) -> None:
    billchat = await open_house(connections_per_address_per_minute=1)
    async with serving(billchat) as (_, url):
        assert await come(url, "127.0.0.1") == ""
        device, told = Customer(url), []
        device._client.on("connect_error", told.append, namespace="/chat")
        with pytest.raises(socketio.exceptions.ConnectionError):
            await device.connect()
        message = billchat.service.words.text("error-slow-down", "en")
        assert told == [{"message": message, "data": {"code": "slow_down", "message": message}}]
        await device.discard()


async def test_an_address_has_so_many_connections_at_once_and_who_leaves_makes_room(open_house: Open) -> None:
    billchat = await open_house(connections_per_address=MOST)
    async with serving(billchat) as (channel, url), AsyncExitStack() as stack:
        inside = [
            await stack.enter_async_context(RawSocket.open(url, headers=coming_from(ADDRESS))) for _ in range(MOST)
        ]
        assert await come(url, ADDRESS) == "slow_down"
        assert await come(url, FAR) == ""
        assert code_of(await inside[0].ask("start", {"id": "a-request"})) == "", "who is inside notices nothing"
        await inside[0].ws.close()
        async with asyncio.timeout(5):
            while len(channel.sio.eio.sockets) > MOST - 1:
                await asyncio.sleep(0.01)
        assert await come(url, ADDRESS) == ""
        assert slowed_down(billchat, "connections_per_address") == 1


async def test_connections_that_never_join_are_bounded_too(open_house: Open) -> None:
    billchat = await open_house(connections_per_address=MOST)
    async with serving(billchat) as (channel, url), AsyncExitStack() as stack:
        for _ in range(2 * MOST):
            await stack.enter_async_context(RawSocket.open(url, join=False))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stack.enter_async_context(RawSocket.open(url, join=False))
        assert refused.value.status == 401
        assert len(channel.sio.eio.sockets) == 2 * MOST


async def test_connections_that_ended_in_any_way_are_no_longer_counted(open_house: Open) -> None:
    billchat = await open_house()
    async with serving(billchat) as (channel, url):
        for number in range(9):
            async with RawSocket.open(url, join=number % 3 > 0) as raw:
                if number % 3 == 2:
                    raw.ws._response.connection.transport.abort()  # type: ignore[union-attr]
        await Customer(url).connect(["polling"])
    assert channel._limits._open == {}


async def test_conversations_are_begun_at_a_pace_too(open_house: Open) -> None:
    billchat = await open_house(starts_per_address_per_minute=MOST)
    async with (
        serving(billchat) as (_, url),
        RawSocket.open(url, headers=coming_from(ADDRESS)) as one,
        RawSocket.open(url, headers=coming_from(ADDRESS)) as another,
        RawSocket.open(url, headers=coming_from(NEAR)) as elsewhere,
    ):
        begun = [code_of(await raw.ask("start", {"id": f"request-{n}"})) for n in range(2) for raw in (one, another)]
        assert begun == [""] * MOST + ["slow_down"]
        assert code_of(await elsewhere.ask("start", {"id": "a-request"})) == ""
        assert slowed_down(billchat, "starts_per_address_per_minute") == 1


async def test_the_limit_of_an_hour_holds_when_the_minute_is_over(open_house: Open) -> None:
    billchat = await open_house(starts_per_address_per_minute=2, starts_per_address_per_hour=3)
    now = 36_000.0
    limits = ConnectionLimits(billchat.service, lambda: now)
    assert [limits.may_start("somebody", "browser") for _ in range(3)] == [True, True, False]
    now += 60
    assert [limits.may_start("somebody", "browser") for _ in range(2)] == [True, False]
    assert slowed_down(billchat, "starts_per_address_per_hour") == 1
    now += 3600
    assert limits.may_start("somebody", "browser")


async def test_one_browser_begins_only_so_many_conversations(open_house: Open) -> None:
    billchat = await open_house(starts_per_session_per_hour=2)
    with capture_logs() as said:
        limits = ConnectionLimits(billchat.service)
        assert [limits.may_start("somebody", "browser") for _ in range(3)] == [True, True, False]
        assert limits.may_start("somebody", "another browser")
    assert slowed_down(billchat, "starts_per_session_per_hour") == 1
    assert said == [], "it is no proxy's address that is at its limit"


async def test_two_processes_count_connections_together(open_house: Open, redis_url: str) -> None:
    houses = [await open_house(redis_url, connections_per_address_per_minute=MOST) for _ in range(2)]
    async with Redis.from_url(redis_url) as redis, serving(houses[0]) as (_, here), serving(houses[1]) as (_, there):
        ours = f"billchat-{houses[0].service.keys.digest('connections')}*"
        await redis.delete("nothing", *await redis.keys(ours))
        assert [await come(url, ADDRESS) for url in (here, there, here, there)] == [""] * MOST + ["slow_down"]
        kept = [key.decode() for key in await redis.keys(ours)]
        assert len(kept) == 1
        assert ADDRESS not in kept[0], "Redis too knows no address"


async def test_an_operator_is_told_once_and_without_the_address(open_house: Open) -> None:
    billchat = await open_house(connections_per_address_per_minute=1)
    with capture_logs() as said:
        async with serving(billchat) as (_, url):
            for _ in range(4):
                await come(url, ADDRESS)
    warnings = [line for line in said if line["log_level"] == "warning"]
    assert [line["limit"] for line in warnings] == ["connections_per_address_per_minute"]
    assert ADDRESS not in str(said)
    assert ADDRESS not in billchat.service.metrics.report().decode()
