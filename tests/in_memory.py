"""Turns in memory, without an event loop: for tests that take tens of thousands of them."""

import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from chatbot.conversations.turns import Turns
from chatbot.demo.customers import records
from chatbot.imports.jsonl import book
from chatbot.keys import Keys
from chatbot.metrics import Metrics
from chatbot.service import Service
from flows.wording.words import Words
from store.database import Tx
from store.drivers.migrate import migrate
from store.drivers.sqlite import SqliteTx
from tests.clock import FakeClock
from tests.service_fixture import SECRET, settings_for

T = TypeVar("T")


class InMemoryDatabase:
    """The store's own SQL on SQLite in memory; each unit of work in its savepoint, done before anybody waits."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("pragma foreign_keys = on")
        self.tx: Tx = SqliteTx(self.connection, Path(":memory:"))
        self.connection.execute("begin")
        migrate(self.tx)
        self.connection.execute("commit")

    def do(self, work: Callable[[Tx], T]) -> T:
        self.connection.execute("savepoint unit")
        try:
            done = work(self.tx)
        except BaseException:
            self.connection.execute("rollback to unit")
            raise
        finally:
            self.connection.execute("release unit")
        return done

    async def write(self, work: Callable[[Tx], T], key: str | None = None) -> T:
        return self.do(work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        return work(self.tx)

    async def read_in_thread(self, work: Callable[[Tx], T]) -> T:
        return work(self.tx)

    async def migrate(self) -> None:
        """Is done already."""

    async def ready(self) -> None:
        """Always is."""

    async def close(self) -> None:
        self.connection.close()


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """Run what never waits for anything."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("it waited for something")


def in_memory_service(database: InMemoryDatabase, clock: FakeClock) -> Service:
    return Service(settings_for(Path("/nowhere")), clock, database, Keys(SECRET), Words(), Metrics())


def in_memory_turns(service: Service, tell: Callable[[Any], None]) -> Turns:
    turns = Turns(service)

    async def told(answer: Any) -> None:
        if answer.origin is None:  # an external event
            tell(answer)

    turns.subscribe(told)
    return turns


def import_demo_customers(database: InMemoryDatabase) -> dict[str, str]:
    """Bring in the demo's customers; returns which account each account and invoice number belongs to."""
    clock = FakeClock()
    for record in records(clock.now().date()):
        book(database.tx, record, clock.now())
    rows = database.tx.all("select number, id as account from accounts union all select number, account from invoices")
    return {row["number"]: row["account"] for row in rows}
