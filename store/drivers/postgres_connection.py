"""One connection to PostgreSQL, used so that a unit of work waits as seldom as it can.

What a unit only writes is sent along with its next question, or with its COMMIT (libpq's pipeline mode, through
psycopg's `pq`): a turn that loads a conversation and writes four rows waits for the server twice, not six times.
Statements are prepared on their first use. psycopg's cursors were measured on the same turn and cost three to four
times the CPU.
"""

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum

from psycopg import OperationalError, errors, pq
from psycopg.pq.abc import PGconn, PGresult

from store.database import NO_PARAMS, Conflict, Params, StoreError
from store.drivers.parameters import Columns, PreparedStatement, columns_of, prepared

WaitForSocket = Callable[[bool], None]
"""Returns when the connection can be read; with True, also when it can be written to."""

CommitCallback = Callable[[StoreError | None], None]


class ResultHandling(Enum):
    """What becomes of an answer that no `CommitCallback` hears."""

    PREPARING = 0
    UNHEARD = 1
    WANTED = 2


PREPARING, UNHEARD, WANTED = ResultHandling.PREPARING, ResultHandling.UNHEARD, ResultHandling.WANTED
ResultHandler = ResultHandling | CommitCallback
SWALLOWED = "an error inside this unit of work was not let through; nothing of the unit was kept"

# Plain numbers, since they are compared several times a statement.
FINE = (int(pq.ExecStatus.TUPLES_OK), int(pq.ExecStatus.COMMAND_OK))
SYNC, SKIPPED = int(pq.ExecStatus.PIPELINE_SYNC), int(pq.ExecStatus.PIPELINE_ABORTED)

MOST_PREPARED = 500
MOST_UNREAD = 500
"""Commands sent without reading an answer; both sides would stop once their buffers are full."""

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
    """The database ended the unit for the sake of another (a deadlock, say); tried again, it should pass."""


class CollateralAbort(SerializationFailure):
    """The unit was skipped because of another whose end it travelled with, and is not to blame."""


def explained(result: PGresult) -> StoreError:
    """What an answer's error means. Only the first line is used: details may hold values."""
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    said = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message).decode(errors="replace")
    if state.startswith("23"):
        return Conflict(said)
    if state.startswith("22"):  # names the value that is wrong
        said = errors.lookup(state).__name__
    told = f"the PostgreSQL database {remedy(state)} ({said.strip()})"
    if state in ("40001", "40P01"):
        return SerializationFailure(told)
    if state.startswith(("08", "57P")) or state in ("", "0A000"):
        return ConnectionLost(
            told
        )  # 0A000: a migration has changed what a prepared statement returns; prepare all anew
    return StoreError(told)


def remedy(state: str) -> str:
    """What to do about an SQLSTATE."""
    return REMEDIES.get(state) or REMEDIES.get(state[:2]) or "refused a statement"


class Pipeline:
    """Sends and reads; `wait` decides what else may happen meanwhile."""

    def __init__(self, connection: PGconn, wait: WaitForSocket) -> None:
        self._pg = connection
        self._wait = wait
        self._prepared: dict[bytes, Columns | None] = {}
        self._expected: deque[tuple[PreparedStatement, ResultHandler]] = deque()  # the answers to come
        self._syncs = 0
        self._ends = 0
        self._given_up = False
        connection.nonblocking = 1
        connection.enter_pipeline_mode()

    @property
    def broken(self) -> bool:
        """Whether the connection is of no more use."""
        return self._given_up or self._pg.status != pq.ConnStatus.OK

    def give_up(self) -> None:
        """Use the connection no more."""
        self._given_up = True

    def overhear(self) -> None:
        """Take in what the server says unasked, such as that it closes the connection."""
        try:
            self._pg.consume_input()
        except OperationalError:
            self._given_up = True

    def send(self, sql: str, params: Params = NO_PARAMS) -> None:
        """Send a statement whose answer nobody waits for; an error shows with the next that is waited for."""
        self._queue(prepared(sql), params)
        if len(self._expected) >= MOST_UNREAD:
            self.settle()

    def ask(self, sql: str, params: Params = NO_PARAMS) -> tuple[PGresult, Columns]:
        """Send a statement, and everything before it, and wait for the answer: the result and its columns."""
        [answer] = self.ask_all([(sql, params)])
        return answer

    def ask_all(self, questions: Sequence[tuple[str, Params]]) -> list[tuple[PGresult, Columns]]:
        """Send several statements, and everything before them, and wait once for their answers."""
        for sql, params in questions:
            self._queue(prepared(sql), params, WANTED)
        results = self.settle()
        return [(result, self._shape(sql, result)) for (sql, _), result in zip(questions, results, strict=True)]

    def _shape(self, sql: str, result: PGresult) -> Columns:
        name = prepared(sql).name
        columns = self._prepared.get(name)
        if columns is None:
            columns = columns_of(result)
            if name in self._prepared:
                self._prepared[name] = columns
        return columns

    def settle(self) -> list[PGresult]:
        """Wait for all answers; returns those that are wanted. Raises StoreError for the first that is an error."""
        try:
            self._sync()
            return self._read()
        except OperationalError as error:
            raise self._lost(error) from error

    def end(self, ended: CommitCallback) -> None:
        """Commit, with whatever is sent next; `ended` is called when the answer is there.

        So the next unit begins with the message that ends this one. It is told None when all is safe on the server's
        disk, or the error for which nothing was kept; with LostError nobody knows.
        """
        self._queue(prepared("commit"), NO_PARAMS, ended)
        self._ends += 1
        self._pg.send_flush_request()  # the answer is not to wait until the next unit has got its locks

    def finish(self) -> None:
        """Wait for the ends that are under way, and send whatever else is left."""
        try:
            if self._ends:
                self.settle()
            elif self._expected:
                self._sync()
        except CollateralAbort:  # the last unit failed, and has been told
            self.rollback()
        except (ConnectionLost, OperationalError):
            self.give_up()

    def commit(self) -> None:
        """Commit, and wait for it."""
        errors: list[StoreError | None] = []
        self.end(errors.append)
        self.finish()
        if errors[0] is not None:
            raise errors[0]

    def rollback(self) -> None:
        """Undo the unit, whatever state it is in."""
        try:
            self._sync()  # ends the silence that follows an error
            self._queue(prepared("rollback"), NO_PARAMS)
            self.settle()
        except (OperationalError, StoreError) as error:
            if isinstance(error, OperationalError):
                self._lost(error)
            if not self.broken and self._pg.transaction_status != pq.TransactionStatus.IDLE:
                self.give_up()

    def _queue(self, asked: PreparedStatement, params: Params, heard: ResultHandler = UNHEARD) -> None:
        values = asked.values(params)
        try:
            if asked.name not in self._prepared:
                if len(self._prepared) >= MOST_PREPARED:
                    self._pg.send_query_params(asked.text, values)
                    self._expected.append((asked, heard))
                    return
                self._pg.send_prepare(asked.name, asked.text)
                self._expected.append((asked, PREPARING))
                self._prepared[asked.name] = None
            self._pg.send_query_prepared(asked.name, values)
            self._expected.append((asked, heard))
        except OperationalError as error:
            raise self._lost(error) from error

    def _sync(self) -> None:
        self._pg.pipeline_sync()
        self._syncs += 1
        while self._pg.flush():
            self._wait(True)
            self._pg.consume_input()

    def _lost(self, error: OperationalError) -> ConnectionLost:
        """The connection broke: tell those whose end was under way."""
        lost = ConnectionLost(f"the PostgreSQL database {remedy('08')} ({' '.join(str(error).split())})")
        self._given_up = True
        self._ends = self._syncs = 0
        while self._expected:
            _, heard = self._expected.popleft()
            if callable(heard):
                heard(lost)
        return lost

    def _read(self) -> list[PGresult]:
        """Take in the answers up to the last sync.

        After an error the server skips what follows up to the next sync. That may be the beginning of another unit,
        which is not to blame: an InnocentError.
        """
        wanted: list[PGresult] = []
        cause: StoreError | None = None
        failed: StoreError | None = None
        while self._syncs:
            result = self._next()
            status = result.status
            if status == SYNC:
                self._syncs -= 1
                cause = None
                continue
            if not self._expected:
                raise OperationalError(str(explained(result)))  # a farewell: the server closes the connection
            asked, heard = self._expected.popleft()
            if status in FINE:
                if heard is WANTED:
                    wanted.append(result)
                elif callable(heard):
                    self._ends -= 1
                    heard(None if result.command_status == b"COMMIT" else StoreError(SWALLOWED))
                continue
            if heard is PREPARING:
                self._prepared.pop(asked.name, None)
            if status != SKIPPED or cause is None:
                cause = cause or explained(result)
                failed = failed or cause
            if callable(heard):
                self._ends -= 1
                heard(cause)
                failed = cause = CollateralAbort("a unit of work before this one failed")
        if failed is not None:
            raise failed
        return wanted

    def _next(self) -> PGresult:
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
