"""Limits on the connections and new conversations of a network address, and their refusals."""

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
from tests.waiting import wait_until

ADDRESS, OTHER_ADDRESS, THIRD_ADDRESS = "203.0.113.7", "198.51.100.4", "192.0.2.9"
LIMIT = 3

OpenService = Callable[..., Coroutine[Any, Any, ServiceFixture]]


@pytest.fixture
async def open_service(tmp_path: Path, clock: FakeClock) -> AsyncIterator[OpenService]:
    """Opens services with given limits, behind a trusted proxy."""
    async with AsyncExitStack() as stack:

        async def make(redis: str | None = None, **limits: int) -> ServiceFixture:
            sections = {
                "limits": LimitSettings(**limits),
                "server": ServerSettings(trusted_proxies=["127.0.0.1"]),
                "redis": RedisSettings(url=redis),
            }
            billchat = await ServiceFixture.open(tmp_path, clock, **sections)
            stack.push_async_callback(billchat.close)
            return billchat

        yield make


def forwarded_for(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def join(raw: RawSocket, locale: str = "en") -> str:
    """Join the namespace; returns the refusal's code, or an empty string."""
    await raw.ws.send_str(f'40/chat,{{"locale": "{locale}"}}')
    frame = await raw.frame()
    if frame.startswith("40/chat,"):
        return ""
    assert frame.startswith("44/chat,"), "CONNECT_ERROR"
    refusal = json.loads(frame.removeprefix("44/chat,"))
    assert refusal["message"] == refusal["data"]["message"]
    raw.welcome = refusal
    return str(refusal["data"]["code"])


async def connect(url: str, address: str) -> str:
    """Connect, join, and disconnect; returns the refusal's code, or an empty string."""
    async with RawSocket.open(url, join=False, headers=forwarded_for(address)) as raw:
        return await join(raw)


def slowed_down(billchat: ServiceFixture, limit: str) -> float:
    return float(billchat.service.metrics.slowed_down.labels(limit=limit)._value.get())


async def test_an_address_that_connects_too_often_is_refused_and_others_are_not(open_service: OpenService) -> None:
    billchat = await open_service(connections_per_address_per_minute=LIMIT)
    async with serving(billchat) as (channel, url):
        assert [await connect(url, ADDRESS) for _ in range(LIMIT + 1)] == [""] * LIMIT + ["slow_down"]
        assert [await connect(url, OTHER_ADDRESS) for _ in range(LIMIT)] == [""] * LIMIT
        assert slowed_down(billchat, "connections_per_address_per_minute") == 1
        await wait_until(lambda: not channel._devices)


async def test_a_refusal_is_in_the_requested_language(open_service: OpenService) -> None:
    billchat = await open_service(connections_per_address_per_minute=1)
    async with serving(billchat) as (_, url), RawSocket.open(url, join=False) as raw:
        assert await join(raw) == ""
        await raw.frame()
        assert await join(raw, "es") == "slow_down"
        assert raw.welcome["message"] == billchat.service.words.text("error-slow-down", "es")


async def test_repeated_joins_on_one_connection_count_too(open_service: OpenService) -> None:
    billchat = await open_service(connections_per_address_per_minute=LIMIT)
    async with serving(billchat) as (_, url), RawSocket.open(url, join=False) as raw:
        for _ in range(LIMIT):
            assert await join(raw) == ""
            assert (await raw.frame()).startswith("42/chat,")
            await raw.ws.send_str("41/chat,")
        assert await join(raw) == "slow_down"


async def test_an_ordinary_client_receives_the_reason_of_a_refusal(open_service: OpenService) -> None:
    billchat = await open_service(connections_per_address_per_minute=1)
    async with serving(billchat) as (_, url):
        assert await connect(url, "127.0.0.1") == ""
        device, errors = Customer(url), []
        device._client.on("connect_error", errors.append, namespace="/chat")
        with pytest.raises(socketio.exceptions.ConnectionError):
            await device.connect()
        message = billchat.service.words.text("error-slow-down", "en")
        assert errors == [{"message": message, "data": {"code": "slow_down", "message": message}}]
        await device.discard()


async def test_an_address_has_a_limit_of_open_connections_and_a_closed_one_frees_a_place(
    open_service: OpenService,
) -> None:
    billchat = await open_service(connections_per_address=LIMIT)
    async with serving(billchat) as (channel, url), AsyncExitStack() as stack:
        open_ones = [
            await stack.enter_async_context(RawSocket.open(url, headers=forwarded_for(ADDRESS))) for _ in range(LIMIT)
        ]
        assert await connect(url, ADDRESS) == "slow_down"
        assert await connect(url, THIRD_ADDRESS) == ""
        assert code_of(await open_ones[0].ask("start", {"id": "a-request"})) == "", "open connections are not affected"
        await open_ones[0].ws.close()
        await wait_until(lambda: len(channel.sio.eio.sockets) == LIMIT - 1)
        assert await connect(url, ADDRESS) == ""
        assert slowed_down(billchat, "connections_per_address") == 1


async def test_connections_that_never_join_are_limited_too(open_service: OpenService) -> None:
    billchat = await open_service(connections_per_address=LIMIT)
    async with serving(billchat) as (channel, url), AsyncExitStack() as stack:
        for _ in range(2 * LIMIT):
            await stack.enter_async_context(RawSocket.open(url, join=False))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stack.enter_async_context(RawSocket.open(url, join=False))
        assert refused.value.status == 401
        assert len(channel.sio.eio.sockets) == 2 * LIMIT


async def test_connections_that_closed_in_any_way_are_no_longer_counted(open_service: OpenService) -> None:
    billchat = await open_service()
    async with serving(billchat) as (channel, url):
        for number in range(9):
            async with RawSocket.open(url, join=number % 3 > 0) as raw:
                if number % 3 == 2:
                    raw.ws._response.connection.transport.abort()  # type: ignore[union-attr]
        await Customer(url).connect(["polling"])
    assert channel._limits._open == {}


async def test_an_address_has_a_limit_of_new_conversations_a_minute(open_service: OpenService) -> None:
    billchat = await open_service(starts_per_address_per_minute=LIMIT)
    async with (
        serving(billchat) as (_, url),
        RawSocket.open(url, headers=forwarded_for(ADDRESS)) as one,
        RawSocket.open(url, headers=forwarded_for(ADDRESS)) as another,
        RawSocket.open(url, headers=forwarded_for(OTHER_ADDRESS)) as elsewhere,
    ):
        codes = [code_of(await raw.ask("start", {"id": f"request-{n}"})) for n in range(2) for raw in (one, another)]
        assert codes == [""] * LIMIT + ["slow_down"]
        assert code_of(await elsewhere.ask("start", {"id": "a-request"})) == ""
        assert slowed_down(billchat, "starts_per_address_per_minute") == 1


async def test_the_hourly_limit_holds_after_the_minute_is_over(open_service: OpenService) -> None:
    billchat = await open_service(starts_per_address_per_minute=2, starts_per_address_per_hour=3)
    now = 36_000.0
    limits = ConnectionLimits(billchat.service, lambda: now)
    assert [limits.may_start("somebody", "browser") for _ in range(3)] == [True, True, False]
    now += 60
    assert [limits.may_start("somebody", "browser") for _ in range(2)] == [True, False]
    assert slowed_down(billchat, "starts_per_address_per_hour") == 1
    now += 3600
    assert limits.may_start("somebody", "browser")


async def test_a_session_has_a_limit_of_new_conversations_an_hour(open_service: OpenService) -> None:
    billchat = await open_service(starts_per_session_per_hour=2)
    with capture_logs() as logged:
        limits = ConnectionLimits(billchat.service)
        assert [limits.may_start("somebody", "browser") for _ in range(3)] == [True, True, False]
        assert limits.may_start("somebody", "another browser")
    assert slowed_down(billchat, "starts_per_session_per_hour") == 1
    assert logged == [], "the warning is about addresses, and a session is none"


async def test_two_processes_share_the_count_of_connections(open_service: OpenService, redis_url: str) -> None:
    services = [await open_service(redis_url, connections_per_address_per_minute=LIMIT) for _ in range(2)]
    async with (
        Redis.from_url(redis_url) as redis,
        serving(services[0]) as (_, here),
        serving(services[1]) as (_, there),
    ):
        pattern = f"billchat-{services[0].service.keys.digest('connections')}*"
        await redis.delete("nothing", *await redis.keys(pattern))
        assert [await connect(url, ADDRESS) for url in (here, there, here, there)] == [""] * LIMIT + ["slow_down"]
        keys = [key.decode() for key in await redis.keys(pattern)]
        assert len(keys) == 1
        assert ADDRESS not in keys[0], "no address in Redis"


async def test_a_limit_is_logged_once_and_without_the_address(open_service: OpenService) -> None:
    billchat = await open_service(connections_per_address_per_minute=1)
    with capture_logs() as logged:
        async with serving(billchat) as (_, url):
            for _ in range(4):
                await connect(url, ADDRESS)
    warnings = [line for line in logged if line["log_level"] == "warning"]
    assert [line["limit"] for line in warnings] == ["connections_per_address_per_minute"]
    assert ADDRESS not in str(logged)
    assert ADDRESS not in billchat.service.metrics.report().decode()
