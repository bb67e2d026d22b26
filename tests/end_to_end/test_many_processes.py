"""Several processes on PostgreSQL and Redis: they die, and what they rely on dies, and customers notice nothing."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from chatbot.keys import Keys
from tests.end_to_end.complaints import complaints
from tests.end_to_end.crowd import Stubborn, bill, check_books, pay_while, until_all_has_left
from tests.end_to_end.customer import Customer, new_id, texts
from tests.end_to_end.own_services import OwnPostgres, OwnRedis, own_postgres, own_redis
from tests.end_to_end.several import SeveralWorkers, payment_provider

CUSTOMERS = 200
KILLS = 20
FEW = 24
# “Within seconds”: one look into the database every two, and what a loaded machine adds.
SECONDS = 6.0

pytestmark = pytest.mark.timeout(200)

Serve = Callable[..., Awaitable[SeveralWorkers]]


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path) as server:
        yield server


@pytest.fixture
def database(postgres: OwnPostgres) -> str:
    """The address of a new database."""
    name = f"test_{new_id()[:8]}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]
    return postgres.url.replace("/postgres", f"/{name}")


@pytest.fixture
async def serve(tmp_path: Path, database: str, redis: OwnRedis) -> AsyncIterator[Serve]:
    """Starts machines of one service, with so many workers each and so many customers in the books."""
    async with AsyncExitStack() as ends:
        settings: dict[str, Any] = {"database": {"url": database}, "redis": {"url": redis.url}}

        async def start(workers: int, customers: int = 0, **changes: Any) -> SeveralWorkers:
            server = SeveralWorkers(tmp_path, workers=workers, settings=settings)
            if "payments" not in settings:
                settings.update(await ends.enter_async_context(payment_provider(server.data, server)))
                await bill(customers, tmp_path, database)
            server.settings = {**settings, **changes}
            await asyncio.to_thread(server.start)
            ends.push_async_callback(asyncio.to_thread, server.stop)
            return server

        yield start


def crowd(server: SeveralWorkers, count: int) -> list[Stubborn]:
    keys = Keys((server.data / "key").read_text())
    return [Stubborn(server, number, keys) for number in range(count)]


async def until_ready(server: SeveralWorkers) -> None:
    async with asyncio.timeout(15):
        while not await asyncio.to_thread(server.is_ready):
            await asyncio.sleep(0.1)


async def until_workers(server: SeveralWorkers, count: int, but: frozenset[int] = frozenset()) -> None:
    """Wait until so many workers are at work, none of them one of those."""
    async with asyncio.timeout(30):
        while len(server.pids) != count or but & set(server.pids):
            await asyncio.sleep(0.05)


async def test_random_workers_are_killed(serve: Serve) -> None:
    server = await serve(4, CUSTOMERS)
    customers = crowd(server, CUSTOMERS)

    async def kill() -> None:
        os.kill(random.choice(server.pids), signal.SIGKILL)
        await asyncio.sleep(0)

    await pay_while(customers, [kill] * KILLS)
    await until_workers(server, 4)
    await until_all_has_left(server)  # what the dead were sending, once their claims lapse
    check_books(server, customers)


async def test_postgresql_dies_and_comes_back(serve: Serve, postgres: OwnPostgres) -> None:
    server = await serve(2, FEW)
    customers = crowd(server, FEW)

    async def restart() -> None:
        await asyncio.to_thread(postgres.stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres.start)

    await pay_while(customers, [restart])
    await until_all_has_left(server)
    check_books(server, customers)


async def test_redis_dies_and_comes_back(serve: Serve, redis: OwnRedis) -> None:
    server = await serve(2, FEW)
    customers = crowd(server, FEW)

    async def stop() -> None:
        redis.stop()
        await until_ready(server)

    async def start() -> None:
        redis.start()

    async def freeze() -> None:
        redis.freeze()

    async def thaw() -> None:
        redis.thaw()

    await pay_while(customers, [stop, start, freeze, thaw])
    await until_all_has_left(server)
    check_books(server, customers)


async def until_logged(server: SeveralWorkers, words: str, times: int) -> None:
    """Wait until the log has said something, so many times in all."""
    async with asyncio.timeout(15):
        while (said := server.log.read_text().count(words)) < times:
            await asyncio.sleep(0.05)
    assert said == times


async def heard_after(device: Customer, seq: int, limit: float = SECONDS) -> float:
    """How many seconds it takes until a device has heard of a message without asking."""
    began = time.monotonic()
    async with asyncio.timeout(limit):
        while seq not in device.messages:
            await asyncio.sleep(0.005)
    return time.monotonic() - began


async def test_two_devices_on_two_machines_hear_each_other_whatever_becomes_of_redis(
    serve: Serve, redis: OwnRedis
) -> None:
    here, there = await serve(1), await serve(1)
    laptop = await Customer(here.url).connect()
    await laptop.start("pay_bill")
    phone = await Customer(there.url, laptop.session).connect()
    phone.conversation = laptop.conversation
    await phone.open()

    async def both_are_heard(limit: float) -> None:
        said = await laptop.say("from the laptop")
        assert await heard_after(phone, said[-1]["seq"]) < limit
        said = await phone.say("from the phone")
        assert await heard_after(laptop, said[-1]["seq"]) < limit
        assert laptop.messages == phone.messages

    await both_are_heard(1.0)
    redis.stop()
    await both_are_heard(SECONDS)
    redis.start()
    for server in (here, there):
        await until_logged(server, "redis answers", times=2)
    await both_are_heard(1.0)
    redis.freeze()
    began = time.monotonic()
    await laptop.say("nobody waits for Redis")
    assert time.monotonic() - began < 1.0
    await both_are_heard(SECONDS)
    for server in (here, there):
        await until_logged(server, "redis does not answer", times=2)
        assert complaints(server.log) == []
    redis.thaw()
    await laptop.leave()
    await phone.leave()


async def test_quick_messages_over_two_machines_keep_their_order(serve: Serve) -> None:
    here, there = await serve(1), await serve(1)
    laptop = await Customer(here.url).connect()
    await laptop.start("pay_bill")
    phone = await Customer(there.url, laptop.session).connect()
    phone.conversation = laptop.conversation
    await asyncio.gather(
        *((laptop, phone)[number % 2].say(f"message {number}") for number in range(50)),
    )
    kept = here.read("select seq, turn, author, text from messages order by seq")
    assert [seq for seq, *_ in kept] == list(range(1, len(kept) + 1))
    said = [text for *_, author, text in kept if author == "customer"]
    assert sorted(said) == sorted(f"message {number}" for number in range(50))
    for device in (0, 1):
        mine = [text for text in said if int(text.split()[-1]) % 2 == device]
        assert mine == [f"message {number}" for number in range(device, 50, 2)]
    # A turn's messages stand together: its own words first, then the replies to them.
    turns = [turn for _, turn, *_ in kept]
    assert turns == sorted(turns)
    await laptop.leave()
    await phone.leave()


async def test_a_rolling_restart_is_invisible_in_mid_dialogue(serve: Serve) -> None:
    server = await serve(2, FEW)
    customers = crowd(server, FEW)
    old = frozenset(server.pids)

    async def renew() -> None:
        server.renew()

    await pay_while(customers, [renew])
    await until_workers(server, 2, but=old)
    await until_all_has_left(server)
    check_books(server, customers)
    assert complaints(server.log) == []


async def test_metrics_are_those_of_all_workers(serve: Serve) -> None:
    server = await serve(2)
    devices = [await Customer(server.url).connect() for _ in range(8)]
    for device in devices:
        await device.start("pay_bill")
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/metrics") as answer:
        told = await answer.text()
    assert 'billchat_turns_total{outcome="taken"} 8.0' in told
    assert "billchat_sockets 8.0" in told
    assert "billchat_redis_up 1.0" in told
    for device in devices:
        await device.leave()


async def test_long_polling_is_refused_where_its_requests_would_reach_different_workers(serve: Serve) -> None:
    server = await serve(2)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
        for _ in range(20):
            async with http.get(f"{server.url}/socket.io/?EIO=4&transport=polling") as answer:
                assert answer.status == 400, "at the first request, and not at the second one, now and then"
                assert "WebSocket" in await answer.text()
    assert 1 <= server.log.read_text().count("long polling was refused") <= 2, "once for each worker"
    device = await Customer(server.url).connect()
    await device.start("pay_bill")
    await device.leave()
    assert complaints(server.log) == []


async def test_a_worker_that_is_told_to_stop_answers_what_it_has_begun(serve: Serve, database: str) -> None:
    server = await serve(1)
    device = await Customer(server.url).connect()
    await device.start("pay_bill")
    [pid] = server.pids
    with psycopg.connect(database) as slow:
        slow.execute("select 1 from conversations for update")
        answer = asyncio.create_task(device.say("one last thing"))
        async with asyncio.timeout(10):
            while not server.read("select 1 from pg_locks where not granted"):
                await asyncio.sleep(0.01)
        os.kill(pid, signal.SIGTERM)
        await asyncio.sleep(0.2)
    assert "one last thing" in texts(await answer)
    await until_workers(server, 1, but=frozenset({pid}))
    await device.discard()
