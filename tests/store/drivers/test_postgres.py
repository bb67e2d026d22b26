"""PostgreSQL: concurrent processes, options of its connections, and explained errors."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from store import Conflict, Database, StoreError, Tx, open_database
from store.drivers import postgres, postgres_pool
from store.drivers.migrate import migrations
from tests.store.drivers.backends import backend_pid
from tests.store.notes import note, texts

KEY = "the notes"

pytestmark = pytest.mark.soak(repeat=5)


@pytest.fixture
def driver() -> str:
    return "postgresql"


# ── several processes at once ──


async def test_units_with_one_key_never_run_concurrently(notes: Database, other: Database) -> None:
    mine = [notes.write(note(f"mine {number}"), KEY) for number in range(100)]
    theirs = [other.write(note(f"theirs {number}"), KEY) for number in range(100)]
    numbers = await asyncio.gather(*mine, *theirs)

    assert sorted(numbers) == list(range(1, 201))
    kept = await notes.read(texts)
    for who in ("mine", "theirs"):
        assert [text for text in kept if text.startswith(who)] == [f"{who} {number}" for number in range(100)]


def counting_under(lock: Callable[[Tx], None]) -> Callable[[Tx], int]:
    """Return a unit that counts up under a lock, reading before it writes."""

    def count(tx: Tx) -> int:
        lock(tx)
        row = tx.one("select text from notes where seq = 1")
        assert row is not None
        tx.execute("update notes set text = :text where seq = 1", {"text": str(int(row["text"]) + 1)})
        return int(row["text"])

    return count


@pytest.mark.parametrize(
    "lock",
    [lambda tx: tx.advisory_lock("counting"), lambda tx: tx.lock_rows("select seq from notes where seq = 1")],
    ids=["lock", "lock_rows"],
)
async def test_reads_after_a_lock_see_the_changes_of_its_former_holders(
    notes: Database, other: Database, lock: Callable[[Tx], None]
) -> None:
    await notes.write(note("0"))
    counted = await asyncio.gather(
        *(database.write(counting_under(lock)) for _ in range(40) for database in (notes, other))
    )

    assert sorted(counted) == list(range(80))


async def test_a_deadlock_is_retried(notes: Database, other: Database) -> None:
    runs = 0
    held = set[str]()

    def unit(first: str, then: str) -> Callable[[Tx], int]:
        def run(tx: Tx) -> int:
            nonlocal runs
            runs += 1
            tx.advisory_lock(first)
            backend_pid(tx)
            held.add(first)
            while len(held) < 2:  # each query lets the other unit run
                backend_pid(tx)
            tx.advisory_lock(then)
            return note(first)(tx)

        return run

    await asyncio.gather(notes.write(unit("a", "b")), other.write(unit("b", "a")))

    assert runs == 3
    assert sorted(await notes.read(texts)) == ["a", "b"]


async def test_a_selected_name_is_the_same_lock_as_a_given_one(notes: Database, other: Database) -> None:
    await notes.write(note("0"))
    units = [
        counting_under(lambda tx: tx.advisory_lock("counting")),
        counting_under(lambda tx: tx.advisory_lock("something else", "counting")),
        counting_under(
            lambda tx: tx.advisory_lock_selected(
                "select 'count' || :rest as name from notes where seq = 1", {"rest": "ing"}
            )
        ),
    ]
    counted = await asyncio.gather(
        *(database.write(unit) for _ in range(20) for unit in units for database in (notes, other))
    )

    assert sorted(counted) == list(range(120))


# ── options ──


def seqscan(tx: Tx) -> str:
    [row] = tx.all("show enable_seqscan")
    return str(row["enable_seqscan"])


async def test_only_turns_and_short_reads_avoid_sequential_scans(database: Database) -> None:
    assert await database.write(seqscan) == "off"
    assert await database.read(seqscan) == "off"
    assert await database.read_in_thread(seqscan) == "on"


async def test_a_migration_may_scan_whole_tables(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0001.seqscan.sql").write_text(
        "create table seqscan as select current_setting('enable_seqscan') as enabled;"
    )
    monkeypatch.setattr("store.drivers.migrate.FOLDER", tmp_path)
    migrations.cache_clear()
    database = open_database(empty_url)
    try:
        await database.migrate()
        [row] = await database.read(lambda tx: tx.all("select enabled from seqscan"))
        assert row["enabled"] == "on"
    finally:
        migrations.cache_clear()
        await database.close()


async def test_options_in_the_address_override_ours(url: str) -> None:
    database = open_database(f"{url}%20-c%20enable_seqscan%3Don")
    assert await database.write(seqscan) == "on"
    await database.close()


async def test_an_idle_transaction_ends_after_15_seconds(notes: Database) -> None:
    [row] = await notes.write(lambda tx: tx.all("show idle_in_transaction_session_timeout"))
    assert row["idle_in_transaction_session_timeout"] == "15s"


# ── errors ──


async def test_a_suppressed_error_fails_the_unit(notes: Database) -> None:
    await notes.write(note("a"))

    def swallows(tx: Tx) -> None:
        with contextlib.suppress(Conflict):
            tx.execute_count("insert into notes (seq, text) values (1, 'b')")

    with pytest.raises(StoreError, match="nothing of the unit was kept"):
        await notes.write(swallows)
    assert await notes.write(note("c")) == 2


async def test_an_error_contains_no_value(notes: Database) -> None:
    with pytest.raises(StoreError) as caught:
        await notes.write(lambda tx: tx.execute_count("update notes set seq = :seq", {"seq": "owes@example.com"}))
    assert "owes@example.com" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://billchat:secret@127.0.0.1:1/billchat", "out of reach; check that it runs"),
        ("postgresql://billchat:secret@127.0.0.1:1/billchat?never=heard", "cannot be read; write postgresql://"),
    ],
)
async def test_a_database_out_of_reach_is_explained_without_its_password(
    address: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pool, "RETRY_FOR_S", 0.1)

    async def start() -> None:
        database = open_database(address)
        try:
            await database.ready()
        finally:
            await database.close()

    with pytest.raises(StoreError, match=words) as caught:
        await start()
    assert "secret" not in str(caught.value)


async def test_a_database_that_does_not_exist_is_explained(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_pool, "RETRY_FOR_S", 0.1)
    address, _, _ = url.partition("?")
    database = open_database(f"{address}_that_is_not_there")
    with pytest.raises(StoreError, match="does not exist; create it"):
        await database.ready()
    await database.close()


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ('FATAL:  too many connections for database "bills"', "53300"),
        ('FATAL:  too many connections for role "billchat"', "53300"),
        ("FATAL:  the database system is not yet accepting connections", "57"),
        ('FATAL:  role "billchat" does not exist', "28"),
        ('FATAL:  database "bills" does not exist', "3D"),
    ],
)
def test_a_refused_connection_is_explained_by_its_cause(message: str, state: str) -> None:
    assert postgres.remedy(state) in str(postgres.connect_error(psycopg.OperationalError(message)))
