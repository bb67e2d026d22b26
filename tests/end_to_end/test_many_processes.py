"""Several processes on PostgreSQL and Redis: workers, database and Redis fail, and customers lose nothing."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest
from redis.asyncio import Redis

from chatbot.keys import Keys
from chatbot.sockets.redis_fanout import REDIS_TIMEOUT_S
from tests.database_servers import PostgresServer, RedisServer, postgres_server, redis_server
from tests.end_to_end.customer import Customer, new_id, texts
from tests.end_to_end.load_customers import (
    RetryingCustomer,
    assert_nothing_lost_or_doubled,
    import_invoices,
    pay_during_faults,
    wait_for_empty_outbox,
)
from tests.end_to_end.multi_process_server import MultiProcessServer, payment_provider
from tests.end_to_end.server_log import logged_errors
from tests.sizes import size
from tests.waiting import wait_until

CUSTOMERS = size(50, 200)
KILLS = size(5, 30)
FEW = 24

pytestmark = pytest.mark.timeout(900)

Serve = Callable[..., Awaitable[MultiProcessServer]]


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """The address of a new database."""
    name = f"test_{new_id()[:8]}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]
    return postgres.url.replace("/postgres", f"/{name}")


@pytest.fixture
async def serve(tmp_path: Path, database: str, redis: RedisServer) -> AsyncIterator[Serve]:
    """Starts servers of one service, with worker processes each and customers with an invoice in the database."""
    async with AsyncExitStack() as ends:
        settings: dict[str, Any] = {"database": {"url": database}, "redis": {"url": redis.url}}

        async def start(workers: int, customers: int = 0, **changes: Any) -> MultiProcessServer:
            server = MultiProcessServer(tmp_path, workers=workers, settings=settings)
            if "payments" not in settings:
                settings.update(await ends.enter_async_context(payment_provider(server.data, server)))
                await import_invoices(customers, tmp_path, database)
            server.settings = {**settings, **changes}
            await asyncio.to_thread(server.start)
            ends.push_async_callback(asyncio.to_thread, server.stop)
            return server

        yield start


def retrying_customers(server: MultiProcessServer, count: int) -> list[RetryingCustomer]:
    keys = Keys((server.data / "key").read_text())
    return [RetryingCustomer(server, number, keys) for number in range(count)]


async def wait_until_ready(server: MultiProcessServer) -> None:
    await wait_until(lambda: asyncio.to_thread(server.is_ready))


async def wait_for_workers(server: MultiProcessServer, count: int, but: frozenset[int] = frozenset()) -> None:
    """Wait until so many workers run, none of them among the process ids in `but`."""
    await wait_until(lambda: len(server.pids) == count and not but & set(server.pids))


@pytest.mark.soak
async def test_random_workers_are_killed(serve: Serve) -> None:
    server = await serve(4, CUSTOMERS)
    customers = retrying_customers(server, CUSTOMERS)

    async def kill() -> None:
        await wait_until(lambda: bool(server.pids))  # all may have died, and be replaced after a while
        with contextlib.suppress(IndexError, ProcessLookupError):
            os.kill(random.choice(server.pids), signal.SIGKILL)

    await pay_during_faults(customers, [kill] * KILLS)
    await wait_for_workers(server, 4)
    await wait_for_empty_outbox(server)  # with the letters of killed workers, once their claims end
    assert_nothing_lost_or_doubled(server, customers)


@pytest.mark.soak(repeat=3)
async def test_postgresql_dies_and_comes_back(serve: Serve, postgres: PostgresServer) -> None:
    server = await serve(2, FEW)
    customers = retrying_customers(server, FEW)

    async def restart() -> None:
        await asyncio.to_thread(postgres.stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres.start)

    await pay_during_faults(customers, [restart])
    await wait_for_empty_outbox(server)
    assert_nothing_lost_or_doubled(server, customers)


@pytest.mark.soak(repeat=3)
async def test_redis_dies_and_comes_back(serve: Serve, redis: RedisServer) -> None:
    server = await serve(2, FEW)
    customers = retrying_customers(server, FEW)

    async def stop() -> None:
        redis.stop()
        await wait_until_ready(server)

    async def start() -> None:
        redis.start()

    async def freeze() -> None:
        redis.freeze()

    async def thaw() -> None:
        redis.thaw()

    await pay_during_faults(customers, [stop, start, freeze, thaw])
    await wait_for_empty_outbox(server)
    assert_nothing_lost_or_doubled(server, customers)


async def wait_for_log(server: MultiProcessServer, words: str, times: int) -> None:
    """Wait until the log has these words so many times in all."""
    await wait_until(lambda: server.log.read_text().count(words) >= times)


@asynccontextmanager
async def published(redis: RedisServer) -> AsyncIterator[list[bytes]]:
    """Record all that is published through Redis."""
    messages: list[bytes] = []
    async with Redis.from_url(redis.url) as client, client.pubsub() as pubsub:

        async def record() -> None:
            while True:
                if message := await pubsub.get_message(ignore_subscribe_messages=True, timeout=None):
                    messages.append(message["data"])

        await pubsub.psubscribe("*")
        recording = asyncio.create_task(record())
        yield messages
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)


@pytest.mark.soak(repeat=3)
async def test_two_devices_on_two_machines_hear_each_other_whatever_becomes_of_redis(
    serve: Serve, redis: RedisServer
) -> None:
    here, there = await serve(1), await serve(1)
    laptop = await Customer(here.url).connect()
    await laptop.start("pay_bill")
    phone = await Customer(there.url, laptop.session).connect()
    phone.conversation = laptop.conversation
    await phone.open()

    async def exchange_messages() -> None:
        for speaker, listener in ((laptop, phone), (phone, laptop)):
            said = await speaker.say("from one device to the other")
            await wait_until(lambda said=said, listener=listener: said[-1]["seq"] in listener.messages)  # type: ignore[misc]
        assert laptop.messages == phone.messages

    async def exchange_messages_through_redis() -> None:
        async with published(redis) as messages:
            await exchange_messages()
            await wait_until(lambda: sum(b"from one device to the other" in message for message in messages) >= 2)

    await exchange_messages_through_redis()
    redis.stop()
    await exchange_messages()
    redis.start()
    for server in (here, there):
        await wait_for_log(server, "redis answers", times=2)
    await exchange_messages_through_redis()
    redis.freeze()
    async with asyncio.timeout(REDIS_TIMEOUT_S):  # a turn that waited for Redis would take this long
        await laptop.say("nobody waits for Redis")
    await exchange_messages()
    for server in (here, there):
        await wait_for_log(server, "redis does not answer", times=2)
        assert logged_errors(server.log) == []
    redis.thaw()
    await laptop.leave()
    await phone.leave()


@pytest.mark.soak(repeat=3)
async def test_quick_messages_over_two_machines_keep_their_order(serve: Serve) -> None:
    here, there = await serve(1), await serve(1)
    laptop = await Customer(here.url).connect()
    await laptop.start("pay_bill")
    phone = await Customer(there.url, laptop.session).connect()
    phone.conversation = laptop.conversation
    await asyncio.gather(
        *((laptop, phone)[number % 2].say(f"message {number}") for number in range(50)),
    )
    kept = here.query("select seq, turn, author, text from messages order by seq")
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


@pytest.mark.soak(repeat=3)
async def test_a_rolling_restart_is_invisible_in_mid_dialogue(serve: Serve) -> None:
    server = await serve(2, FEW)
    customers = retrying_customers(server, FEW)
    old = frozenset(server.pids)

    async def restart() -> None:
        server.rolling_restart()

    await pay_during_faults(customers, [restart])
    await wait_for_workers(server, 2, but=old)
    await wait_for_empty_outbox(server)
    assert_nothing_lost_or_doubled(server, customers)
    assert logged_errors(server.log) == []


async def test_metrics_are_those_of_all_workers(serve: Serve) -> None:
    server = await serve(2)
    devices = [await Customer(server.url).connect() for _ in range(8)]
    for device in devices:
        await device.start("pay_bill")
    expected = {'billchat_turns_total{outcome="taken"} 8.0', "billchat_sockets 8.0", "billchat_redis_up 1.0"}
    async with aiohttp.ClientSession() as http:

        async def are_reported() -> bool:
            async with http.get(f"{server.url}/metrics") as answer:
                return expected <= set((await answer.text()).splitlines())

        await wait_until(are_reported)
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
    assert logged_errors(server.log) == []


@pytest.mark.soak(repeat=3)
async def test_a_worker_that_is_told_to_stop_answers_what_it_has_begun(serve: Serve, database: str) -> None:
    server = await serve(1)
    device = await Customer(server.url).connect()
    await device.start("pay_bill")
    [pid] = server.pids
    with psycopg.connect(database) as slow:
        slow.execute("select 1 from conversations for update")
        answer = asyncio.create_task(device.say("one last thing"))
        await wait_until(lambda: bool(server.query("select 1 from pg_locks where not granted")))
        os.kill(pid, signal.SIGTERM)
        await asyncio.sleep(0.2)  # for the worker to handle the signal; the test holds if it takes longer
    assert "one last thing" in texts(await answer)
    await wait_for_workers(server, 1, but=frozenset({pid}))
    await device.discard()
