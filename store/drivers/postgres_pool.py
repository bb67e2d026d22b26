"""A connection pool that runs units of work in greenlets on the event loop's thread.

How it works. A unit is ordinary synchronous code. In a greenlet, its wait for the server switches back to the event
loop, which meanwhile serves other things, other units among them; the loop switches to the unit again when the socket
is readable. A connection runs one unit after another, and the COMMIT of one is sent with the BEGIN of the next
(`postgres_connection.py`). Units with the same key run one after another, in call order.

What it buys. Worker threads took twice the CPU for the same units: they compete with the loop for the interpreter at
every result. With the pipelined connections, all of it divides the CPU of a turn by two to four.

What it assumes.
- `submit` is called on the event loop's thread, and a unit never blocks except in its transaction.
- A unit may run again: after a serialization failure up to MAX_FAILURES times, after a lost connection for RETRY_FOR_S.
  It is not repeated once its COMMIT was sent and the outcome is unknown.
- Connections open as needed, and after a failure with a growing backoff.

How to switch it off. There is no setting; see `postgres_connection.py`. Long reads and migrations do not use the pool:
they run on other threads, with `postgres.BlockingConnection`, which shows the simpler alternative.
"""

import asyncio
import os
import selectors
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Generic, TypeVar

import psycopg
from greenlet import GreenletExit, getcurrent, greenlet

from store.database import CommitUnknown, StoreError, Tx
from store.drivers.postgres_connection import CollateralAbort, ConnectionLost, Pipeline, SerializationFailure

T = TypeVar("T")

RETRY_FOR_S = 5.0
"""How long a unit is retried while the database is out of reach; it may be restarting."""
MAX_FAILURES = 5
BACKOFF_S = (0.05, 0.1, 0.2, 0.5)

RunUnit = Callable[[Pipeline, "PendingUnit[Any]"], Any]
"""Runs the unit in a new transaction; rolls back on error. The caller commits."""


class PendingUnit(Generic[T]):
    """A submitted unit of work, and the time it was queued for a connection."""

    __slots__ = ("failures", "fn", "future", "key", "queued_at")

    def __init__(self, fn: Callable[[Tx], T], key: str | None, future: "asyncio.Future[T]") -> None:
        self.fn = fn
        self.key = key
        self.future = future
        self.queued_at = monotonic()
        self.failures = 0

    def may_retry(self, error: SerializationFailure) -> bool:
        """Count a serialization failure; False after too many of the unit's own."""
        self.failures += not isinstance(error, CollateralAbort)
        return self.failures < MAX_FAILURES

    def fail(self, error: BaseException) -> None:
        """Set the unit's exception, unless its caller was cancelled."""
        if not self.future.done():
            # A future cannot carry a StopIteration: it would end the caller's loop instead of failing it.
            self.future.set_exception(RuntimeError(repr(error)) if isinstance(error, StopIteration) else error)


class PooledConnection:
    """A connection with its socket watched by the event loop."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        # An own descriptor: libpq closes its own when the connection breaks, and the next socket reuses the number.
        self._socket = os.dup(connection.pgconn.socket)
        # The loop watches the selector instead of the socket: uvloop reports a reset socket only once, although part of
        # the server's last message may be left to read, and a unit waiting for the rest would wait for ever.
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._suspended: greenlet | None = None
        self.pipeline = Pipeline(connection.pgconn, self._wait)
        self._loop.add_reader(self._selector.fileno(), self._on_ready)

    def _wait(self, writing: bool) -> None:
        """Suspend the current greenlet until the socket is ready."""
        self._suspended = current = getcurrent()
        assert current.parent is not None, "a unit runs in a greenlet of its own"
        if writing:
            self._selector.modify(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        try:
            current.parent.switch()
        finally:
            if writing:
                self._selector.modify(self._socket, selectors.EVENT_READ)

    def _on_ready(self) -> None:
        suspended, self._suspended = self._suspended, None
        if suspended is not None:
            suspended.switch()
        else:
            self.pipeline.read_unsolicited()
            if self.pipeline.broken:
                self._loop.remove_reader(self._selector.fileno())

    async def close(self) -> None:
        """Close the connection."""
        self._loop.remove_reader(self._selector.fileno())
        self._selector.close()
        os.close(self._socket)
        await self._connection.close()


class UnitPool:
    """Up to `size` connections, opened on demand, and the queue of units for them."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[psycopg.AsyncConnection[Any]]],
        run: RunUnit,
        size: int,
        *,
        read_only: bool = False,
    ) -> None:
        self._connect = connect
        self._run = run
        self._size = size
        self._read_only = read_only  # results do not wait for the commit
        self._queue: deque[PendingUnit[Any]] = deque()
        self._behind: dict[str, deque[PendingUnit[Any]]] = {}  # by key: units behind the queued or running one
        self._connections: set[PooledConnection] = set()
        self._idle: list[PooledConnection] = []
        self._opening: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._unfinished = 0
        self._dispatch_scheduled = False
        self._closed = False
        self._drained: asyncio.Future[None] | None = None

    def submit(self, fn: Callable[[Tx], T], key: str | None = None) -> "asyncio.Future[T]":
        """Queue a unit; the future is done when the unit is committed, or has failed."""
        if self._closed:
            raise StoreError("the database is closed")
        loop = asyncio.get_running_loop()
        unit = PendingUnit(fn, key, loop.create_future())
        self._unfinished += 1
        behind = None if key is None else self._behind.get(key)
        if behind is not None:
            behind.append(unit)
            return unit.future
        if key is not None:
            self._behind[key] = deque()
        self._queue.append(unit)
        self._schedule_dispatch()
        return unit.future

    async def close(self) -> None:
        """Finish all queued units, then close the connections."""
        self._closed = True
        if self._unfinished:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained
        if self._opening is not None:
            await self._opening
        await asyncio.gather(*self._closing, *(connection.close() for connection in self._connections))
        self._connections.clear()
        self._idle.clear()

    def _schedule_dispatch(self) -> None:
        """Dispatch in the loop's next iteration: the caller may be a greenlet, which waits for the database next."""
        if not self._dispatch_scheduled:
            self._dispatch_scheduled = True
            asyncio.get_running_loop().call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._dispatch_scheduled = False
        while self._queue and self._idle:
            connection = self._idle.pop()
            if connection.pipeline.broken:
                self._discard(connection)
            else:
                greenlet(self._serve).switch(connection)
        if self._queue and self._opening is None and len(self._connections) < self._size:
            self._opening = asyncio.ensure_future(self._open_connection())

    # ── in a greenlet ──

    def _serve(self, connection: PooledConnection) -> None:
        """Run queued units on a connection until the queue is empty or the connection breaks."""
        pipeline = connection.pipeline
        while not pipeline.broken:
            if not self._queue or self._idle:  # otherwise the next BEGIN is sent with this COMMIT
                pipeline.drain()
            if not self._queue or pipeline.broken:
                break
            unit = self._queue.popleft()
            if unit.future.done():
                self._finish(unit)
            else:
                self._run_unit(pipeline, unit)
        if pipeline.broken:
            self._discard(connection)
            self._schedule_dispatch()
        else:
            self._idle.append(connection)

    def _run_unit(self, pipeline: Pipeline, unit: PendingUnit[Any]) -> None:
        try:
            result = self._run(pipeline, unit)
            if self._read_only:
                pipeline.send("commit")
                self._on_commit(unit, result, None)
            else:
                pipeline.queue_commit(lambda error: self._on_commit(unit, result, error))
        except GreenletExit:
            raise
        except SerializationFailure as error:
            self._retry_or_fail(unit, error, retry=unit.may_retry(error))
        except ConnectionLost as error:
            pipeline.abandon()
            self._retry_or_fail(unit, error, retry=monotonic() < unit.queued_at + RETRY_FOR_S)
        except BaseException as error:
            unit.fail(error)
            self._finish(unit)

    def _on_commit(self, unit: PendingUnit[Any], result: object, error: StoreError | None) -> None:
        """Resolve a unit's future with the outcome of its COMMIT."""
        if isinstance(error, SerializationFailure) and unit.may_retry(error):
            self._queue.appendleft(unit)
            self._schedule_dispatch()
            return
        if isinstance(error, ConnectionLost):
            unit.fail(CommitUnknown(f"nobody knows whether this was kept: the connection broke ({error})"))
        elif error is not None:
            unit.fail(error)
        elif not unit.future.done():
            unit.future.set_result(result)
        self._finish(unit)

    def _retry_or_fail(self, unit: PendingUnit[Any], error: StoreError, *, retry: bool) -> None:
        if retry:
            self._queue.appendleft(unit)
        else:
            unit.fail(error)
            self._finish(unit)

    def _finish(self, unit: PendingUnit[Any]) -> None:
        """Queue the next unit with the same key."""
        self._unfinished -= 1
        if unit.key is not None:
            behind = self._behind[unit.key]
            if behind:
                following = behind.popleft()
                following.queued_at = monotonic()
                self._queue.append(following)
                self._schedule_dispatch()
            else:
                del self._behind[unit.key]
        if not self._unfinished and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # ── connections ──

    async def _open_connection(self) -> None:
        """Open one more connection; retry with backoff while units are queued."""
        failures = 0
        try:
            while self._queue:
                try:
                    connection = await self._new_connection()
                except StoreError as error:
                    self._fail_expired(error)
                    await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                    failures += 1
                else:
                    self._connections.add(connection)
                    self._idle.append(connection)
                    break
        finally:
            self._opening = None
            self._schedule_dispatch()

    async def _new_connection(self) -> PooledConnection:
        connection = await self._connect()
        try:
            return PooledConnection(connection)
        except (psycopg.Error, OSError) as error:  # it broke at once
            await connection.close()
            raise ConnectionLost(str(error)) from error

    def _discard(self, connection: PooledConnection) -> None:
        self._connections.discard(connection)
        closing = asyncio.ensure_future(connection.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _fail_expired(self, error: StoreError) -> None:
        """Without any connection, fail the units that were queued RETRY_FOR_S ago."""
        if self._connections:
            return
        cutoff, queued = monotonic() - RETRY_FOR_S, self._queue
        self._queue = deque(unit for unit in queued if unit.queued_at > cutoff)
        for unit in queued:
            if unit.queued_at <= cutoff:
                unit.fail(error)
                self._finish(unit)
