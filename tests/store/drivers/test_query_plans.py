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
from store.billing import accounts, statements
from store.chats import codes, conversations, outbox, retention
from store.drivers.parameters import prepared
from tests.store import bills

STORE = Path(store.__file__).parent
STATEMENT = re.compile(r"^\s*(select|update|delete|insert|with)\s", re.IGNORECASE)


class AnyParams(dict[str, Any]):
    """A value for every parameter: the plan does not depend on it."""

    def __missing__(self, name: str) -> str:
        return "1"


def queries() -> Iterator[tuple[str, str]]:
    """Every statement in the store's modules, with its place in the code."""
    for file in sorted(STORE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
                yield f"{file.name}:{node.lineno}", node.value
    yield "accounts.ACCOUNT", accounts.ACCOUNT
    for name in ("HEADER", "HEADERS", "UNPAID", "ALL_UNPAID"):
        yield f"statements.{name}", getattr(statements, name)
    for name in ("HISTORY", "NEWEST", "TAKE_TRY", "LOCK_NAME"):
        yield f"codes.{name}", getattr(codes, name)
    for name in ("LOAD", "LOAD_STARTED"):
        yield f"conversations.{name}", getattr(conversations, name)
    for name in ("CLAIM", "NEXT_DUE"):
        yield f"outbox.{name}", getattr(outbox, name)
    for name in ("LINKS", "CHALLENGES", "MESSAGES"):
        yield f"retention.{name}", getattr(retention, name)


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    return [row[3] for row in connection.execute(f"explain query plan {sql}", AnyParams())]


def generic_plan(tx: Tx, sql: str) -> list[str]:
    """Return PostgreSQL's generic plan of a statement, for any parameters."""
    statement = prepared(sql)
    name = f"probe_{statement.name.decode()}"
    tx.execute("set local plan_cache_mode = force_generic_plan")
    tx.execute(f"prepare {name} as {statement.text.decode()}")
    values = ", ".join(["null"] * len(statement.order))
    return [row["QUERY PLAN"] for row in tx.all(f"explain execute {name}{f'({values})' if values else ''}")]


# Scans of subqueries, not of tables.
SUBQUERY_SCANS = {
    "SCAN CONSTANT ROW",
    "SCAN here",
    "SCAN there",
    "SCAN said",
    "SCAN asker",
    "SCAN lapsed",
    "SCAN due",
    "SCAN newest",
}


@pytest.fixture
async def connection(tmp_path: Path) -> Any:
    database = open_database(f"sqlite:///{tmp_path}/plans.db")
    await database.migrate()
    await database.close()
    connection = sqlite3.connect(tmp_path / "plans.db")
    yield connection
    connection.close()


async def test_every_query_finds_its_rows_by_an_index(connection: sqlite3.Connection) -> None:
    checked = 0
    for where, sql in queries():
        try:
            steps = plan(connection, sql)
        except sqlite3.OperationalError:  # a part of a statement, or a sentence that starts like one
            continue
        checked += 1
        scans = [
            step for step in steps if step.startswith("SCAN") and "USING" not in step and step not in SUBQUERY_SCANS
        ]
        assert not scans, f"{where}: {scans}"
        by_kind = [step for step in steps if "(kind=?)" in step]  # almost a scan: it reads all rows of a kind
        assert not by_kind, f"{where}: {by_kind}"
    assert checked > 50


@pytest.mark.parametrize("driver", ["postgresql"], indirect=True)
async def test_postgresql_finds_rows_by_an_index_even_where_it_has_never_counted_any(database: Database) -> None:
    checked = 0
    for where, sql in queries():
        try:
            steps = await database.read(lambda tx, sql=sql: generic_plan(tx, sql))  # type: ignore[misc]
        except StoreError:  # a part of a statement, or a sentence that starts like one
            continue
        checked += 1
        assert not [step for step in steps if "Seq Scan" in step], f"{where}: {steps}"
    assert checked > 50


BILLING = (
    accounts.FIND_CONTACT,
    accounts.IDENTIFIERS,
    accounts.OWNS,
    accounts.ACCOUNT,
    statements.HEADER,
    statements.HEADERS,
    statements.UNPAID,
    statements.ALL_UNPAID,
)


@pytest.mark.parametrize("sql", BILLING)
def test_an_accounts_rows_are_searched_for_and_never_scanned(connection: sqlite3.Connection, sql: str) -> None:
    steps = plan(connection, sql)
    reads = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
    assert reads
    assert all(step.startswith("SEARCH") and "USING" in step for step in reads), steps


def test_a_claim_reads_messages_of_its_channel_and_then_those_it_claims(connection: sqlite3.Connection) -> None:
    assert {step for step in plan(connection, outbox.CLAIM) if step.startswith("SEARCH")} == {
        "SEARCH outbox USING INDEX outbox_by_due (state=? AND channel=?)",
        "SEARCH outbox USING INDEX outbox_by_due (state=? AND channel=? AND due_at<?)",
        "SEARCH outbox USING INDEX sqlite_autoindex_outbox_1 (id=?)",
    }


def test_old_rows_of_a_page_are_found_by_their_ids(connection: sqlite3.Connection) -> None:
    checked = 0
    for where, sql in queries():
        if "between :first and :last" in sql and sql.startswith(("delete", "update")):
            by_state = [step for step in plan(connection, sql) if "state=" in step]
            assert not by_state, f"{where}: {by_state}"
            checked += 1
    assert checked > 3


async def test_a_statement_takes_at_most_four_queries(database: Database) -> None:
    asked: list[str] = []

    class Counting:
        """Records every query, and passes it on."""

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


async def test_queries_for_one_account_never_read_those_of_others(connection: sqlite3.Connection) -> None:
    checked = 0
    for where, sql in queries():
        if re.search(r"\b(l\.)?account = :account\b", sql):
            with contextlib.suppress(sqlite3.OperationalError):  # a part of a statement
                assert not [step for step in plan(connection, sql) if "_by_expiry" in step], where
                checked += 1
    assert checked > 3
