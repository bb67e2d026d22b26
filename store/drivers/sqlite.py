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
from store.drivers.disk_space import require_space
from store.drivers.file_owner import owner_hint
from store.drivers.migrate import check, migrate
from store.drivers.parameters import positional
from store.drivers.sqlite_writer import SqliteWriter

T = TypeVar("T")

LOCK_WAIT_S = 10.0
MAX_LONG_READS = 4

# Without an adapter, Python looks for one at each None: a fiftieth of a turn.
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
    """Return SQLite's primary result code; 0 for an error of Python's module."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Translate an error, with the file and the remedy. SQLite's messages never contain values."""
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(str(error))
    remedy = REMEDIES.get(result_code(error))
    return StoreError(f"database {path} {remedy} ({error})" if remedy else f"database {path}: {error}")


class SqliteTx:
    """A transaction on one SQLite connection.

    Every result is fetched whole before the next statement, so one cursor is enough.
    """

    __slots__ = ("_execute", "_executemany", "_path")

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        cursor = connection.cursor()
        self._execute = cursor.execute
        self._executemany = cursor.executemany
        self._path = path

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """Return every row."""
        text, values = positional(sql)
        try:
            cursor = self._execute(text, values(params))
            found = cursor.fetchall()
        except sqlite3.Error as error:
            raise store_error(error, self._path) from error
        if not found:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def one(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        """Return the first row, or None."""
        found = self.all(sql, params)
        return found[0] if found else None

    def query_many(self, *queries: tuple[str, Params]) -> list[list[Row]]:
        """Run the queries one after the other."""
        return [self.all(sql, params) for sql, params in queries]

    def execute_count(self, sql: str, params: Params = NO_PARAMS) -> int:
        """Return the number of changed rows."""
        text, values = positional(sql)
        try:
            return self._execute(text, values(params)).rowcount
        except sqlite3.Error as error:
            raise store_error(error, self._path) from error

    def execute(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Run at once."""
        text, values = positional(sql)
        try:
            self._execute(text, values(params))
        except sqlite3.Error as error:
            raise store_error(error, self._path) from error

    def execute_many(self, sql: str, params: Sequence[Params]) -> None:
        """Run a statement once for each set of parameters."""
        text, values = positional(sql)
        try:
            self._executemany(text, map(values, params))
        except sqlite3.Error as error:
            raise store_error(error, self._path) from error

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Do nothing: one unit runs at a time."""

    def advisory_lock(self, *names: str) -> None:
        """Do nothing: one unit runs at a time."""

    def advisory_lock_selected(self, select: str, params: Params = NO_PARAMS) -> None:
        """Do nothing: one unit runs at a time."""


def connect(path: Path, *, cache_kb: int, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection with our settings.

    A checkpoint copies the write-ahead log into the database during the COMMIT that fills the log, so on the writer's
    helper thread and never on the event loop. The limit of 4,000 pages (16 MB) makes that rare, and pages written often
    are copied once. Memory mapping is off: with it, a failing disk would kill the process instead of raising an error.

    Replaced and deleted rows are overwritten with zeros, as some builds of SQLite do anyway: a piece of a card number
    that is masked later does not stay in the file.
    """
    deadline = monotonic() + LOCK_WAIT_S
    while True:
        try:
            return _connect(path, cache_kb, read_only)
        except sqlite3.OperationalError as error:
            # Of processes that create a file together, some fail at once: SQLite's busy timeout does not cover the
            # switch to the write-ahead log.
            if result_code(error) != sqlite3.SQLITE_BUSY or monotonic() > deadline:
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
            pragma secure_delete = on;
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
    """An SQLite file with the interface of `store.database.Database`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        writing = connect(path, cache_kb=64 * 1024)
        self._short_reader = self._new_reader()
        for connection in (writing, self._short_reader):  # the event loop never waits for a lock
            connection.execute("pragma busy_timeout = 0")
        self._writer = SqliteWriter(
            writing, SqliteTx(writing, path), lambda error: store_error(error, path), LOCK_WAIT_S
        )
        self._readers: deque[sqlite3.Connection] = deque()
        self._threads = ThreadPoolExecutor(MAX_LONG_READS, thread_name_prefix="store-read")

    def write(self, fn: Callable[[Tx], T], key: str | None = None) -> Awaitable[T]:
        """Run a unit of work (`store.drivers.sqlite_writer`). Units run in call order; the key does not matter."""
        return self._writer.submit(fn)

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a short read at once, all its statements on one snapshot."""
        try:
            return self._read_snapshot(self._short_reader, fn)
        except StoreError as error:
            if not (isinstance(error.__cause__, sqlite3.Error) and result_code(error.__cause__) == sqlite3.SQLITE_BUSY):
                raise
        # Rare: another process is recovering or closing the file; a thread may wait for it.
        return await self.read_in_thread(fn)

    async def read_in_thread(self, fn: Callable[[Tx], T]) -> T:
        """Run a long read on another thread, all its statements on one snapshot."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read_blocking, fn)

    def _read_blocking(self, fn: Callable[[Tx], T]) -> T:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._new_reader()
        try:
            return self._read_snapshot(connection, fn)
        finally:
            self._readers.append(connection)

    def _new_reader(self) -> sqlite3.Connection:
        try:
            return connect(self.path, cache_kb=16 * 1024, read_only=True)
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error

    def _read_snapshot(self, connection: sqlite3.Connection, fn: Callable[[Tx], T]) -> T:
        connection.execute("begin")
        try:
            return fn(SqliteTx(connection, self.path))
        finally:
            if connection.in_transaction:
                connection.execute("rollback")

    async def migrate(self) -> None:
        """Bring the schema up to this version; of two processes at once, the second waits and finds it done."""
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
            raise store_error(error, self.path) from error

    async def ready(self) -> None:
        """Return when the file takes a write, its disk has space left and its schema is this version's."""
        await self.write(check)
        await asyncio.get_running_loop().run_in_executor(self._threads, require_space, self.path)

    async def close(self) -> None:
        """Finish all units and reads, then close the file; the last process to close it empties the log."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in (*self._readers, self._short_reader):
            connection.close()
        await self._writer.close()


def path_of(rest: str) -> Path:
    """Return the file of an address, given the part after `sqlite://`."""
    if not rest.startswith("/") or rest == "/":
        raise StoreError("database: write sqlite:///path/to/file.db (three slashes, four for an absolute path)")
    return Path(unquote(rest[1:]))


def open_sqlite(rest: str) -> SqliteDatabase:
    """Open the file of an address, given the part after `sqlite://`; a new file is readable by its owner only."""
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
        problem = store_error(error, path)
        is_denied = result_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        raise StoreError(f"{problem}{owner_hint(path) if is_denied else ''}") from error
