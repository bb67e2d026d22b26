"""The PostgreSQL driver: a pool for units of work, one for short reads, and threads for long reads and migrations.

A unit is a transaction at READ COMMITTED. Decisions that two processes must not take at the same moment are serialised
by locks: the unit's key, `Tx.advisory_lock` and `Tx.lock_rows`. Locks are taken in one order (the key, an address, an
identifier, account rows); a deadlock all the same is retried.
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

MAX_WRITE_CONNECTIONS = 8
MAX_READ_CONNECTIONS = 2
MAX_LONG_READS = 4

# Defaults; an address may set any of them. A server that vanishes silently is noticed within half a minute.
CONNECTION: dict[str, str | int] = {
    "application_name": "billchat",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# Compiling a plan takes longer than running any of our statements, so jit is off. A process that stands still in a
# transaction (a paused machine, say) loses its locks after 15 s; its unit runs again when it goes on.
OPTIONS = (
    "-c synchronous_commit=on -c lock_timeout=10s -c idle_in_transaction_session_timeout=15s"
    " -c client_min_messages=warning -c jit=off"
)
# For turns and short reads only. Their statements are planned on first use, perhaps while the tables are still empty,
# and a plan with a sequential scan would then be kept until the next ANALYZE: minutes on a busy new database. Long
# reads (reports, searches) and migrations do scan whole tables, so the planner chooses for them.
INDEXED_OPTIONS = f"{OPTIONS} -c enable_seqscan=off"

BEGIN_WRITE = "begin isolation level read committed read write"
BEGIN_READ = "begin isolation level repeatable read read only"
ADVISORY_LOCK = "pg_advisory_xact_lock(hashtextextended({name}, 0))"
"""PostgreSQL locks a 64-bit number; names with the same hash wait for each other without need."""
MIGRATION_LOCK = "migrations"


def lock_query(*names: str) -> tuple[str, Params]:
    """Return the statement that locks names, one after the other, and its parameters."""
    return _lock_statement(len(names)), {f"name{index}": name for index, name in enumerate(names)}


@cache
def _lock_statement(count: int) -> str:
    return f"select {', '.join(ADVISORY_LOCK.format(name=f':name{index}') for index in range(count))}"


class PostgresTx:
    """A transaction on one PostgreSQL connection."""

    __slots__ = ("_query", "_query_many", "_send")

    def __init__(self, pipeline: Pipeline) -> None:
        self._query = pipeline.query
        self._query_many = pipeline.query_many
        self._send = pipeline.send

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """Return every row."""
        return rows(*self._query(sql, params))

    def one(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        """Return the first row, or None."""
        found = rows(*self._query(sql, params), limit=1)
        return found[0] if found else None

    def execute_count(self, sql: str, params: Params = NO_PARAMS) -> int:
        """Return the number of changed rows."""
        result, _ = self._query(sql, params)
        return result.command_tuples or 0

    def execute(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Send with the next query."""
        self._send(sql, params)

    def query_many(self, *queries: tuple[str, Params]) -> list[list[Row]]:
        """Run all queries in one round trip."""
        return [rows(*answer) for answer in self._query_many(queries)] if queries else []

    def execute_many(self, sql: str, params: Sequence[Params]) -> None:
        """Send one statement for each set of parameters with the next query."""
        for each in params:
            self._send(sql, each)

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Lock without FOR UPDATE, so that rows with a foreign key to these can be written meanwhile."""
        self._send(f"{select} for no key update", params)

    def advisory_lock(self, *names: str) -> None:
        """Take advisory locks that PostgreSQL releases with the transaction."""
        self._send(*lock_query(*names))

    def advisory_lock_selected(self, select: str, params: Params = NO_PARAMS) -> None:
        """Take the same locks for the names of a select."""
        self._send(f"select {ADVISORY_LOCK.format(name='name')} from ({select}) as found", params)


class PostgresReadTx(PostgresTx):
    """A read-only transaction on one snapshot. Locks do nothing."""

    __slots__ = ()

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Do nothing."""

    def advisory_lock(self, *names: str) -> None:
        """Do nothing."""

    def advisory_lock_selected(self, select: str, params: Params = NO_PARAMS) -> None:
        """Do nothing."""


def run_write(pipeline: Pipeline, unit: PendingUnit[T]) -> T:
    """Run a unit of work in a transaction, up to its COMMIT."""
    begin: list[tuple[str, Params]] = [(BEGIN_WRITE, NO_PARAMS)]
    if unit.key is not None:
        begin.append(lock_query(unit.key))
    return _in_transaction(pipeline, begin, lambda: unit.fn(PostgresTx(pipeline)))


def run_read(pipeline: Pipeline, unit: PendingUnit[T]) -> T:
    """Run a read in a transaction, up to its COMMIT."""
    return read_snapshot(pipeline, unit.fn)


def read_snapshot(pipeline: Pipeline, fn: Callable[[Tx], T]) -> T:
    """Run a function in a read-only transaction, on one snapshot."""
    return _in_transaction(pipeline, [(BEGIN_READ, NO_PARAMS)], lambda: fn(PostgresReadTx(pipeline)))


def _in_transaction(pipeline: Pipeline, begin: Sequence[tuple[str, Params]], run: Callable[[], T]) -> T:
    try:
        for sql, params in begin:
            pipeline.send(sql, params)
        return run()
    except GreenletExit:
        raise
    except BaseException:
        pipeline.rollback()
        raise


class BlockingConnection:
    """A connection for a thread of its own, which may block."""

    def __init__(self, address: str) -> None:
        try:
            self._connection = psycopg.connect(address, autocommit=True)
        except psycopg.Error as error:
            raise connect_error(error) from error
        self._poll = select.poll()
        self.pipeline = Pipeline(self._connection.pgconn, self._wait)

    def _wait(self, writing: bool) -> None:
        self._poll.register(self._connection.pgconn.socket, select.POLLIN | (select.POLLOUT if writing else 0))
        self._poll.poll()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PostgresDatabase:
    """A PostgreSQL database with the interface of `store.database.Database`.

    `address` is for long reads and migrations, `indexed_address` (INDEXED_OPTIONS) for units of work and short reads.
    """

    def __init__(self, address: str, indexed_address: str) -> None:
        self._address = address
        self._indexed_address = indexed_address
        self._writes = UnitPool(self._connect, run_write, MAX_WRITE_CONNECTIONS)
        self._reads = UnitPool(self._connect, run_read, MAX_READ_CONNECTIONS, read_only=True)
        self._readers: deque[BlockingConnection] = deque()
        self._threads = ThreadPoolExecutor(MAX_LONG_READS, thread_name_prefix="store-read")

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        try:
            return await psycopg.AsyncConnection.connect(self._indexed_address, autocommit=True)
        except psycopg.Error as error:
            raise connect_error(error) from error

    def write(self, fn: Callable[[Tx], T], key: str | None = None) -> Awaitable[T]:
        """Run a unit of work; see `store.drivers.postgres_pool`."""
        return self._writes.submit(fn, key)

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a short read on the event loop's thread."""
        return await self._reads.submit(fn)

    async def read_in_thread(self, fn: Callable[[Tx], T]) -> T:
        """Run a long read on another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read_blocking, fn)

    def _read_blocking(self, fn: Callable[[Tx], T]) -> T:
        while self._readers:
            try:
                return self._read_with(self._readers.pop(), fn)
            except ConnectionLost:  # it broke while idle; the next or a new one shows the cause, if it lasts
                continue
        return self._read_with(BlockingConnection(self._address), fn)

    def _read_with(self, reader: BlockingConnection, fn: Callable[[Tx], T]) -> T:
        try:
            result = read_snapshot(reader.pipeline, fn)
            reader.pipeline.send("commit")
            reader.pipeline.drain()
            return result
        except ConnectionLost:
            reader.pipeline.abandon()
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
        connection = BlockingConnection(self._address)
        try:
            pipeline = connection.pipeline
            pipeline.send(BEGIN_WRITE)
            pipeline.send("set local lock_timeout = 0")
            tx = PostgresTx(pipeline)
            tx.advisory_lock(MIGRATION_LOCK)
            migrate(tx)
            pipeline.commit()
        finally:
            connection.close()  # and, unless committed, rolls back

    async def ready(self) -> None:
        """Return when the database takes a write and its schema is this version's."""
        await self.write(check)

    async def close(self) -> None:
        """Finish all units and reads, then close all connections."""
        await asyncio.to_thread(self._threads.shutdown)
        for reader in self._readers:
            reader.close()
        await self._reads.close()
        await self._writes.close()


def connect_error(error: psycopg.Error) -> StoreError:
    """Explain why connecting failed. libpq's message names host, user and database, never the password."""
    message = " ".join(str(error).split())
    state = error.sqlstate or next((state for words, state in CONNECT_ERRORS.items() if words in message), "08")
    return ConnectionLost(f"the PostgreSQL database {remedy(state)} ({message})")


# Part of the message → SQLSTATE, which libpq does not pass on while connecting.
# The first match counts: PostgreSQL also says “role” and “database” where either has no connection left.
CONNECT_ERRORS = {
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
    """Open the database at a libpq address; it connects on first use. Options in the address override ours."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        # The message is not repeated: it may hold a password.
        raise StoreError("database: this address cannot be read; write postgresql://user@host:5432/name") from None
    own_options = given.pop("options", "")

    def address(options: str) -> str:
        return make_conninfo("", **{**CONNECTION, **given, "options": f"{options} {own_options}".strip()})

    return PostgresDatabase(address(OPTIONS), address(INDEXED_OPTIONS))
