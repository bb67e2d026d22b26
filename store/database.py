"""What every database driver offers: units of work, reads, and the errors that mean "broken".

A unit of work is an ordinary function of a transaction, `fn(tx) -> T`. It never awaits, it is short, and it either
happens whole or not at all. It may be run on another thread than the one that asked, so it returns values and keeps
nothing of the transaction.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Params = Mapping[str, Any]
NO_PARAMS: Params = {}

Row = Mapping[str, Any]
"""One row of a result, by its columns' names."""


class StoreError(Exception):
    """The database could not do what it was asked; the message says what is wrong and what an operator can do."""


class CommitUnknown(StoreError):
    """The database was lost while a unit of work was being kept: it was kept whole, or not at all.

    Who can ask again in a way that happens once, should.
    """


class Conflict(StoreError):
    """A unique key, a foreign key or a check refused the row.

    Let it end the unit of work: some databases accept no further statement after it. Where a clash is to be expected,
    write `on conflict do nothing` and look at the number of rows changed.
    """


class Tx(Protocol):
    """A transaction. Parameters are named, `:name`, and never put into the SQL's text."""

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """Every row."""
        ...

    def one(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        """The first row, or None when there is none."""
        ...

    def query_many(self, *questions: tuple[str, Params]) -> list[list[Row]]:
        """Ask several questions at once: for each, every row."""
        ...

    def execute_count(self, sql: str, params: Params = NO_PARAMS) -> int:
        """Run a statement that changes rows; returns how many it changed."""
        ...

    def execute(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Run a statement that changes rows, without asking how many.

        It may travel with the next statement, or with the end of the unit, and what it raises is then raised there.
        """
        ...

    def execute_many(self, sql: str, params: Sequence[Params]) -> None:
        """Do one statement once for each set of parameters."""
        ...

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Hold the rows that a select finds until the unit ends; other units that would hold or change them wait.

        What is read after this is what the others left. Nothing to do in a read, and where one unit runs at a time.
        """
        ...

    def lock(self, *names: str) -> None:
        """Let one unit at a time, of all processes, go past these names; for what has no row. A unit takes few of them.

        What is read after this is what the others left. Nothing to do in a read, and where one unit runs at a time.
        """
        ...

    def lock_found(self, select: str, params: Params = NO_PARAMS) -> None:
        """Lock the names that a select finds in its column `name`."""
        ...


class Database(Protocol):
    """One open database. Its methods are called on the event loop's thread."""

    def write(self, fn: Callable[[Tx], T], key: str | None = None) -> Awaitable[T]:
        """Run a unit of work that may change things; its result arrives when the change is safely on disk.

        Units with the same key run one after another, in the order of the calls, and not beside those of another
        process. What the unit raises is raised here, and nothing of the unit remains; when the database itself fails,
        that is a StoreError, and an UnsureError where the unit may have been kept. A unit whose waiter is
        cancelled either does not run or is kept whole. A unit may be run more than once until it succeeds.
        """
        ...

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a short read at once, against what has been committed."""
        ...

    async def read_in_thread(self, fn: Callable[[Tx], T]) -> T:
        """Run a long read (a search, a report) without holding anybody up."""
        ...

    async def migrate(self) -> None:
        """Bring the schema up to this version; raises StoreError for a database that is newer."""
        ...

    async def ready(self) -> None:
        """Return when the database takes writes and has the right schema; raises StoreError otherwise."""
        ...

    async def close(self) -> None:
        """Finish what has been asked for and let go of the database."""
        ...
