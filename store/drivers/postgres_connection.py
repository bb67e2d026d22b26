"""One PostgreSQL connection in pipeline mode, so that a unit of work waits for as few round trips as possible.

How it works. Statements without a wanted result are sent along with the next query or with the commit (libpq's pipeline
mode, through psycopg's `pq`). A unit's COMMIT is sent with the next unit's BEGIN. A sync point follows every query that
is waited for; results are read up to it. Statements are prepared on first use.

What it buys. A turn that loads a conversation and writes four rows waits for the server twice, not six times: 2.1
instead of 5.7 round trips a turn on average. psycopg's cursors took three to four times the CPU for the same turn.

What it assumes.
- Execution is in order: results come in the order of the statements, on one connection.
- After an error the server skips everything up to the next sync. If that includes the start of the next unit, the next
  unit failed for no fault of its own and is retried: CollateralAbort.
- An error of a statement without a wanted result is raised by the next query, or by the commit.
- A connection lost during a COMMIT leaves its outcome unknown; `store.database.CommitUnknown` says so.

How to switch it off. There is no setting. The rest of the store sees only `store.database.Tx`, so a driver on psycopg's
cursors could replace this file, `postgres_pool.py` and the transactions in `postgres.py`, at the price above.
"""

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum

from psycopg import OperationalError, errors, pq
from psycopg.pq.abc import PGconn, PGresult

from store.database import NO_PARAMS, Conflict, Params, StoreError
from store.drivers.parameters import Columns, PreparedStatement, columns_of, prepared

WaitForSocket = Callable[[bool], None]
"""Returns when the socket is readable; with True, also when it is writable."""

CommitCallback = Callable[[StoreError | None], None]
"""Called with None when the commit is on the server's disk; otherwise with the error."""


class ResultHandling(Enum):
    """How to treat a result that has no commit callback."""

    PREPARE = 0
    DISCARD = 1
    RETURN = 2


PREPARE, DISCARD, RETURN = ResultHandling.PREPARE, ResultHandling.DISCARD, ResultHandling.RETURN
ResultHandler = ResultHandling | CommitCallback
ERROR_SUPPRESSED = "an error inside this unit of work was not let through; nothing of the unit was kept"

# Plain integers: they are compared several times a statement.
OK = (int(pq.ExecStatus.TUPLES_OK), int(pq.ExecStatus.COMMAND_OK))
SYNC, ABORTED = int(pq.ExecStatus.PIPELINE_SYNC), int(pq.ExecStatus.PIPELINE_ABORTED)

MAX_PREPARED = 500
MAX_IN_FLIGHT = 500
"""Statements sent before a result is read. Without a limit both sides would block once their buffers are full."""

REMEDIES = {
    "08": "is out of reach; check that it runs and that database.url names the right host and port",
    "28": "does not let us in; check the user and password of database.url",
    "3D": "does not exist; create it (createdb), or name another in database.url",
    "42501": "does not give us the right to do this; make database.url's user the owner of the database",
    "42P01": "lacks a table; start the service once to bring the schema up to date",
    "25006": "takes no writes; name the primary server in database.url, not a standby",
    "53100": "cannot grow because its disk is full; free some space",
    "53200": "is out of memory; give it more, or raise max_locks_per_transaction if it asks for that",
    "53300": "has no connection left; raise its max_connections, or run fewer processes",
    "55P03": "has held a row for another program for too long; pg_stat_activity shows which",
    "57": "is starting or stopping; it is asked again by itself",
    "XX": "is damaged; stop the service, keep a copy of it and restore the newest backup",
}


class ConnectionLost(StoreError):
    """The connection broke."""


class SerializationFailure(StoreError):
    """The server aborted the transaction in favour of another (a deadlock, say). Safe to retry."""


class CollateralAbort(SerializationFailure):
    """Aborted because the transaction pipelined before it failed. Safe to retry."""


def store_error(result: PGresult) -> StoreError:
    """Translate an error result. Only its first line is used: details may contain values."""
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message).decode(errors="replace")
    if state.startswith("23"):
        return Conflict(message)
    if state.startswith("22"):  # the message contains the wrong value
        message = errors.lookup(state).__name__
    text = f"the PostgreSQL database {remedy(state)} ({message.strip()})"
    if state in ("40001", "40P01"):
        return SerializationFailure(text)
    # 0A000: a migration changed the result type of a prepared statement; a new connection prepares it anew
    if state.startswith(("08", "57P")) or state in ("", "0A000"):
        return ConnectionLost(text)
    return StoreError(text)


def remedy(state: str) -> str:
    """Return the problem and its remedy for an SQLSTATE."""
    return REMEDIES.get(state) or REMEDIES.get(state[:2]) or "refused a statement"


class Pipeline:
    """Sends statements and reads their results. `wait` suspends the caller until the socket is ready."""

    def __init__(self, connection: PGconn, wait: WaitForSocket) -> None:
        self._pg = connection
        self._wait = wait
        self._prepared: dict[bytes, Columns | None] = {}
        self._in_flight: deque[tuple[PreparedStatement, ResultHandler]] = deque()
        self._syncs = 0
        self._commits = 0
        self._abandoned = False
        connection.nonblocking = 1
        connection.enter_pipeline_mode()

    @property
    def broken(self) -> bool:
        """Whether the connection is unusable."""
        return self._abandoned or self._pg.status != pq.ConnStatus.OK

    def abandon(self) -> None:
        """Mark the connection as unusable."""
        self._abandoned = True

    def read_unsolicited(self) -> None:
        """Read a message that answers no statement, such as the server's shutdown notice."""
        try:
            self._pg.consume_input()
        except OperationalError:
            self._abandoned = True

    def send(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Send a statement without waiting; the next sync raises its error."""
        self._send_statement(prepared(sql), params)
        if len(self._in_flight) >= MAX_IN_FLIGHT:
            self.sync()

    def query(self, sql: str, params: Params = NO_PARAMS) -> tuple[PGresult, Columns]:
        """Send a statement after everything before it, and wait for its result and columns."""
        [answer] = self.query_many([(sql, params)])
        return answer

    def query_many(self, queries: Sequence[tuple[str, Params]]) -> list[tuple[PGresult, Columns]]:
        """Send several statements after everything before them, and wait once for their results."""
        for sql, params in queries:
            self._send_statement(prepared(sql), params, RETURN)
        results = self.sync()
        return [(result, self._columns(sql, result)) for (sql, _), result in zip(queries, results, strict=True)]

    def _columns(self, sql: str, result: PGresult) -> Columns:
        name = prepared(sql).name
        columns = self._prepared.get(name)
        if columns is None:
            columns = columns_of(result)
            if name in self._prepared:
                self._prepared[name] = columns
        return columns

    def sync(self) -> list[PGresult]:
        """Wait for all results; returns the wanted ones. Raises StoreError for the first error among all."""
        try:
            self._send_sync()
            return self._read_results()
        except OperationalError as error:
            raise self._connection_lost(error) from error

    def queue_commit(self, callback: CommitCallback) -> None:
        """Send COMMIT without waiting, so that the next unit's BEGIN travels with it.

        `callback` receives None once the commit is on the server's disk, or the error that rolled it back. After
        ConnectionLost the outcome is unknown.
        """
        self._send_statement(prepared("commit"), NO_PARAMS, callback)
        self._commits += 1
        self._pg.send_flush_request()  # or the result would wait until the next unit has its locks

    def drain(self) -> None:
        """Wait for commits in flight, and send everything else."""
        try:
            if self._commits:
                self.sync()
            elif self._in_flight:
                self._send_sync()
        except CollateralAbort:  # the last unit failed, and its callback knows
            self.rollback()
        except (ConnectionLost, OperationalError):
            self.abandon()

    def commit(self) -> None:
        """Commit, and wait for it."""
        outcome: list[StoreError | None] = []
        self.queue_commit(outcome.append)
        self.drain()
        if outcome[0] is not None:
            raise outcome[0]

    def rollback(self) -> None:
        """Roll back, from any state of the transaction."""
        try:
            self._send_sync()  # ends the aborted state that follows an error
            self._send_statement(prepared("rollback"), NO_PARAMS)
            self.sync()
        except (OperationalError, StoreError) as error:
            if isinstance(error, OperationalError):
                self._connection_lost(error)
            if not self.broken and self._pg.transaction_status != pq.TransactionStatus.IDLE:
                self.abandon()

    def _send_statement(self, statement: PreparedStatement, params: Params, handler: ResultHandler = DISCARD) -> None:
        values = statement.values(params)
        try:
            if statement.name not in self._prepared:
                if len(self._prepared) >= MAX_PREPARED:
                    self._pg.send_query_params(statement.text, values)
                    self._in_flight.append((statement, handler))
                    return
                self._pg.send_prepare(statement.name, statement.text)
                self._in_flight.append((statement, PREPARE))
                self._prepared[statement.name] = None
            self._pg.send_query_prepared(statement.name, values)
            self._in_flight.append((statement, handler))
        except OperationalError as error:
            raise self._connection_lost(error) from error

    def _send_sync(self) -> None:
        self._pg.pipeline_sync()
        self._syncs += 1
        while self._pg.flush():
            self._wait(True)
            self._pg.consume_input()

    def _connection_lost(self, error: OperationalError) -> ConnectionLost:
        """Abandon the connection and notify the callbacks of commits in flight."""
        lost = ConnectionLost(f"the PostgreSQL database {remedy('08')} ({' '.join(str(error).split())})")
        self._abandoned = True
        self._commits = self._syncs = 0
        while self._in_flight:
            _, handler = self._in_flight.popleft()
            if callable(handler):
                handler(lost)
        return lost

    def _read_results(self) -> list[PGresult]:
        """Read the results up to the last sync; returns the wanted ones.

        After an error the server skips all statements up to the next sync. Those behind a failed COMMIT belong to the
        next unit, which gets a CollateralAbort.
        """
        wanted: list[PGresult] = []
        cause: StoreError | None = None
        failed: StoreError | None = None
        while self._syncs:
            result = self._next_result()
            status = result.status
            if status == SYNC:
                self._syncs -= 1
                cause = None
                continue
            if not self._in_flight:
                raise OperationalError(str(store_error(result)))  # the server closes the connection
            statement, handler = self._in_flight.popleft()
            if status in OK:
                if handler is RETURN:
                    wanted.append(result)
                elif callable(handler):
                    self._commits -= 1
                    handler(None if result.command_status == b"COMMIT" else StoreError(ERROR_SUPPRESSED))
                continue
            if handler is PREPARE:
                self._prepared.pop(statement.name, None)
            if status != ABORTED or cause is None:
                cause = cause or store_error(result)
                failed = failed or cause
            if callable(handler):
                self._commits -= 1
                handler(cause)
                failed = cause = CollateralAbort("a unit of work before this one failed")
        if failed is not None:
            raise failed
        return wanted

    def _next_result(self) -> PGresult:
        pg = self._pg
        while True:
            while pg.is_busy():
                self._wait(False)
                pg.consume_input()
            result = pg.get_result()
            if result is not None:
                return result
            if self.broken:
                raise OperationalError("the connection is closed")
