"""A pace that several processes keep together while Redis is there, and each alone while it is not."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chatbot.http.rate_limit import FixedWindowLimit
from chatbot.http.redis_rate_limit import COOLDOWN_S, PATIENCE_S, RedisFixedWindowLimit
from tests.end_to_end.own_services import OwnRedis, own_redis

MOST, SECONDS = 5, 60


class Seconds:
    """A clock that stands still until it is told to move on."""

    def __init__(self) -> None:
        self.at = 6_000.0

    def __call__(self) -> float:
        return self.at


Process = Callable[..., RedisFixedWindowLimit]


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def process(seconds: Seconds) -> AsyncIterator[Process]:
    """Makes what one process has of a pace that all of them keep."""
    name = f"billchat-test-{uuid.uuid4().hex}"
    async with AsyncExitStack() as ends:

        def make(redis: str | None, name: str = name) -> RedisFixedWindowLimit:
            limit = RedisFixedWindowLimit(MOST, SECONDS, redis=redis, name=name, clock=seconds)
            ends.push_async_callback(limit.close)
            return limit

        yield make


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as server:
        yield server


async def allowed(limit: RedisFixedWindowLimit, times: int, who: str = "somebody") -> int:
    return Counter([await limit.allows(who) for _ in range(times)])[True]


async def until_it_answers(redis: OwnRedis) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", redis.port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                await writer.wait_closed()
                return


def test_so_many_are_allowed_in_each_window_and_everybody_has_their_own(seconds: Seconds) -> None:
    limit = FixedWindowLimit(MOST, SECONDS, seconds)
    assert [limit.allows("somebody") for _ in range(MOST + 2)] == [True] * MOST + [False] * 2
    assert limit.allows("somebody else")
    seconds.at += SECONDS - 1
    assert not limit.allows("somebody")
    seconds.at += 1
    assert limit.allows("somebody")


async def test_without_a_redis_every_process_counts_for_itself(process: Process) -> None:
    assert await allowed(process(None), 10) == MOST
    assert await allowed(process(None), 10) == MOST


async def test_two_processes_share_a_count(process: Process, redis_url: str) -> None:
    here, there = process(redis_url), process(redis_url)
    assert await allowed(here, 3) == 3
    assert await allowed(there, 3) == MOST - 3
    assert await allowed(here, 1) == 0
    assert await allowed(there, 1, "somebody else") == 1


async def test_two_services_that_share_a_redis_count_apart(process: Process, redis_url: str) -> None:
    assert await allowed(process(redis_url), 10) == MOST
    assert await allowed(process(redis_url, "billchat-test-another"), 1, uuid.uuid4().hex) == 1


async def test_what_a_process_has_had_too_much_of_is_refused_without_asking(process: Process, redis: OwnRedis) -> None:
    here = process(redis.url)
    await until_it_answers(redis)
    assert await allowed(here, MOST) == MOST
    redis.freeze()
    with capture_logs() as said:
        assert await allowed(here, 10) == 0
    assert said == []
    redis.thaw()


async def test_redis_stops_and_returns(process: Process, redis: OwnRedis, seconds: Seconds) -> None:
    here, there = process(redis.url), process(redis.url)
    await until_it_answers(redis)
    assert await allowed(here, 4) == 4
    redis.stop()
    with capture_logs() as said:
        assert await allowed(there, 10) == MOST, "each process goes on by what it has counted itself"
        assert await allowed(here, 10) == MOST - 4
    assert [line["log_level"] for line in said] == ["warning", "warning"], "each process says so once"
    redis.start()
    await until_it_answers(redis)
    with capture_logs() as said:
        seconds.at += COOLDOWN_S
        assert await allowed(here, 3, "somebody else") == 3
        assert await allowed(there, 3, "somebody else") == MOST - 3
    assert [line["log_level"] for line in said] == ["info", "info"]


async def test_nobody_waits_long_for_a_redis_that_does_not_answer(
    process: Process, redis: OwnRedis, seconds: Seconds
) -> None:
    here, loop = process(redis.url), asyncio.get_running_loop()
    await until_it_answers(redis)
    assert await allowed(here, 1) == 1
    redis.freeze()
    began = loop.time()
    with capture_logs() as said:
        assert all(await asyncio.gather(*(here.allows(f"visitor {number}") for number in range(200))))
    assert loop.time() - began < 4 * PATIENCE_S, "a crowd waits once, and not one after the other"
    assert len(said) == 1
    began = loop.time()
    assert await allowed(here, 10) == MOST - 1
    assert loop.time() - began < PATIENCE_S, "and then Redis is left alone"
    redis.thaw()
    seconds.at += COOLDOWN_S
    with capture_logs() as said:
        assert await here.allows("somebody else")
    assert [line["log_level"] for line in said] == ["info"]
