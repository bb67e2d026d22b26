"""A service in memory, without an event loop, for tests with tens of thousands of turns."""

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
    """The store's SQL on SQLite in memory. Each unit of work runs at once, in a savepoint."""

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
        """Do nothing: the constructor migrates."""

    async def ready(self) -> None:
        """Do nothing: the database is always ready."""

    async def close(self) -> None:
        self.connection.close()


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that never waits. Raises AssertionError if it does."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("the coroutine waited")


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
    """Import the demo's customers; return the account of each account number and invoice number."""
    clock = FakeClock()
    for record in records(clock.now().date()):
        book(database.tx, record, clock.now())
    rows = database.tx.all("select number, id as account from accounts union all select number, account from invoices")
    return {row["number"]: row["account"] for row in rows}
