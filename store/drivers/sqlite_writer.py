"""Group commit for SQLite: units of work run on the event loop's thread, and one flush to disk serves many of them.

How it works. Queued units run one after another inside one transaction, the batch. If one fails, the batch is rolled
back to its savepoint and its units run again, each in a savepoint of its own, so that the one fails alone. Only calls
that can block (COMMIT, which flushes to disk, and the wait for another process's lock) run on one helper thread; the
next batch gathers meanwhile.

What it buys. One flush serves some ten turns at 50 connections. Handing every unit to a thread would be simpler and
take twice the CPU, because two threads compete for the interpreter.

What it assumes.
- One connection writes, and only one thread uses it at a time: the event loop, or the helper during its call.
- A unit takes tens of microseconds and may run twice. A batch takes up to BATCH_S of the event loop's time.
- Another process may hold the write lock for `lock_wait_s` at most; then the waiting units fail.

How to switch it off. There is no setting. BATCH_S = 0 makes a batch of every unit, which is a flush for every unit.
The rest of the store sees only `Database.write`.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic
from typing import Any, TypeVar

from store.database import StoreError, Tx

T = TypeVar("T")

BATCH_S = 0.01
"""How long a batch may run on the event loop before it commits; sockets are served in between.

Half of it makes a busy service commit twice as often, which costs a tenth more CPU a turn.
"""

Unit = tuple[Callable[[Tx], Any], "asyncio.Future[Any]"]
UnitResult = tuple["asyncio.Future[Any]", Any, BaseException | None]


class SqliteWriter:
    """The one connection that writes. All methods run on the event loop's thread, unless they say otherwise."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        tx: Tx,
        store_error: Callable[[sqlite3.Error], StoreError],
        lock_wait_s: float,
    ) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._tx = tx
        self._store_error = store_error
        self._lock_wait_ms = int(lock_wait_s * 1000)
        self._queue: deque[Unit] = deque()
        self._batch: list[UnitResult] = []
        self._queued_before_lock = 0
        self._busy = False
        self._closed = False
        self._idle: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._helper = threading.Thread(target=self._run_jobs, name="store-commit", daemon=True)
        self._helper.start()

    def submit(self, fn: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """Queue a unit of work; the future is done when the unit's batch is on disk."""
        loop = asyncio.get_running_loop()
        if self._closed:
            raise StoreError("the database is closed")
        future: asyncio.Future[T] = loop.create_future()
        self._queue.append((fn, future))
        if not self._busy:
            self._busy = True
            self._loop = loop
            loop.call_soon(self._begin_batch)
        return future

    async def close(self) -> None:
        """Finish all queued units, then close the connection."""
        if self._closed:
            return
        self._closed = True
        if self._busy:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
        self._jobs.put(None)
        await asyncio.to_thread(self._helper.join)

    # ── a batch ──

    def _begin_batch(self) -> None:
        self._queued_before_lock = len(self._queue)
        try:
            self._execute("begin immediate")
        except sqlite3.Error:
            self._jobs.put(self._wait_for_lock)  # probably locked by another process; any other error repeats there
        else:
            self._run_batch()

    def _on_lock(self, error: sqlite3.Error | None) -> None:
        if error is None:
            self._run_batch()
            return
        for _ in range(self._queued_before_lock):  # units queued later get the full wait
            _, future = self._queue.popleft()
            if not future.done():
                future.set_exception(self._store_error(error))
        self._end_batch()

    def _run_batch(self) -> None:
        units: list[Unit] = []
        try:
            self._execute("savepoint batch")
            failure = self._run_together(units)
            if failure is not None:
                self._batch.clear()
                self._rollback_to("batch", failure)
                for unit in units:
                    self._batch.append(self._run_alone(*unit))
        except sqlite3.Error as error:  # a full disk, say: SQLite has rolled back the whole batch
            self._connection.rollback()
            self._batch.extend((future, None, None) for _, future in units[len(self._batch) :])
            self._on_commit(error)
        else:
            self._jobs.put(self._commit)

    def _run_together(self, units: list[Unit]) -> BaseException | None:
        """Run queued units for up to BATCH_S and append them to `units`; stops at an exception and returns it."""
        queue, batch, tx = self._queue, self._batch, self._tx
        deadline = monotonic() + BATCH_S
        while queue:
            unit = fn, future = queue.popleft()
            if future.done():  # its caller was cancelled
                continue
            units.append(unit)
            try:
                batch.append((future, fn(tx), None))
            except BaseException as error:
                return error
            if monotonic() > deadline:
                break
        return None

    def _run_alone(self, fn: Callable[[Tx], T], future: "asyncio.Future[T]") -> UnitResult:
        self._execute("savepoint unit")
        try:
            result = fn(self._tx)
        except BaseException as error:
            self._rollback_to("unit", error)
            self._execute("release unit")
            return (future, None, error)
        self._execute("release unit")
        return (future, result, None)

    def _rollback_to(self, savepoint: str, error: BaseException) -> None:
        """Roll back to a savepoint; if SQLite has already rolled back the transaction, raise the cause of that."""
        try:
            self._execute(f"rollback to {savepoint}")
        except sqlite3.Error as no_savepoint:
            raise (error.__cause__ if isinstance(error.__cause__, sqlite3.Error) else no_savepoint) from None

    def _on_commit(self, error: sqlite3.Error | None) -> None:
        """Resolve the futures of a batch with the outcome of its COMMIT."""
        batch, self._batch = self._batch, []
        for future, result, raised in batch:
            if future.done():
                continue
            if raised is not None:
                # A future cannot carry a StopIteration: it would end the caller's loop instead of failing it.
                future.set_exception(RuntimeError(repr(raised)) if isinstance(raised, StopIteration) else raised)
            elif error is not None:
                future.set_exception(self._store_error(error))
            else:
                future.set_result(result)
        self._end_batch()

    def _end_batch(self) -> None:
        if self._queue:
            self._loop.call_soon(self._begin_batch)  # after the callers of this batch have run
            return
        self._busy = False
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    # ── on the helper thread ──

    def _run_jobs(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        self._connection.close()

    def _commit(self) -> None:
        self._call_on_loop(self._on_commit, self._try_execute("commit"))

    def _wait_for_lock(self) -> None:
        self._execute(f"pragma busy_timeout = {self._lock_wait_ms}")
        error = self._try_execute("begin immediate")
        self._execute("pragma busy_timeout = 0")
        self._call_on_loop(self._on_lock, error)

    def _try_execute(self, sql: str) -> sqlite3.Error | None:
        try:
            self._execute(sql)
        except sqlite3.Error as error:
            self._connection.rollback()  # no effect where SQLite has already rolled back
            return error
        return None

    def _call_on_loop(self, callback: Callable[[sqlite3.Error | None], None], error: sqlite3.Error | None) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, error)
        except RuntimeError:  # the loop was closed during the call; nobody waits for the outcome
            return
