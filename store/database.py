"""The interface of every database driver: transactions, reads, and the exceptions that mean "broken".

A unit of work is an ordinary function of a transaction, `fn(tx) -> T`. It is short, never awaits, and takes effect as a
whole or not at all. It may run on another thread than the caller's and more than once, so it returns values and keeps
no reference to the transaction.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Params = Mapping[str, Any]
NO_PARAMS: Params = {}

Row = Mapping[str, Any]
"""One row of a result, by column name."""


class StoreError(Exception):
    """The database failed; the message names the problem and the operator's remedy."""


class CommitUnknown(StoreError):
    """The connection was lost during a commit: the unit of work took effect as a whole, or not at all.

    Callers with an idempotent request should repeat it.
    """


class Conflict(StoreError):
    """A unique key, a foreign key or a check refused the row.

    Let it end the unit of work: some databases accept no further statement after it. Where a conflict is expected,
    write `on conflict do nothing` and check the number of changed rows.
    """


class Tx(Protocol):
    """A transaction. Parameters are named, `:name`, and never part of the SQL text.

    The locks last until the transaction ends; reads after a lock see the changes of its former holders. They do nothing
    in a read transaction, and in SQLite, where one unit of work runs at a time.
    """

    def all(self, sql: str, params: Params = NO_PARAMS) -> list[Row]:
        """Return every row."""
        ...

    def one(self, sql: str, params: Params = NO_PARAMS) -> Row | None:
        """Return the first row, or None."""
        ...

    def query_many(self, *queries: tuple[str, Params]) -> list[list[Row]]:
        """Run several queries in one round trip; returns the rows of each."""
        ...

    def execute_count(self, sql: str, params: Params = NO_PARAMS) -> int:
        """Run a statement; returns the number of changed rows."""
        ...

    def execute(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Run a statement without waiting for its result.

        It may be sent with the next query or with the commit, which then raises its error.
        """
        ...

    def execute_many(self, sql: str, params: Sequence[Params]) -> None:
        """Run a statement once for each set of parameters."""
        ...

    def lock_rows(self, select: str, params: Params = NO_PARAMS) -> None:
        """Lock the rows of a select against changes and locks by other transactions."""
        ...

    def advisory_lock(self, *names: str) -> None:
        """Lock a few names, across all processes; for things without a row."""
        ...

    def advisory_lock_selected(self, select: str, params: Params = NO_PARAMS) -> None:
        """Lock the names in the column `name` of a select."""
        ...


class Database(Protocol):
    """An open database. Its methods are called on the event loop's thread."""

    def write(self, fn: Callable[[Tx], T], key: str | None = None) -> Awaitable[T]:
        """Run a unit of work; returns its result once the commit is on disk.

        Units with the same key run one after another, in call order, also across processes. An exception of the unit
        rolls it back and is raised here. Failures of the database raise StoreError, or CommitUnknown where the unit may
        have been committed. A unit whose caller is cancelled either does not run or is committed whole.
        """
        ...

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run a short read at once, on a snapshot of the committed data."""
        ...

    async def read_in_thread(self, fn: Callable[[Tx], T]) -> T:
        """Run a long read (a search, a report) on another thread, without delaying anything else."""
        ...

    async def migrate(self) -> None:
        """Bring the schema up to this version; raises StoreError for a newer database."""
        ...

    async def ready(self) -> None:
        """Return when the database takes writes and has the right schema; raises StoreError otherwise."""
        ...

    async def close(self) -> None:
        """Finish pending units and reads, then close the database."""
        ...
