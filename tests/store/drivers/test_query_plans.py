"""No query reads a whole table: a turn costs the same with a thousand customers and with a million."""

import ast
import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import store
from store import Database, StoreError, Tx, open_database
from store.billing import statements
from store.chats import codes, conversations, outbox, retention
from store.drivers.parameters import prepared
from tests.store import bills

STORE = Path(store.__file__).parent
STATEMENT = re.compile(r"^\s*(select|update|delete|insert|with)\s", re.IGNORECASE)


class Anything(dict[str, Any]):
    """A value for every parameter: the plan does not depend on it."""

    def __missing__(self, name: str) -> str:
        return "1"


def queries() -> Iterator[tuple[str, str]]:
    """Every statement in the store's modules, with where it stands."""
    for file in sorted(STORE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
                yield f"{file.name}:{node.lineno}", node.value
    for name in ("ACCOUNT", "HEADER", "HEADERS", "UNPAID", "ALL_UNPAID"):
        yield f"billing.{name}", getattr(statements, name)
    for name in ("HISTORY", "NEWEST", "TAKE_TRY", "THEIR_NAME"):
        yield f"codes.{name}", getattr(codes, name)
    for name in ("LOAD", "BEGUN"):
        yield f"conversations.{name}", getattr(conversations, name)
    for name in ("CLAIM", "NEXT_DUE"):
        yield f"outbox.{name}", getattr(outbox, name)
    for name in ("LINKS", "CHALLENGES", "MESSAGES"):
        yield f"forgetting.{name}", getattr(retention, name)


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    return [row[3] for row in connection.execute(f"explain query plan {sql}", Anything())]


def generic_plan(tx: Tx, sql: str) -> list[str]:
    """The plan that PostgreSQL keeps for a statement, whatever its parameters."""
    asked = prepared(sql)
    name = f"probe_{asked.name.decode()}"
    tx.execute("set local plan_cache_mode = force_generic_plan")
    tx.execute(f"prepare {name} as {asked.text.decode()}")
    values = ", ".join(["null"] * len(asked.order))
    return [row["QUERY PLAN"] for row in tx.all(f"explain execute {name}{f'({values})' if values else ''}")]


# No tables, but rows that the statement itself has made.
MADE_UP = {"SCAN CONSTANT ROW", "SCAN here", "SCAN there", "SCAN lapsed", "SCAN due", "SCAN newest"}


@pytest.fixture
async def connection(tmp_path: Path) -> Any:
    database = open_database(f"sqlite:///{tmp_path}/plans.db")
    await database.migrate()
    await database.close()
    connection = sqlite3.connect(tmp_path / "plans.db")
    yield connection
    connection.close()


async def test_every_query_finds_its_rows_by_an_index(connection: sqlite3.Connection) -> None:
    explained = 0
    for where, sql in queries():
        try:
            steps = plan(connection, sql)
        except sqlite3.OperationalError:  # a part of a statement, or a sentence that begins like one
            continue
        explained += 1
        scans = [step for step in steps if step.startswith("SCAN") and "USING" not in step and step not in MADE_UP]
        assert not scans, f"{where}: {scans}"
        whole_kinds = [step for step in steps if "(kind=?)" in step]  # an index of one value's rows in all but name
        assert not whole_kinds, f"{where}: {whole_kinds}"
    assert explained > 50


@pytest.mark.parametrize("driver", ["postgresql"], indirect=True)
async def test_postgresql_finds_rows_by_an_index_even_where_it_has_never_counted_any(database: Database) -> None:
    explained = 0
    for where, sql in queries():
        try:
            steps = await database.read(lambda tx, sql=sql: generic_plan(tx, sql))  # type: ignore[misc]
        except StoreError:  # a part of a statement, or a sentence that begins like one
            continue
        explained += 1
        assert not [step for step in steps if "Seq Scan" in step], f"{where}: {steps}"
    assert explained > 50


@pytest.mark.parametrize(
    "name", ["FIND_CONTACT", "KNOWN_BY", "OWNS", "ACCOUNT", "HEADER", "HEADERS", "UNPAID", "ALL_UNPAID"]
)
def test_what_a_statement_reads_is_searched_for_and_never_scanned(connection: sqlite3.Connection, name: str) -> None:
    steps = plan(connection, getattr(statements, name))
    reads = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert reads
    assert all(step.startswith("SEARCH") and "USING" in step for step in reads), steps


def test_a_claim_reads_the_letters_of_its_channel_and_then_those_it_takes(connection: sqlite3.Connection) -> None:
    assert {step for step in plan(connection, outbox.CLAIM) if step.startswith("SEARCH")} == {
        "SEARCH outbox USING INDEX outbox_by_due (state=? AND channel=?)",
        "SEARCH outbox USING INDEX outbox_by_due (state=? AND channel=? AND due_at<?)",
        "SEARCH outbox USING INDEX sqlite_autoindex_outbox_1 (id=?)",
    }


def test_what_is_deleted_of_a_page_is_found_by_its_ids(connection: sqlite3.Connection) -> None:
    explained = 0
    for where, sql in queries():
        if "between :first and :last" in sql and sql.startswith(("delete", "update")):
            by_state = [step for step in plan(connection, sql) if "state=" in step]
            assert not by_state, f"{where}: {by_state}"
            explained += 1
    assert explained > 3


async def test_a_statement_takes_at_most_four_queries(database: Database) -> None:
    asked: list[str] = []

    class Counting:
        """Passes everything on and remembers what was asked."""

        def __init__(self, tx: Tx) -> None:
            self.tx = tx

        def one(self, sql: str, params: Any = None) -> Any:
            asked.append(sql)
            return self.tx.one(sql, params)

        def all(self, sql: str, params: Any = None) -> Any:
            asked.append(sql)
            return self.tx.all(sql, params)

        def query_many(self, *questions: Any) -> Any:
            asked.extend(sql for sql, _ in questions)
            return self.tx.query_many(*questions)

    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        for _ in range(20):
            bills.invoice(tx, account, 1000)
        counting: Any = Counting(tx)
        assert len(statements.statement(counting, account, bills.TODAY).invoices) == 20

    await database.write(ask)
    assert len(asked) <= 4


async def test_what_is_asked_about_one_account_never_reads_those_of_others(connection: sqlite3.Connection) -> None:
    explained = 0
    for where, sql in queries():
        if re.search(r"\b(l\.)?account = :account\b", sql):
            with contextlib.suppress(sqlite3.OperationalError):  # a part of a statement
                assert not [step for step in plan(connection, sql) if "_by_expiry" in step], where
                explained += 1
    assert explained > 3
