"""The PostgreSQL driver: a few connections for units of work, others for short reads, and threads for long reads.

A unit is a transaction at READ COMMITTED. What would be decided wrongly if another process decided it at the same
moment is serialised by name: the unit's key, `Tx.lock` and `Tx.hold`. Locks are taken in one order (the key, the name
of an address, the name of an identifier, rows of accounts), and a deadlock that happens all the same is run again.
"""

import asyncio
import select
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import psycopg
from greenlet import GreenletExit
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from store.database import NO_PARAMS, Params, Row, StoreError, Tx
from store.drivers.migrate import check, migrate
from store.drivers.parameters import rows
from store.drivers.postgres_connection import ConnectionLost, Pipeline, remedy
from store.drivers.postgres_pool import PendingUnit, UnitPool

T = TypeVar("T")

WRITERS = 8
LOOKERS = 2
LONG_READS_AT_ONCE = 4

# An address may set any of these otherwise. A server that vanishes without a word is noticed within half a minute.
CONNECTION: dict[str, str | int] = {
    "application_name": "billchat",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# A statement is planned when it is first used, perhaps while its tables are still empty, and a plan that reads a whole
# table would then be kept until PostgreSQL next counts the rows: minutes on a busy new database. No statement of a turn
# is meant to read one. Compiling a plan takes longer than any of them. A process that stands still in a unit (a
# paused machine, say) does not keep the others from what it holds for ever; its unit runs again when it goes on.
OPTIONS = (
    "-c synchronous_commit=on -c lock_timeout=10s -c idle_in_transaction_session_timeout=15s"
    " -c client_min_messages=warning -c enable_seqscan=off -c jit=off"
)

BEGIN = "begin isolation level read committed read write"
BEGIN_LOOKING = "begin isolation level repeatable read read only"
LOCK = "pg_advisory_xact_lock(hashtextextended({name}, 0))"
"""PostgreSQL keeps a lock under a number of 64 bits; names that share one by chance wait for each other in vain."""
MIGRATING = "migrations"


def locking(*names: str) -> tuple[str, Params]:
    """The statement that locks names, one after the other, and its parameters."""
    return _locks(len(names)), {f"name{index}": name for index, name in enumerate(names)}


@cache
def _locks(how_many: int) -> str:
    return f"select {', '.join(LOCK.format(name=f':name{index}') for index in range(how_many))}"


class PostgresTx:
    """A transaction on one PostgreSQL connection."""

    __slots__ = ("_ask", "_ask_all", "_send")

    def __init__(self, pipeline: Pipeline) -> None:
        self._ask = pipeline.ask
        self._ask_all = pipeline.ask_all
        self._send = pipeline.send

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """Every row."""
        return rows(*self._ask(sql, params))

    def one(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        """The first row, or None."""
        found = rows(*self._ask(sql, params), most=1)
        return found[0] if found else None

    def execute_count(self, sql: str, params: Params = NO_PARAMS) -> int:
        """How many rows the statement changed."""
        result, _ = self._ask(sql, params)
        return result.command_tuples or 0

    def execute(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Sent with what comes next."""
        self._send(sql, params)

    def query_many(self, *questions: tuple[str, Params]) -> list[list[Row]]:
        """All of them in one round trip."""
        return [rows(*answer) for answer in self._ask_all(questions)] if questions else []

    def execute_many(self, sql: str, params: Sequence[Params]) -> None:
        """One statement for each set of parameters, sent with what comes next."""
        for each in params:
            self._send(sql, each)

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Not FOR UPDATE: rows that refer to these may be written meanwhile."""
        self._send(f"{select} for no key update", params)

    def lock(self, *names: str) -> None:
        """Locks that PostgreSQL lets go of with the transaction."""
        self._send(*locking(*names))

    def lock_found(self, select: str, params: Params = NO_PARAMS) -> None:
        """Likewise."""
        self._send(f"select {LOCK.format(name='name')} from ({select}) as found", params)


class PostgresLook(PostgresTx):
    """A transaction that only reads, all of it from one moment."""

    __slots__ = ()

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Nothing to hold: this reader's moment stands still."""

    def lock(self, *names: str) -> None:
        """Nothing to lock."""

    def lock_found(self, select: str, params: Params = NO_PARAMS) -> None:
        """Nothing to lock."""


def unit(pipeline: Pipeline, job: PendingUnit[T]) -> T:
    """Run a unit of work, up to its COMMIT."""
    begin: list[tuple[str, Params]] = [(BEGIN, NO_PARAMS)]
    if job.key is not None:
        begin.append(locking(job.key))
    return _within(pipeline, begin, lambda: job.fn(PostgresTx(pipeline)))


def look(pipeline: Pipeline, job: PendingUnit[T]) -> T:
    """Run a unit that only reads, up to its COMMIT."""
    return reading(pipeline, job.fn)


def reading(pipeline: Pipeline, fn: Callable[[Tx], T]) -> T:
    """Read at one moment."""
    return _within(pipeline, [(BEGIN_LOOKING, NO_PARAMS)], lambda: fn(PostgresLook(pipeline)))


def _within(pipeline: Pipeline, begin: Sequence[tuple[str, Params]], run: Callable[[], T]) -> T:
    try:
        for sql, params in begin:
            pipeline.send(sql, params)
        return run()
    except GreenletExit:
        raise
    except BaseException:
        pipeline.rollback()
        raise


class Blocking:
    """A connection for a thread, which may wait."""

    def __init__(self, address: str) -> None:
        self._connection = _refusals_explained(lambda: psycopg.connect(address, autocommit=True))
        self._poll = select.poll()
        self.pipeline = Pipeline(self._connection.pgconn, self._wait)

    def _wait(self, writing: bool) -> None:
        self._poll.register(self._connection.pgconn.socket, select.POLLIN | (select.POLLOUT if writing else 0))
        self._poll.poll()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


class PostgresDatabase:
    """A PostgreSQL database behind the interface of `store.database.Database`."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._writes = UnitPool(self._connect, unit, WRITERS)
        self._looks = UnitPool(self._connect, look, LOOKERS, looking=True)
        self._readers: deque[Blocking] = deque()
        self._threads = ThreadPoolExecutor(LONG_READS_AT_ONCE, thread_name_prefix="store-read")

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        try:
            return await psycopg.AsyncConnection.connect(self._address, autocommit=True)
        except psycopg.Error as error:
            raise _refused(error) from error

    def write(self, fn: Callable[[Tx], T], key: str | None = None) -> Awaitable[T]:
        """Run a unit of work; see `store.drivers.postgres_pool`."""
        return self._writes.submit(fn, key)

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a short read on the event loop's thread."""
        return await self._looks.submit(fn)

    async def read_in_thread(self, fn: Callable[[Tx], T]) -> T:
        """Run a long read on another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, fn)

    def _read(self, fn: Callable[[Tx], T]) -> T:
        while self._readers:
            reader = self._readers.pop()
            try:
                return self._read_with(reader, fn)
            except ConnectionLost:  # it broke while it lay idle; the next one, or a new one, tells what is the matter
                continue
        return self._read_with(Blocking(self._address), fn)

    def _read_with(self, reader: Blocking, fn: Callable[[Tx], T]) -> T:
        try:
            result = reading(reader.pipeline, fn)
            reader.pipeline.send("commit")
            reader.pipeline.finish()
            return result
        except ConnectionLost:
            reader.pipeline.give_up()
            raise
        finally:
            if reader.pipeline.broken:
                reader.close()
            else:
                self._readers.append(reader)

    async def migrate(self) -> None:
        """Bring the schema up to this version; of processes that start together one does it and the others wait."""
        await asyncio.to_thread(self._migrate)

    def _migrate(self) -> None:
        connection = Blocking(self._address)
        try:
            pipeline = connection.pipeline
            pipeline.send(BEGIN)
            pipeline.send("set local lock_timeout = 0")
            tx = PostgresTx(pipeline)
            tx.lock(MIGRATING)
            migrate(tx)
            pipeline.commit()
        finally:
            connection.close()  # and, unless committed, rolls back

    async def ready(self) -> None:
        """Return when the database takes a write and its schema is this version's."""
        await self.write(check)

    async def close(self) -> None:
        """Finish every unit and read that was asked for, then close all connections."""
        await asyncio.to_thread(self._threads.shutdown)
        for reader in self._readers:
            reader.close()
        await self._looks.close()
        await self._writes.close()


def _refusals_explained(connect: Callable[[], psycopg.Connection[Any]]) -> psycopg.Connection[Any]:
    try:
        return connect()
    except psycopg.Error as error:
        raise _refused(error) from error


def _refused(error: psycopg.Error) -> StoreError:
    """Why there is no connection. libpq's words name host, user and database, never the password."""
    said = " ".join(str(error).split())
    state = error.sqlstate or next((state for words, state in REFUSALS.items() if words in said), "08")
    return ConnectionLost(f"the PostgreSQL database {remedy(state)} ({said})")


# While connecting, libpq keeps the server's SQLSTATE to itself.
# The first that fits: PostgreSQL also says “role” and “database” of those that have no connection left.
REFUSALS = {
    "authentication failed": "28",
    "no password supplied": "28",
    "pg_hba.conf": "28",
    "too many": "53300",
    "remaining connection slots": "53300",
    "starting up": "57",
    "not yet accepting": "57",
    "shutting down": "57",
    "role ": "28",
    "database ": "3D",
}


def open_postgres(url: str) -> PostgresDatabase:
    """Open the database at a libpq address; it is reached for when it is first used."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        # Its words are not repeated: they may hold a password.
        raise StoreError("database: this address cannot be read; write postgresql://user@host:5432/name") from None
    options = f"{OPTIONS} {given.pop('options', '')}".strip()
    return PostgresDatabase(make_conninfo("", **{**CONNECTION, **given, "options": options}))
