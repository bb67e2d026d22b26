"""Units of work: group commit, order, isolation from each other, and what a failing disk or a crash leaves."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Conflict, Database, StoreError, Tx, open_database, sqlite, writer

TABLE = "create table notes (seq bigint primary key, text text not null unique)"


@pytest.fixture
async def notes(database: Database) -> Database:
    await database.write(lambda tx: tx.run(TABLE))
    return database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "billchat.db"


def note(text: str) -> Callable[[Tx], int]:
    """A unit that appends a note and returns its number."""

    def append(tx: Tx) -> int:
        row = tx.one("select coalesce(max(seq), 0) + 1 as next from notes")
        assert row is not None
        tx.run("insert into notes (seq, text) values (:seq, :text)", {"seq": row["next"], "text": text})
        return int(row["next"])

    return append


def texts(tx: Tx) -> list[str]:
    return [row["text"] for row in tx.all("select text from notes order by seq")]


def nothing(tx: Tx) -> None:
    """A unit that does nothing, and so needs only the lock."""


async def test_a_result_comes_back_when_others_can_see_the_change(notes: Database, path: Path) -> None:
    assert await notes.write(note("first")) == 1

    other = sqlite3.connect(path)
    assert other.execute("select text from notes").fetchall() == [("first",)]
    other.close()


async def test_many_writes_at_once_share_commits_and_keep_their_order(notes: Database, path: Path) -> None:
    watcher = sqlite3.connect(path)
    seen = {watcher.execute("select count(*) from notes").fetchone()[0]}

    async def one(number: int) -> int:
        seq = await notes.write(note(f"note {number}"))
        seen.add(watcher.execute("select count(*) from notes").fetchone()[0])
        return seq

    assert await asyncio.gather(*(one(number) for number in range(300))) == list(range(1, 301))
    assert await notes.look(texts) == [f"note {number}" for number in range(300)]
    assert len(seen) < 100, "every commit shows another count"
    watcher.close()


async def test_writes_that_arrive_during_a_commit_make_the_next_one(notes: Database) -> None:
    first = asyncio.ensure_future(notes.write(note("a")))
    await asyncio.sleep(0)
    later = [asyncio.ensure_future(notes.write(note(text))) for text in "bcd"]

    await first
    assert await asyncio.gather(*later) == [2, 3, 4]


async def test_a_unit_that_fails_leaves_nothing_and_harms_no_other(notes: Database) -> None:
    def fails(tx: Tx) -> None:
        note("never")(tx)
        raise RuntimeError("no")

    results = await asyncio.gather(
        notes.write(note("before")), notes.write(fails), notes.write(note("after")), return_exceptions=True
    )

    assert [results[0], results[2]] == [1, 2]
    assert isinstance(results[1], RuntimeError)
    assert await notes.look(texts) == ["before", "after"]


async def test_a_refused_row_is_a_conflict(notes: Database) -> None:
    await notes.write(note("once"))

    with pytest.raises(Conflict):
        await notes.write(note("once"))

    assert await notes.write(note("twice")) == 2


async def test_a_foreign_key_is_kept(database: Database) -> None:
    with pytest.raises(Conflict):
        await database.write(
            lambda tx: tx.run(
                "insert into identifiers (kind, value, contact) values ('email', 'a@example.com', 'none')"
            )
        )


async def test_a_unit_may_run_out_of_an_iterator(notes: Database) -> None:
    def empty(tx: Tx) -> None:
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await notes.write(empty)


async def test_a_cancelled_waiter_leaves_the_batch_unharmed(notes: Database) -> None:
    tasks = [asyncio.ensure_future(notes.write(note(text))) for text in "abcde"]
    tasks[1].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[3].cancel()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(results[1], asyncio.CancelledError)
    assert isinstance(results[3], asyncio.CancelledError)
    kept = await notes.look(texts)
    assert "b" not in kept, "cancelled before it ran"
    assert [text for text in kept if text in "ace"] == ["a", "c", "e"]


async def test_a_commit_that_fails_is_told_to_all_of_its_batch_and_to_no_other(database: Database) -> None:
    def dangling(tx: Tx) -> None:
        tx.run("pragma defer_foreign_keys = on")  # so that only the COMMIT finds it
        tx.run("insert into identifiers (kind, value, contact) values ('email', 'a@example.com', 'none')")

    def contact(tx: Tx) -> None:
        tx.run("insert into contacts (id, name, created_at) values ('c', 'Ada', 'now')")

    results = await asyncio.gather(database.write(contact), database.write(dangling), return_exceptions=True)

    assert all(isinstance(result, StoreError) for result in results)
    await database.write(contact)
    assert await database.look(lambda tx: len(tx.all("select id from contacts"))) == 1


async def test_a_full_disk_is_told_and_the_next_batch_works(notes: Database) -> None:
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
    monkeypatch.setattr(writer, "BATCH_S", 0.0)
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
    for _ in range(1_000):  # the loop goes on turning while the lock is held
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


async def test_closing_finishes_what_was_asked_for(url: str) -> None:
    database = open_database(url)
    await database.migrate()
    await database.write(lambda tx: tx.run(TABLE))
    pending = [asyncio.ensure_future(database.write(note(str(number)))) for number in range(50)]
    await asyncio.sleep(0)
    await database.close()

    assert await asyncio.gather(*pending) == list(range(1, 51))
    with pytest.raises(StoreError, match="closed"):
        database.write(texts)


async def test_a_look_sees_one_moment_and_cannot_write(notes: Database) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await notes.look(note("no"))


async def test_long_reads_run_beside_the_loop(notes: Database) -> None:
    await notes.write(note("a"))

    def slow(tx: Tx) -> tuple[list[str], str]:
        return texts(tx), threading.current_thread().name

    results = await asyncio.gather(*(notes.read(slow) for _ in range(8)))

    assert all(found == ["a"] for found, _ in results)
    assert all(thread != threading.current_thread().name for _, thread in results)


async def test_a_new_database_is_for_its_owner_alone(notes: Database, path: Path) -> None:
    await notes.write(note("private"))

    for file in path.parent.glob("billchat.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "three slashes"),
        ("mysql://user:secret@host/db", "'mysql' is no database we know"),
        ("", "an empty address"),
    ],
)
def test_an_address_we_cannot_use_is_explained_without_its_password(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


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


WRITES_UNTIL_KILLED = textwrap.dedent(
    """
    import asyncio, sys
    from store import open_database

    async def main():
        database = open_database(sys.argv[1])
        await database.migrate()
        await database.write(lambda tx: tx.run(
            "create table if not exists notes (worker text not null, seq bigint not null, primary key (worker, seq))"
        ))

        async def work(worker):
            seq = 0
            while True:
                seq += 1
                row = {"worker": worker, "seq": seq}
                await database.write(lambda tx: tx.run("insert into notes values (:worker, :seq)", row))
                print(worker, seq, flush=True)

        await asyncio.gather(*(work(f"{sys.argv[2]}-{number}") for number in range(8)))

    asyncio.run(main())
    """
)


async def test_a_killed_process_loses_nothing_that_it_acknowledged(url: str) -> None:
    acknowledged: set[tuple[str, int]] = set()
    for life in range(3):
        command = [sys.executable, "-c", WRITES_UNTIL_KILLED, url, f"life{life}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220
            assert process.stdout is not None
            for _ in range(100):
                worker, seq = process.stdout.readline().split()
                acknowledged.add((worker, int(seq)))
            process.kill()
            for line in process.stdout.read().splitlines(keepends=True):
                if line.endswith("\n"):
                    worker, seq = line.split()
                    acknowledged.add((worker, int(seq)))

    database = open_database(url)
    rows = await database.look(lambda tx: tx.all("select worker, seq from notes"))
    await database.close()
    assert acknowledged <= {(row["worker"], row["seq"]) for row in rows}
