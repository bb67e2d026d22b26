"""Units of work on PostgreSQL connections, on the event loop's own thread.

A unit is ordinary synchronous code. It runs in a greenlet, so that while it waits for the server the loop goes on with
other things, other units among them, and comes back to it when the answer is there. Worker threads were measured on the
same units and cost about twice the CPU: they fight with the loop for the interpreter at every answer.

Units with the same key stand in one lane: they run one after another, in the order in which they came.
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

PATIENCE_S = 5.0
"""How long a unit is tried again while the database is away; it may be restarting."""
MOST_CLASHES = 5
BACKOFF_S = (0.05, 0.1, 0.2, 0.5)

RunUnit = Callable[[Pipeline, "PendingUnit[Any]"], Any]
"""Begins a transaction and runs a job's unit in it; what the unit raises has rolled it back. Committing is not its."""


class PendingUnit(Generic[T]):
    """A unit that was asked for, and since when it stands in line for a connection."""

    __slots__ = ("began", "clashes", "fn", "future", "key")

    def __init__(self, fn: Callable[[Tx], T], key: str | None, future: "asyncio.Future[T]") -> None:
        self.fn = fn
        self.key = key
        self.future = future
        self.began = monotonic()
        self.clashes = 0

    def may_run_again(self, error: SerializationFailure) -> bool:
        """Whether to run it again after a clash; not for ever where it is a side of the clash itself."""
        self.clashes += not isinstance(error, CollateralAbort)
        return self.clashes < MOST_CLASHES


class PooledConnection:
    """A connection that the event loop watches."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        # A descriptor of our own: libpq closes its own when the connection breaks, and the next socket gets its number.
        self._socket = os.dup(connection.pgconn.socket)
        # The loop watches the selector and not the socket: uvloop tells of a reset socket once and then never again,
        # though a farewell may be left to read from it, and who waits for the rest of it would wait for ever.
        self._watch = selectors.DefaultSelector()
        self._watch.register(self._socket, selectors.EVENT_READ)
        self._unit: greenlet | None = None
        self.pipeline = Pipeline(connection.pgconn, self._wait)
        self._loop.add_reader(self._watch.fileno(), self._ready)

    def _wait(self, writing: bool) -> None:
        self._unit = unit = getcurrent()
        assert unit.parent is not None, "a unit runs in a greenlet of its own"
        if writing:
            self._watch.modify(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        try:
            unit.parent.switch()
        finally:
            if writing:
                self._watch.modify(self._socket, selectors.EVENT_READ)

    def _ready(self) -> None:
        unit, self._unit = self._unit, None
        if unit is not None:
            unit.switch()
        else:
            self.pipeline.overhear()
            if self.pipeline.broken:
                self._loop.remove_reader(self._watch.fileno())

    async def close(self) -> None:
        """Let go of the connection."""
        self._loop.remove_reader(self._watch.fileno())
        self._watch.close()
        os.close(self._socket)
        await self._connection.close()


class UnitPool:
    """A few connections, opened as they are needed, and the units that wait for one."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[psycopg.AsyncConnection[Any]]],
        run: RunUnit,
        most: int,
        *,
        looking: bool = False,
    ) -> None:
        self._connect = connect
        self._run = run
        self._most = most
        self._looking = looking  # nobody waits for the end of what only reads
        self._ready: deque[PendingUnit[Any]] = deque()
        self._lanes: dict[str, deque[PendingUnit[Any]]] = {}
        self._links: set[PooledConnection] = set()
        self._idle: list[PooledConnection] = []
        self._opening: asyncio.Task[None] | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._called = False
        self._closed = False
        self._empty: asyncio.Future[None] | None = None

    def submit(self, fn: Callable[[Tx], T], key: str | None = None) -> "asyncio.Future[T]":
        """Queue a unit; the future is done when the unit is safe, or has failed."""
        if self._closed:
            raise StoreError("the database is closed")
        loop = asyncio.get_running_loop()
        job = PendingUnit(fn, key, loop.create_future())
        self._under_way += 1
        lane = None if key is None else self._lanes.get(key)
        if lane is not None:
            lane.append(job)
            return job.future
        if key is not None:
            self._lanes[key] = deque()
        self._ready.append(job)
        self._dispatch_soon()
        return job.future

    async def close(self) -> None:
        """Let what is queued finish, then close the connections."""
        self._closed = True
        if self._under_way:
            self._empty = asyncio.get_running_loop().create_future()
            await self._empty
        if self._opening is not None:
            await self._opening
        await asyncio.gather(*self._farewells, *(link.close() for link in self._links))
        self._links.clear()
        self._idle.clear()

    def _dispatch(self) -> None:
        self._called = False
        while self._ready and self._idle:
            link = self._idle.pop()
            if link.pipeline.broken:
                self._drop(link)
            else:
                greenlet(self._serve).switch(link)
        if self._ready and self._opening is None and len(self._links) < self._most:
            self._opening = asyncio.ensure_future(self._open())

    # ── in a greenlet ──

    def _serve(self, link: PooledConnection) -> None:
        """Run units on a connection until none waits, or it breaks."""
        while not link.pipeline.broken:
            if not self._ready or self._idle:  # else the next unit's beginning travels with this one's end
                link.pipeline.finish()
            if not self._ready or link.pipeline.broken:
                break
            job = self._ready.popleft()
            if job.future.done():
                self._done(job)
            else:
                self._try(link, job)
        if link.pipeline.broken:
            self._drop(link)
            self._dispatch_soon()
        else:
            self._idle.append(link)

    def _try(self, link: PooledConnection, job: PendingUnit[Any]) -> None:
        try:
            result = self._run(link.pipeline, job)
            if self._looking:
                link.pipeline.send("commit")
                self._ended(job, result, None)
            else:
                link.pipeline.end(lambda error: self._ended(job, result, error))
        except GreenletExit:
            raise
        except SerializationFailure as error:
            self._again(job, error, more=job.may_run_again(error))
        except ConnectionLost as error:
            link.pipeline.give_up()
            self._again(job, error, more=monotonic() < job.began + PATIENCE_S)
        except BaseException as error:
            _fail(job, error)
            self._done(job)

    def _ended(self, job: PendingUnit[Any], result: object, error: StoreError | None) -> None:
        """Answer a unit whose COMMIT was answered, or cut off."""
        if isinstance(error, SerializationFailure) and job.may_run_again(error):
            self._ready.appendleft(job)
            self._dispatch_soon()
            return
        if isinstance(error, ConnectionLost):
            _fail(job, CommitUnknown(f"nobody knows whether this was kept: the connection broke ({error})"))
        elif error is not None:
            _fail(job, error)
        elif not job.future.done():
            job.future.set_result(result)
        self._done(job)

    def _again(self, job: PendingUnit[Any], error: StoreError, *, more: bool) -> None:
        """Run a unit again, on this connection or another, unless that has been done often enough."""
        if more:
            self._ready.appendleft(job)
        else:
            _fail(job, error)
            self._done(job)

    def _done(self, job: PendingUnit[Any]) -> None:
        self._under_way -= 1
        if job.key is not None:
            lane = self._lanes[job.key]
            if lane:
                following = lane.popleft()
                following.began = monotonic()
                self._ready.append(following)
                self._dispatch_soon()
            else:
                del self._lanes[job.key]
        if not self._under_way and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    # ── connections ──

    def _drop(self, link: PooledConnection) -> None:
        self._links.discard(link)
        farewell = asyncio.ensure_future(link.close())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    def _dispatch_soon(self) -> None:
        """Find a connection for what is ready: who made it ready may have to wait for the database now."""
        if not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self._dispatch)

    async def _open(self) -> None:
        """Open one more connection, and try again while units wait for it."""
        tries = 0
        try:
            while self._ready:
                try:
                    link = await self._link()
                except StoreError as error:
                    self._give_up(error)
                    await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
                    tries += 1
                else:
                    self._links.add(link)
                    self._idle.append(link)
                    break
        finally:
            self._opening = None
            self._dispatch_soon()

    async def _link(self) -> PooledConnection:
        connection = await self._connect()
        try:
            return PooledConnection(connection)
        except (psycopg.Error, OSError) as error:  # it broke at once
            await connection.close()
            raise ConnectionLost(str(error)) from error

    def _give_up(self, error: StoreError) -> None:
        """Fail the units that have waited long enough, if there is no other connection to run them."""
        if self._links:
            return
        now, waiting = monotonic(), self._ready
        self._ready = deque(job for job in waiting if now < job.began + PATIENCE_S)
        given_up = [job for job in waiting if now >= job.began + PATIENCE_S]
        for job in given_up:
            _fail(job, error)
            self._done(job)


def _fail(job: PendingUnit[Any], error: BaseException) -> None:
    if not job.future.done():
        # A future cannot carry a StopIteration: it would end the waiter's loop instead of failing it.
        job.future.set_exception(RuntimeError(repr(error)) if isinstance(error, StopIteration) else error)
