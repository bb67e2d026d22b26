"""SQLite: group commit on the event loop, locks of other programs, full disks, and files."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from store import Database, StoreError, Tx, open_database
from store.drivers import sqlite, sqlite_writer
from tests.store.notes import note, nothing, texts
from tests.waiting import MAX_WAIT_S


@pytest.fixture
def driver() -> str:
    return "sqlite"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "billchat.db"


async def test_a_result_comes_back_when_others_can_see_the_change(notes: Database, path: Path) -> None:
    assert await notes.write(note("first")) == 1

    other = sqlite3.connect(path)
    assert other.execute("select text from notes").fetchall() == [("first",)]
    other.close()


async def test_many_writes_at_once_share_commits_and_keep_their_order(
    notes: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "BATCH_S", MAX_WAIT_S)
    watcher = sqlite3.connect(path)
    seen = {watcher.execute("select count(*) from notes").fetchone()[0]}

    async def one(number: int) -> int:
        seq = await notes.write(note(f"note {number}"))
        seen.add(watcher.execute("select count(*) from notes").fetchone()[0])
        return seq

    assert await asyncio.gather(*(one(number) for number in range(300))) == list(range(1, 301))
    assert await notes.read(texts) == [f"note {number}" for number in range(300)]
    assert len(seen) < 100, "every commit shows another count"
    watcher.close()


async def test_writes_that_arrive_during_a_commit_make_the_next_one(notes: Database) -> None:
    first = asyncio.ensure_future(notes.write(note("a")))
    await asyncio.sleep(0)
    later = [asyncio.ensure_future(notes.write(note(text))) for text in "bcd"]

    await first
    assert await asyncio.gather(*later) == [2, 3, 4]


async def test_a_commit_that_fails_fails_its_whole_batch_and_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "BATCH_S", MAX_WAIT_S)

    def dangling(tx: Tx) -> None:
        tx.execute_count("pragma defer_foreign_keys = on")  # so that only the COMMIT finds it
        tx.execute_count("insert into identifiers (kind, value, contact) values ('email', 'a@example.com', 'none')")

    def contact(tx: Tx) -> None:
        tx.execute_count("insert into contacts (id, name, created_at) values ('c', 'Ada', 'now')")

    results = await asyncio.gather(database.write(contact), database.write(dangling), return_exceptions=True)

    assert all(isinstance(result, StoreError) for result in results)
    await database.write(contact)
    assert await database.read(lambda tx: len(tx.all("select id from contacts"))) == 1


async def test_a_full_disk_is_reported_and_the_next_batch_works(notes: Database) -> None:
    def limit(tx: Tx) -> None:
        row = tx.one("pragma page_count")
        assert row is not None
        tx.all(f"pragma max_page_count = {row['page_count'] + 2}")

    await notes.write(limit)
    fills_up = [notes.write(note(text * 100_000)) for text in "abc"]

    results = await asyncio.gather(*fills_up, return_exceptions=True)
    assert all(isinstance(result, StoreError) for result in results)
    assert "disk is full" in str(results[0])
    assert await notes.write(note("small")) == 1


async def test_a_long_batch_lets_the_loop_breathe(notes: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_writer, "BATCH_S", 0.0)
    turns_of_the_loop = 0

    async def breathe() -> None:
        nonlocal turns_of_the_loop
        while True:
            turns_of_the_loop += 1
            await asyncio.sleep(0)

    breathing = asyncio.create_task(breathe())
    await asyncio.gather(*(notes.write(note(str(number))) for number in range(20)))
    breathing.cancel()

    assert turns_of_the_loop >= 20


async def test_a_lock_held_elsewhere_is_waited_for_beside_the_loop(notes: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")

    waiting = [asyncio.ensure_future(notes.write(note(text))) for text in "ab"]
    for _ in range(1_000):  # the loop keeps running while the lock is held
        await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    other.execute("commit")
    other.close()

    assert await asyncio.gather(*waiting) == [1, 2]


async def test_a_lock_that_is_never_let_go_is_an_error_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_WAIT_S", 0.05)
    path = tmp_path / "locked.db"
    database = open_database(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")

    with pytest.raises(StoreError, match=r"locked\.db is locked by another program"):
        await database.write(nothing)
    other.execute("rollback")
    other.close()

    await database.write(nothing)
    await database.close()


async def test_a_new_database_is_for_its_owner_alone(notes: Database, path: Path) -> None:
    await notes.write(note("private"))

    for file in path.parent.glob("billchat.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear customer, " * 100)
    with pytest.raises(StoreError, match=r"letter\.db is not an SQLite database; name another file"):
        open_database(f"sqlite:///{tmp_path}/letter.db")


def test_a_path_through_a_file_and_a_folder_are_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be created; check"):
        open_database(f"sqlite:///{tmp_path}/file/billchat.db")
    with pytest.raises(StoreError, match="cannot be opened; check"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/var/lib/billchat.db")
    asyncio.run(database.close())
    assert (tmp_path / "var/lib/billchat.db").exists()


def test_a_service_on_sqlite_does_not_load_psycopg(tmp_path: Path) -> None:
    program = f"""
import sys
import chatbot.app
from store import open_database
open_database("sqlite:///{tmp_path}/billchat.db")
print(sorted(sys.modules.keys() & {{"psycopg", "store.drivers.postgres"}}))
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout == "[]\n"
