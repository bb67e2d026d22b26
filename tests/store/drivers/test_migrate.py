"""Migrations: forward only, once, also when two start at once; a newer database is refused."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from store import Database, StoreError, open_database
from store.chats import conversations
from store.drivers.migrate import migrations, statements

START = """
import asyncio, sys, store
print("here", flush=True)
sys.stdin.readline()
asyncio.run(store.open_database(sys.argv[1]).migrate())
"""

AT = "2026-11-23T09:30:00.000Z"
OLD_ROWS = (
    f"insert into sessions (id, locale, created_at, seen_at) values ('browser', 'en', '{AT}', '{AT}')",
    """insert into conversations (id, session, channel, locale, state, facts, offered, held_by, last_seq, seen_seq,
        preview, started_at, updated_at)
    values ('derived', 'browser', 'web', 'en', 'menu', '{}', '[]', 'bot', 1, 0, '', '', '')""",
    """insert into messages (conversation, seq, turn, author, at, text, client_id, digest)
    values ('derived', 1, 1, 'bot', '', 'Hello', 'the first request', 'digest'),
        ('derived', 2, 2, 'customer', '', 'Hi', 'another request', 'digest')""",
)


async def versions(database: Database) -> list[int]:
    return await database.read(
        lambda tx: [row["version"] for row in tx.all("select version from migrations order by version")]
    )


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await database.migrate()

    assert await versions(database) == [migration.version for migration in migrations()]
    await database.ready()


async def test_a_database_without_its_schema_is_not_ready(empty_url: str) -> None:
    database = open_database(empty_url)
    with pytest.raises(StoreError):
        await database.ready()
    await database.close()


async def test_a_newer_database_is_refused_with_a_remedy(database: Database) -> None:
    await database.write(
        lambda tx: tx.execute_count(
            "insert into migrations (version, name, applied_at) values (9999, 'later', 'tomorrow')"
        )
    )

    with pytest.raises(StoreError, match=r"newer than this Billchat.*install the newer version again"):
        await database.migrate()
    with pytest.raises(StoreError, match="newer"):
        await database.ready()


async def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    pipe = subprocess.PIPE
    starts = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", START, empty_url, stdin=pipe, stdout=pipe, stderr=pipe
        )
        for _ in range(4)
    ]
    for start in starts:
        assert start.stdout is not None
        await start.stdout.readline()
    complaints = [
        complaint.decode() for _, complaint in await asyncio.gather(*(start.communicate(b"go\n") for start in starts))
    ]

    assert complaints == [""] * 4
    database = open_database(empty_url)
    assert await versions(database) == [migration.version for migration in migrations()]
    await database.close()


async def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0001.good.sql").write_text("create table good (id text);")
    (tmp_path / "0002.bad.sql").write_text("create table better (id text);\ncreate tabel worse (id text);")
    monkeypatch.setattr("store.drivers.migrate.FOLDER", tmp_path)
    migrations.cache_clear()
    database = open_database(empty_url)
    try:
        with pytest.raises(StoreError, match="tabel"):
            await database.migrate()
        for table in ("migrations", "good", "better"):
            with pytest.raises(StoreError):
                await database.read(lambda tx, table=table: tx.all(f"select * from {table}"))  # type: ignore[misc]
    finally:
        migrations.cache_clear()
        await database.close()


async def database_of_version(version: int, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Open a database with the schema as it was after the migration of that number."""
    for migration in migrations():
        if migration.version <= version:
            (folder / f"{migration.version:04}.{migration.name}.sql").write_text(migration.sql)
    database = open_database(url)
    with monkeypatch.context() as older:
        older.setattr("store.drivers.migrate.FOLDER", folder)
        migrations.cache_clear()
        await database.migrate()
    migrations.cache_clear()
    return database


async def test_a_conversation_of_an_older_version_knows_the_request_that_began_it(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await database_of_version(2, empty_url, tmp_path, monkeypatch)
    for statement in OLD_ROWS:
        await database.write(lambda tx, sql=statement: tx.execute_count(sql))  # type: ignore[misc]

    await database.migrate()

    conversation, taken = await database.read(lambda tx: conversations.load_started(tx, "browser", "the first request"))
    assert conversation is not None
    assert conversation.id == "derived"
    assert taken == conversations.ProcessedRequest(1, "digest")
    assert await database.read(lambda tx: conversations.load_started(tx, "another", "the first request")) == (
        None,
        None,
    )
    await database.close()


async def test_a_customer_verified_in_an_older_version_stays_verified(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await database_of_version(5, empty_url, tmp_path, monkeypatch)
    proof = (
        "insert into contacts (id, name, created_at) values ('olivia', 'Olivia Hart', '')",
        "insert into identifiers (kind, value, contact) values ('email', 'owes@example.com', 'olivia')",
        f"update conversations set contact = 'olivia', verified_at = '{AT}', active_at = '{AT}'",
        """insert into challenges (id, conversation, origin, kind, value, contact, tries, state, created_at, expires_at)
        values ('challenge', 'derived', 'web', 'email', 'owes@example.com', 'olivia', 1, 'used', '', '')""",
    )
    for statement in (*OLD_ROWS, *proof):
        await database.write(lambda tx, sql=statement: tx.execute_count(sql))  # type: ignore[misc]

    await database.migrate()

    assert await database.read(lambda tx: conversations.proven_contact(tx, "derived")) == "olivia"
    conversation, _ = await database.read(lambda tx: conversations.load(tx, "derived"))
    assert conversation is not None
    assert (conversation.private_to, conversation.private_seq) == ("olivia", 1), "earlier messages are theirs alone"
    await database.close()


def test_a_semicolon_in_words_or_comments_ends_no_statement() -> None:
    sql = "-- first; not yet\ninsert into a values ('x;y'); -- done; really\n\ndelete from a;\n-- the end;\n"
    assert [statement.strip().splitlines()[-1] for statement in statements(sql)] == [
        "insert into a values ('x;y'); -- done; really",
        "delete from a;",
    ]


def test_a_statement_without_its_end_is_refused() -> None:
    with pytest.raises(ValueError, match="semicolon"):
        list(statements("create table a (id text)\n"))
