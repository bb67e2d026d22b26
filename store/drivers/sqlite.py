"""The SQLite driver: one connection that writes, one for short reads, a few for long ones."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar
from urllib.parse import unquote

import sqlite_utils

from store.database import NO_PARAMS, Conflict, Params, Row, StoreError, Tx
from store.drivers.migrate import check, migrate
from store.drivers.parameters import positional
from store.drivers.sqlite_writer import SqliteWriter

T = TypeVar("T")

LOCK_WAIT_S = 10.0
LONG_READS_AT_ONCE = 4

# Without an adapter, Python asks each None in vain how it wants to be stored: a fiftieth of a turn.
sqlite3.register_adapter(type(None), lambda null: null)

REMEDIES = {
    sqlite3.SQLITE_BUSY: f"is locked by another program for over {LOCK_WAIT_S:g} s; `fuser FILE` finds it",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that it is a file and that this user may use it and its folder",
    sqlite3.SQLITE_CORRUPT: "is damaged; stop the service, keep a copy of it and restore the newest backup",
    sqlite3.SQLITE_FULL: "cannot grow because the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "cannot be read or written because the disk fails; check the disk and the system's log",
    sqlite3.SQLITE_NOTADB: "is not an SQLite database; name another file, or restore a backup over it",
    sqlite3.SQLITE_READONLY: "may not be written; give this user the right to write it and its folder",
}


def result_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 when the error was found before SQLite was asked."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def explained(error: sqlite3.Error, path: Path) -> StoreError:
    """The same error with the file's name and what to do about it. SQLite's messages never contain values."""
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(str(error))
    remedy = REMEDIES.get(result_code(error))
    return StoreError(f"database {path} {remedy} ({error})" if remedy else f"database {path}: {error}")


class SqliteTx:
    """A transaction on one SQLite connection.

    Every result is fetched whole before the next statement, so one cursor serves them all.
    """

    __slots__ = ("_execute", "_executemany", "_path")

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        cursor = connection.cursor()
        self._execute = cursor.execute
        self._executemany = cursor.executemany
        self._path = path

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """Every row."""
        text, values = positional(sql)
        try:
            cursor = self._execute(text, values(params))
            found = cursor.fetchall()
        except sqlite3.Error as error:
            raise explained(error, self._path) from error
        if not found:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def one(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        """The first row, or None."""
        found = self.all(sql, params)
        return found[0] if found else None

    def query_many(self, *questions: tuple[str, Params]) -> list[list[Row]]:
        """One after the other."""
        return [self.all(sql, params) for sql, params in questions]

    def execute_count(self, sql: str, params: Params = NO_PARAMS) -> int:
        """How many rows the statement changed."""
        text, values = positional(sql)
        try:
            return self._execute(text, values(params)).rowcount
        except sqlite3.Error as error:
            raise explained(error, self._path) from error

    def execute(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Run at once."""
        text, values = positional(sql)
        try:
            self._execute(text, values(params))
        except sqlite3.Error as error:
            raise explained(error, self._path) from error

    def execute_many(self, sql: str, params: Sequence[Params]) -> None:
        """One statement for each set of parameters."""
        text, values = positional(sql)
        try:
            self._executemany(text, map(values, params))
        except sqlite3.Error as error:
            raise explained(error, self._path) from error

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Nothing to do: one unit runs at a time."""

    def lock(self, *names: str) -> None:
        """Nothing to do: one unit runs at a time."""

    def lock_found(self, select: str, params: Params = NO_PARAMS) -> None:
        """Nothing to do: one unit runs at a time."""


def connect(path: Path, *, cache_kb: int, read_only: bool = False) -> sqlite3.Connection:
    """A connection set up our way.

    A checkpoint moves the log into the database within the COMMIT that fills it up, so on the writer's helper thread
    and never on the event loop. The log's limit of 4,000 pages (16 MB) makes that rare; pages written often are moved
    once. There is no memory mapping: with it, a failing disk would kill the process instead of raising an error.
    """
    patience = monotonic() + LOCK_WAIT_S
    while True:
        try:
            return _connect(path, cache_kb, read_only)
        except sqlite3.OperationalError as error:
            # Programs that make a new file at the same moment are told at once that it is busy: SQLite's own waiting
            # does not cover the switch to the write-ahead log.
            if result_code(error) != sqlite3.SQLITE_BUSY or monotonic() > patience:
                raise
            sleep(0.01)


def _connect(path: Path, cache_kb: int, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    try:
        sqlite_utils.Database(connection, execute_plugins=False, recursive_triggers=False).enable_wal()
        connection.executescript(
            f"""
            pragma synchronous = full;
            pragma foreign_keys = on;
            pragma cache_size = -{cache_kb};
            pragma temp_store = memory;
            pragma wal_autocheckpoint = 4000;
            pragma journal_size_limit = 67108864;
            pragma query_only = {"on" if read_only else "off"};
            """
        )
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class SqliteDatabase:
    """An SQLite file behind the interface of `store.database.Database`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        writing = connect(path, cache_kb=64 * 1024)
        self._looker = self._reader()
        for connection in (writing, self._looker):  # what the event loop uses never waits for a lock
            connection.execute("pragma busy_timeout = 0")
        self._writer = SqliteWriter(writing, SqliteTx(writing, path), lambda error: explained(error, path), LOCK_WAIT_S)
        self._readers: deque[sqlite3.Connection] = deque()
        self._threads = ThreadPoolExecutor(LONG_READS_AT_ONCE, thread_name_prefix="store-read")

    def write(self, fn: Callable[[Tx], T], key: str | None = None) -> Awaitable[T]:
        """Run a unit of work (`store.drivers.sqlite_writer`). Units run in call order, whatever their key."""
        return self._writer.submit(fn)

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a short read here and now, all its statements on one snapshot."""
        try:
            return self._snapshot(self._looker, fn)
        except StoreError as error:
            if not (isinstance(error.__cause__, sqlite3.Error) and result_code(error.__cause__) == sqlite3.SQLITE_BUSY):
                raise
        return await self.read_in_thread(
            fn
        )  # rare: another program is repairing or closing the file; wait for it elsewhere

    async def read_in_thread(self, fn: Callable[[Tx], T]) -> T:
        """Run a long read on another thread, all its statements on one snapshot."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, fn)

    def _read(self, fn: Callable[[Tx], T]) -> T:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._reader()
        try:
            return self._snapshot(connection, fn)
        finally:
            self._readers.append(connection)

    def _reader(self) -> sqlite3.Connection:
        try:
            return connect(self.path, cache_kb=16 * 1024, read_only=True)
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    def _snapshot(self, connection: sqlite3.Connection, fn: Callable[[Tx], T]) -> T:
        connection.execute("begin")
        try:
            return fn(SqliteTx(connection, self.path))
        finally:
            if connection.in_transaction:
                connection.execute("rollback")

    async def migrate(self) -> None:
        """Bring the schema up to this version; two processes at once do it once, the second waits for the first."""
        await asyncio.to_thread(self._migrate)

    def _migrate(self) -> None:
        try:
            connection = connect(self.path, cache_kb=16 * 1024)
            try:
                connection.execute("begin immediate")
                migrate(SqliteTx(connection, self.path))
                connection.execute("commit")
            finally:
                connection.close()  # and, unless committed, rolls back
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    async def ready(self) -> None:
        """Return when the file takes a write and its schema is this version's."""
        await self.write(check)

    async def close(self) -> None:
        """Finish every unit and read that was asked for, then close the file; the last to close empties the log."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in (*self._readers, self._looker):
            connection.close()
        await self._writer.close()


def path_of(rest: str) -> Path:
    """The file that is named by what follows `sqlite://` in an address."""
    if not rest.startswith("/") or rest == "/":
        raise StoreError("database: write sqlite:///path/to/file.db (three slashes, four for an absolute path)")
    return Path(unquote(rest[1:]))


def open_sqlite(rest: str) -> SqliteDatabase:
    """Open what follows `sqlite://` in the address; a new file is for this user's eyes only."""
    path = path_of(rest)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        return SqliteDatabase(path)
    except OSError as error:
        raise StoreError(
            f"database {path} cannot be created; check the folder and its rights ({error.strerror})"
        ) from error
    except sqlite3.Error as error:
        raise explained(error, path) from error
