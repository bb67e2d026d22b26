"""The pool: units survive connections that break, and nothing acknowledged is lost."""

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

import psycopg
import pytest

from chatbot.cli.event_loop import new_event_loop
from store import Database, Tx, open_database
from store.database import CommitUnknown
from tests.sizes import size
from tests.store.drivers.backends import backend_pid, terminate
from tests.store.notes import note, texts
from tests.waiting import MAX_WAIT_S

KEY = "the notes"
CUTS = size(5, 100)

pytestmark = pytest.mark.soak(repeat=5)


@pytest.fixture
def driver() -> str:
    return "postgresql"


async def test_a_paused_process_loses_its_locks_and_runs_its_unit_again(notes: Database, url: str) -> None:
    paused = open_database(f"{url}%20-c%20idle_in_transaction_session_timeout%3D1000")
    runs = 0

    def unit(tx: Tx) -> int:
        nonlocal runs
        runs += 1
        tx.advisory_lock(KEY)
        written = note(f"run {runs}")(tx)
        if runs == 1:
            with psycopg.connect(url) as other:  # blocks this whole process until the lock is free
                other.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [KEY])
        texts(tx)
        return written

    assert await paused.write(unit) == 1
    assert await notes.read(texts) == ["run 2"]
    await paused.close()


async def test_a_connection_that_broke_while_idle_is_replaced_unnoticed(notes: Database, url: str) -> None:
    write, read, long_read = [await ask(backend_pid) for ask in (notes.write, notes.read, notes.read_in_thread)]
    for pid in (write, read, long_read):
        terminate(url, pid)

    assert await notes.write(note("a")) == 1
    assert await notes.read(texts) == ["a"]
    assert await notes.read_in_thread(texts) == ["a"]


async def test_a_unit_is_retried_when_its_connection_breaks_before_the_commit(notes: Database, url: str) -> None:
    runs = 0

    def unit(tx: Tx) -> int:
        nonlocal runs
        runs += 1
        written = note(f"run {runs}")(tx)
        if runs == 1:
            terminate(url, backend_pid(tx))
        assert texts(tx) == [f"run {runs}"]
        return written

    assert await notes.write(unit, KEY) == 1
    assert await notes.read(texts) == ["run 2"]
    assert await notes.write(note("after"), KEY) == 2


# ErrorResponse: FATAL, "the system is going down", and its length. Only half of it arrives.
SHUTDOWN_NOTICE = b"E\0\0\0\x40SFATAL\0VFATAL\0C57P01\0"
RESET = b"\x01\0\0\0\0\0\0\0"  # SO_LINGER: closing resets the connection


class Proxy:
    """Carries bytes to PostgreSQL and back, until it is cut."""

    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        self._writers: list[asyncio.StreamWriter] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._there.hostname, self._there.port)
        self._writers.append(writer)
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    def url(self, port: int) -> str:
        """The database's address with the proxy's port."""
        return self._there._replace(netloc=f"{self._there.username}@127.0.0.1:{port}").geturl()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    def cut(self) -> None:
        """Reset every connection, with half a shutdown notice left to read."""
        for writer in self._writers:
            writer.write(SHUTDOWN_NOTICE)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        self._writers.clear()


def test_a_unit_does_not_wait_for_the_rest_of_a_shutdown_notice(url: str) -> None:
    asked = 0

    async def main() -> int:
        proxy = Proxy(url)
        relay = await asyncio.start_server(proxy.carry, "127.0.0.1")
        database = open_database(proxy.url(relay.sockets[0].getsockname()[1]))

        def unit(tx: Tx) -> int:
            nonlocal asked
            asked += 1
            if asked == 1:
                asyncio.get_running_loop().call_later(0.1, proxy.cut)
                tx.one("select pg_sleep(30)")
            return asked

        async with relay:
            async with asyncio.timeout(MAX_WAIT_S):
                kept = await database.write(unit)
                await database.close()
        return kept

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(main()) == 2


async def test_the_outcome_is_unknown_when_the_connection_breaks_during_the_commit(notes: Database) -> None:
    def unit(tx: Tx) -> None:
        note("perhaps")(tx)
        tx.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(CommitUnknown, match="nobody knows whether this was kept"):
        await notes.write(unit)
    assert await notes.write(note("after")) in (1, 2)


async def test_connections_cut_off_again_and_again_lose_nothing_acknowledged(
    notes: Database, other: Database, url: str
) -> None:
    acknowledged: list[str] = []
    going = True

    async def work(database: Database, worker: str) -> None:
        number = 0
        while going:
            number += 1
            text = f"{worker} {number}"
            try:
                await database.write(note(text), KEY)
            except CommitUnknown:
                pass
            else:
                acknowledged.append(text)

    databases = {"mine": notes, "theirs": other}
    workers = [
        asyncio.create_task(work(database, f"{who} {number}")) for who, database in databases.items() for number in "ab"
    ]
    cut = 0
    for _ in range(CUTS):
        before = len(acknowledged)
        while len(acknowledged) < before + 20:
            await asyncio.sleep(0.001)
        with psycopg.connect(url, autocommit=True) as admin:
            cut += len(
                admin.execute(
                    """select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
                    where locktype = 'advisory' and datname = current_database() and pid <> pg_backend_pid()
                    and (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)""",
                    [KEY],
                ).fetchall()
            )
    going = False
    await asyncio.gather(*workers)

    assert cut > 0
    kept = await notes.read(texts)
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    for worker in ("mine a", "mine b", "theirs a", "theirs b"):
        numbers = [int(text.rpartition(" ")[2]) for text in kept if text.startswith(worker)]
        assert numbers == sorted(numbers)
