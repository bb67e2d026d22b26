"""Group commit for SQLite: units of work run on the event loop's thread, one flush to disk serves many of them.

Units that wait run one after the other inside one transaction. Each counts on success: should one fail, the batch is
rolled back and its units run again, each in a savepoint of its own, so that this one fails alone. Only what can take
long (the COMMIT, which flushes to disk, and waiting for somebody else's lock) happens on one helper thread, and while
it happens the next batch gathers. Handing every unit to a thread would be simpler and cost twice the CPU: the two
threads would fight for the interpreter.
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
"""How long a batch may keep the event loop before it commits; sockets are served in between.

With half of it a busy service commits twice as often, which costs a tenth more CPU a turn.
"""

Unit = tuple[Callable[[Tx], Any], "asyncio.Future[Any]"]
UnitResult = tuple["asyncio.Future[Any]", Any, BaseException | None]


class SqliteWriter:
    """The one connection that writes. Everything but the helper's two jobs runs on the event loop's thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        tx: Tx,
        explained: Callable[[sqlite3.Error], StoreError],
        lock_wait_s: float,
    ) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._tx = tx
        self._explained = explained
        self._lock_wait_ms = int(lock_wait_s * 1000)
        self._waiting: deque[Unit] = deque()
        self._batch: list[UnitResult] = []
        self._asked_before_lock = 0
        self._busy = False
        self._closed = False
        self._idle: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._helper = threading.Thread(target=self._help, name="store-commit", daemon=True)
        self._helper.start()

    def submit(self, fn: Callable[[Tx], T]) -> "asyncio.Future[T]":
        """Queue a unit of work; the future is done when the unit's batch is on disk."""
        loop = asyncio.get_running_loop()
        if self._closed:
            raise StoreError("the database is closed")
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((fn, future))
        if not self._busy:
            self._busy = True
            self._loop = loop
            loop.call_soon(self._begin)
        return future

    async def close(self) -> None:
        """Let what is queued finish, then close the connection."""
        if self._closed:
            return
        self._closed = True
        if self._busy:
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle
        self._jobs.put(None)
        await asyncio.to_thread(self._helper.join)

    # ── a batch, on the event loop ──

    def _begin(self) -> None:
        self._asked_before_lock = len(self._waiting)
        try:
            self._execute("begin immediate")
        except sqlite3.Error:
            self._jobs.put(self._wait_for_lock)  # most likely held by another process; if not, it fails there again
        else:
            self._run_units()

    def _lock_answered(self, error: sqlite3.Error | None) -> None:
        if error is None:
            self._run_units()
            return
        for _ in range(self._asked_before_lock):  # those who came later get the full wait
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(self._explained(error))
        self._batch_over()

    def _run_units(self) -> None:
        units: list[Unit] = []
        try:
            self._execute("savepoint batch")
            failure = self._run_together(units)
            if failure is not None:
                self._batch.clear()
                self._back_to("batch", failure)
                for unit in units:
                    self._batch.append(self._run_alone(*unit))
        except sqlite3.Error as error:  # a full disk, say: SQLite has rolled back the whole batch
            self._connection.rollback()
            self._batch.extend((future, None, None) for _, future in units[len(self._batch) :])
            self._finished(error)
        else:
            self._jobs.put(self._commit)

    def _run_together(self, units: list[Unit]) -> BaseException | None:
        """Run what waits for as long as a batch may take, and note it in `units`; ends at the first that fails."""
        waiting, batch, tx = self._waiting, self._batch, self._tx
        until = monotonic() + BATCH_S
        while waiting:
            unit = fn, future = waiting.popleft()
            if future.done():  # its waiter was cancelled
                continue
            units.append(unit)
            try:
                batch.append((future, fn(tx), None))
            except BaseException as error:
                return error
            if monotonic() > until:
                break
        return None

    def _run_alone(self, fn: Callable[[Tx], T], future: "asyncio.Future[T]") -> UnitResult:
        self._execute("savepoint unit")
        try:
            result = fn(self._tx)
        except BaseException as error:
            self._back_to("unit", error)
            self._execute("release unit")
            return (future, None, error)
        self._execute("release unit")
        return (future, result, None)

    def _back_to(self, savepoint: str, error: BaseException) -> None:
        """Undo what was done since a savepoint; where SQLite has undone more than that, raise why it did."""
        try:
            self._execute(f"rollback to {savepoint}")
        except sqlite3.Error as lost:
            raise (error.__cause__ if isinstance(error.__cause__, sqlite3.Error) else lost) from None

    def _finished(self, error: sqlite3.Error | None) -> None:
        batch, self._batch = self._batch, []
        for future, result, raised in batch:
            if future.done():
                continue
            if raised is not None:
                # A future cannot carry a StopIteration: it would end the waiter's loop instead of failing it.
                future.set_exception(RuntimeError(repr(raised)) if isinstance(raised, StopIteration) else raised)
            elif error is not None:
                future.set_exception(self._explained(error))
            else:
                future.set_result(result)
        self._batch_over()

    def _batch_over(self) -> None:
        if self._waiting:
            self._loop.call_soon(self._begin)  # after those who have their answer took it
            return
        self._busy = False
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    # ── the helper thread ──

    def _help(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        self._connection.close()

    def _commit(self) -> None:
        self._tell(self._finished, self._attempt("commit"))

    def _wait_for_lock(self) -> None:
        self._execute(f"pragma busy_timeout = {self._lock_wait_ms}")
        error = self._attempt("begin immediate")
        self._execute("pragma busy_timeout = 0")
        self._tell(self._lock_answered, error)

    def _attempt(self, sql: str) -> sqlite3.Error | None:
        try:
            self._execute(sql)
        except sqlite3.Error as error:
            self._connection.rollback()  # does nothing where SQLite has already rolled back
            return error
        return None

    def _tell(self, answer: Callable[[sqlite3.Error | None], None], error: sqlite3.Error | None) -> None:
        try:
            self._loop.call_soon_threadsafe(answer, error)
        except RuntimeError:  # the loop was closed with work under way: nobody is left to be told
            return
