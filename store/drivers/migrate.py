"""Migrations: numbered SQL files, forward only, each applied once.

`store/migrations/0002.name.sql` is applied after 0001, all in one transaction that holds the database's write lock. So
processes that start together migrate once, and a crash leaves the schema as it was. The library yoyo-migrations was
tried and does not fit: its lock is a row, so a process killed during a migration blocks every later start until a
person deletes that row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from sqlite3 import complete_statement

from store.database import StoreError, Tx
from store.times import now

FOLDER = Path(__file__).parent.parent / "migrations"

REGISTER = """
create table if not exists migrations (
    version bigint primary key,
    name text not null,
    applied_at text not null
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """A file of `store/migrations/`."""

    version: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """Return this version's migrations, oldest first."""
    found = []
    for file in FOLDER.iterdir():
        version, _, rest = file.name.partition(".")
        if rest.endswith(".sql"):
            found.append(Migration(int(version), rest.removesuffix(".sql"), file.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.version))


def statements(sql: str) -> Iterator[str]:
    """Split a file into statements; ValueError if the last one lacks its semicolon."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if complete_statement(statement):
            yield statement
            statement = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in statement.splitlines()):
        raise ValueError(f"a migration's last statement lacks its semicolon: {statement.strip()[:60]}")


def migrate(tx: Tx) -> None:
    """Apply the missing migrations; StoreError for a newer database. The transaction must hold the write lock."""
    tx.execute_count(REGISTER)
    applied = _applied(tx)
    for migration in migrations():
        if migration.version in applied:
            continue
        for statement in statements(migration.sql):
            tx.execute_count(statement)
        tx.execute_count(
            "insert into migrations (version, name, applied_at) values (:version, :name, :now)",
            {"version": migration.version, "name": migration.name, "now": now()},
        )


def check(tx: Tx) -> None:
    """Raise StoreError unless the schema is exactly this version's and a write succeeds."""
    missing = {migration.version for migration in migrations()} - _applied(tx)
    if missing:
        raise StoreError(f"the database lacks migration {min(missing)}; start the service once to bring it up to date")
    tx.execute("update migrations set name = name where version = (select max(version) from migrations)")


def _applied(tx: Tx) -> set[int]:
    applied = {row["version"] for row in tx.all("select version from migrations")}
    known = migrations()[-1].version
    newest = max(applied, default=known)
    if newest > known:
        raise StoreError(
            f"the database is newer than this Billchat: it has migration {newest}, this version knows up to {known}; "
            "install the newer version again, or restore a backup from before the upgrade"
        )
    return applied
