"""Fills a database with many customers of five invoices each, one of them open."""

import sqlite3
from pathlib import Path

import psycopg

from store import open_database

SECRET = "the bench's own key, known to its clients"  # noqa: S105 (it protects nothing)

# Ids of one width keep inserts in index order: a million customers take about a minute.
BASE = 10_000_000
# Consecutive customers are far apart in the indexes, as in real traffic.
STRIDE = 7919

AT = "'2026-11-01T09:00:00.000Z'"


def email(number: int, customers: int) -> str:
    """Return the email of the customer with a number, out of `customers`."""
    return f"p{BASE + number * STRIDE % customers}@example.com"


def statements(count: int) -> list[str]:
    """Return the SQL that inserts `count` customers, for SQLite and PostgreSQL alike."""
    numbers = f"with recursive n(i) as (select {BASE} union all select i + 1 from n where i + 1 < {BASE + count})"
    return [
        f"""insert into contacts (id, name, created_at) {numbers}
        select 'c' || i, 'Person ' || i, {AT} from n""",
        f"""insert into identifiers (kind, value, contact) {numbers}
        select 'email', 'p' || i || '@example.com', 'c' || i from n""",
        f"""insert into accounts (id, number, name, currency, created_at) {numbers}
        select 'a' || i, 'BB-' || i, 'Broadband', 'GBP', {AT} from n""",
        f"""insert into account_contacts (account, contact) {numbers}
        select 'a' || i, 'c' || i from n""",
        f"""insert into invoices (id, account, number, issued_on, due_on, currency, total_minor, state) {numbers},
            m(k) as (values (0), (1), (2), (3), (4))
        select 'i' || i || '-' || k, 'a' || i, 'INV-' || i || '-' || k, '2026-0' || (k + 5) || '-01',
            '2026-0' || (k + 5) || '-15', 'GBP', 2500, case k when 4 then 'open' else 'paid' end from n, m""",
        f"""insert into entries (id, account, kind, amount_minor, currency, invoice, source, booked_at)
        select 'e' || id, account, 'invoice', total_minor, currency, id, number, {AT} from invoices""",
        f"""insert into entries (id, account, kind, amount_minor, currency, source, booked_at)
        select 'p' || id, account, 'credit', -total_minor, currency, 'paid ' || number, {AT}
        from invoices where state = 'paid'""",
        "analyze",
    ]


async def create_customers(url: str, count: int) -> None:
    """Migrate an empty database and insert `count` customers."""
    database = open_database(url)
    await database.migrate()
    await database.close()
    if url.startswith("sqlite:"):
        _fill_sqlite(path_of(url), count)
        return
    with psycopg.connect(url) as connection:
        for statement in statements(count):
            connection.execute(statement)


def _fill_sqlite(path: Path, count: int) -> None:
    """Insert without journal and fsync: after a crash the file would be created again."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -262144; pragma temp_store = memory"
    )
    with connection:
        for statement in statements(count):
            connection.execute(statement)
    connection.close()


def path_of(url: str) -> Path:
    """Return the path in an SQLite address."""
    return Path(url.removeprefix("sqlite:///"))
