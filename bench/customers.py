"""Many customers, quickly: five invoices each, one of them still to pay."""

import sqlite3
from pathlib import Path

from store import open_database

SECRET = "the bench's own key, known to its clients"  # noqa: S105 (it protects nothing)

_NUMBERS = "with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < :count)"
_AT = "'2026-11-01T09:00:00.000Z'"

STATEMENTS = [
    f"""insert into contacts (id, name, created_at) {_NUMBERS}
    select 'c' || i, 'Person ' || i, {_AT} from n""",
    f"""insert into identifiers (kind, value, contact) {_NUMBERS}
    select 'email', 'p' || i || '@example.com', 'c' || i from n""",
    f"""insert into accounts (id, number, name, currency, created_at) {_NUMBERS}
    select 'a' || i, 'BB-' || i, 'Broadband', 'GBP', {_AT} from n""",
    f"""insert into account_contacts (account, contact) {_NUMBERS}
    select 'a' || i, 'c' || i from n""",
    f"""insert into invoices (id, account, number, issued_on, due_on, currency, total_minor, state) {_NUMBERS},
        m(k) as (values (0), (1), (2), (3), (4))
    select 'i' || i || '-' || k, 'a' || i, 'INV-' || i || '-' || k, '2026-0' || (k + 5) || '-01',
        '2026-0' || (k + 5) || '-15', 'GBP', 2500, case k when 4 then 'open' else 'paid' end from n, m""",
    f"""insert into entries (id, account, kind, amount_minor, currency, invoice, source, booked_at)
    select 'e' || id, account, 'invoice', total_minor, currency, id, number, {_AT} from invoices""",
    f"""insert into entries (id, account, kind, amount_minor, currency, source, booked_at)
    select 'p' || id, account, 'credit', -total_minor, currency, 'paid ' || number, {_AT}
    from invoices where state = 'paid'""",
]


async def make(path: Path, count: int) -> None:
    """Make a database with `count` customers in it."""
    database = open_database(f"sqlite:///{path}")
    await database.migrate()
    await database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("pragma synchronous = off")
        for statement in STATEMENTS:
            connection.execute(statement, {"count": count} if ":count" in statement else {})
        connection.execute("analyze")
    connection.close()
