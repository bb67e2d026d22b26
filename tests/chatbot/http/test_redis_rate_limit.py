"""The rate limit in Redis: shared while Redis answers, counted by each process alone while it does not."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from structlog.testing import capture_logs

from chatbot.http.redis_rate_limit import COOLDOWN_S, REDIS_TIMEOUT_S, RedisFixedWindowLimit
from tests.database_servers import RedisServer, redis_server

MAX_REQUESTS, WINDOW_S = 5, 60


class ManualClock:
    """Seconds that pass only when a test adds them."""

    def __init__(self) -> None:
        self.now = 6_000.0

    def __call__(self) -> float:
        return self.now


MakeLimit = Callable[..., RedisFixedWindowLimit]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def make_limit(clock: ManualClock) -> AsyncIterator[MakeLimit]:
    """Makes one process's end of a shared limit."""
    name = f"billchat-test-{uuid.uuid4().hex}"
    async with AsyncExitStack() as stack:

        def make(redis: str | None, name: str = name) -> RedisFixedWindowLimit:
            limit = RedisFixedWindowLimit(MAX_REQUESTS, WINDOW_S, redis=redis, name=name, clock=clock)
            stack.push_async_callback(limit.close)
            return limit

        yield make


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


async def allowed(limit: RedisFixedWindowLimit, times: int, key: str = "one") -> int:
    return Counter([await limit.allows(key) for _ in range(times)])[True]


async def test_without_a_redis_every_process_counts_for_itself(make_limit: MakeLimit) -> None:
    assert await allowed(make_limit(None), 10) == MAX_REQUESTS
    assert await allowed(make_limit(None), 10) == MAX_REQUESTS


async def test_two_processes_share_a_count(make_limit: MakeLimit, redis_url: str) -> None:
    here, there = make_limit(redis_url), make_limit(redis_url)
    assert await allowed(here, 3) == 3
    assert await allowed(there, 3) == MAX_REQUESTS - 3
    assert await allowed(here, 1) == 0
    assert await allowed(there, 1, "another") == 1


async def test_two_services_that_share_a_redis_count_apart(make_limit: MakeLimit, redis_url: str) -> None:
    assert await allowed(make_limit(redis_url), 10) == MAX_REQUESTS
    assert await allowed(make_limit(redis_url, "billchat-test-another"), 1, uuid.uuid4().hex) == 1


async def test_a_key_above_the_local_limit_is_refused_without_asking_redis(
    make_limit: MakeLimit, redis: RedisServer
) -> None:
    here = make_limit(redis.url)
    assert await allowed(here, MAX_REQUESTS) == MAX_REQUESTS
    redis.freeze()
    with capture_logs() as logged:
        assert await allowed(here, 10) == 0
    assert logged == []
    redis.thaw()


async def test_processes_count_alone_while_redis_is_stopped_and_together_afterwards(
    make_limit: MakeLimit, redis: RedisServer, clock: ManualClock
) -> None:
    here, there = make_limit(redis.url), make_limit(redis.url)
    assert await allowed(here, 4) == 4
    redis.stop()
    with capture_logs() as logged:
        assert await allowed(there, 10) == MAX_REQUESTS, "each process goes on with its local count"
        assert await allowed(here, 10) == MAX_REQUESTS - 4
    assert [line["log_level"] for line in logged] == ["warning", "warning"], "one warning a process"
    redis.start()
    with capture_logs() as logged:
        clock.now += COOLDOWN_S
        assert await allowed(here, 3, "another") == 3
        assert await allowed(there, 3, "another") == MAX_REQUESTS - 3
    assert [line["log_level"] for line in logged] == ["info", "info"]


async def test_nobody_waits_long_for_a_redis_that_does_not_answer(
    make_limit: MakeLimit, redis: RedisServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, loop = make_limit(redis.url), asyncio.get_running_loop()
    assert await allowed(here, 1) == 1
    redis.freeze()
    started = loop.time()
    with capture_logs() as logged:
        assert all(await asyncio.gather(*(here.allows(f"visitor {number}") for number in range(200))))
    assert loop.time() - started < 25 * REDIS_TIMEOUT_S, "200 requests wait for one timeout, not for 200"
    assert len(logged) == 1
    count = AsyncMock()
    monkeypatch.setattr(here, "_count_shared", count)
    assert await allowed(here, 10) == MAX_REQUESTS - 1
    assert not count.called, "no request waits during the cooldown"
    monkeypatch.undo()
    redis.thaw()
    clock.now += COOLDOWN_S
    with capture_logs() as logged:
        assert await here.allows("another")
    assert [line["log_level"] for line in logged] == ["info"]
