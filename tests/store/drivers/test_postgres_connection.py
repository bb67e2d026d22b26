"""The pipeline: a unit's COMMIT is sent with the next unit's BEGIN, and each unit fails alone."""

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from store import Conflict, Database, Tx, open_database
from store.database import CommitUnknown
from store.drivers import postgres
from tests.store.notes import note, texts
from tests.waiting import MAX_WAIT_S

KEY = "the notes"

pytestmark = pytest.mark.soak(repeat=5)


@pytest.fixture
def driver() -> str:
    return "postgresql"


def sleep(seconds: float) -> Callable[[Tx], object]:
    return lambda tx: tx.all(f"select pg_sleep({seconds})")


async def test_more_statements_than_are_kept_prepared_work_as_well(notes: Database) -> None:
    def many(tx: Tx) -> int:
        return sum(tx.all(f"select {number} as n")[0]["n"] for number in range(700))

    assert await notes.write(many) == sum(range(700))
    assert await notes.write(note("after")) == 1


async def test_a_table_that_changes_under_prepared_statements_does_no_harm(notes: Database, other: Database) -> None:
    assert await notes.write(lambda tx: tx.all("select * from notes")) == []
    await other.write(lambda tx: tx.execute("alter table notes add column colour text"))

    await notes.write(note("a"))
    [row] = await notes.write(lambda tx: tx.all("select * from notes"))
    assert dict(row) == {"seq": 1, "text": "a", "colour": None}


async def test_several_queries_return_their_rows_in_order(notes: Database) -> None:
    def ask(tx: Tx) -> list[int]:
        tx.execute("insert into notes (seq, text) values (7, 'a')")
        answers = tx.query_many(("select 1 as n", {}), ("select seq as n from notes", {}), ("select :n as n", {"n": 3}))
        return [int(row["n"]) for [row] in answers]

    assert await notes.write(ask) == [1, 7, 3]


@pytest.fixture
async def single(notes: Database, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The same database over a single connection, so that units are pipelined."""
    monkeypatch.setattr(postgres, "MAX_WRITE_CONNECTIONS", 1)
    opened = open_database(url)
    yield opened
    await opened.close()


def fails_on_commit(tx: Tx) -> None:
    """Fail, with an error that only the COMMIT raises."""
    for text in ("twice", "twice again"):
        tx.execute("insert into notes (seq, text) values (100000, :text)", {"text": text})


def raises(tx: Tx) -> None:
    tx.execute("insert into notes (seq, text) values (200000, 'never')")
    raise RuntimeError("no")


async def test_pipelined_units_fail_alone(single: Database) -> None:
    for first, then in (
        (fails_on_commit, raises),
        (raises, fails_on_commit),
        (fails_on_commit, fails_on_commit),
        (raises, raises),
    ):
        units = [unit for number in range(10) for unit in (note(f"{first} {then} {number}"), first, then)]
        results = await asyncio.gather(*(single.write(unit) for unit in units), return_exceptions=True)

        for unit, result in zip(units, results, strict=True):
            assert isinstance(result, {fails_on_commit: Conflict, raises: RuntimeError}.get(unit, int)), result
    assert len(await single.read(texts)) == 40
    await single.ready()


async def test_of_pipelined_units_only_one_can_be_in_doubt(single: Database) -> None:
    def breaks(tx: Tx) -> None:
        tx.execute("select pg_terminate_backend(pg_backend_pid())")

    results = await asyncio.gather(
        single.write(note("a")), single.write(breaks), single.write(note("b")), return_exceptions=True
    )

    assert [results[0], results[2]] == [1, 2]
    assert isinstance(results[1], CommitUnknown)
    assert await single.read(texts) == ["a", "b"]


# Makes every COMMIT slow, like a disk that is slow to flush.
SLOW_COMMIT = """
create function take_a_while() returns trigger language plpgsql as 'begin perform pg_sleep(0.2); return null; end';
create constraint trigger a_while after insert on notes deferrable initially deferred
    for each row execute function take_a_while()
"""


async def test_a_unit_behind_a_commit_takes_an_idle_connection_at_once(
    notes: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MAX_WRITE_CONNECTIONS", 2)
    two = open_database(url)
    await asyncio.gather(*(two.write(sleep(0.05)) for _ in range(4)))  # opens both connections
    with psycopg.connect(url) as holder:
        holder.execute(SLOW_COMMIT)  # type: ignore[arg-type]
        holder.commit()
        holder.execute("select pg_advisory_xact_lock(hashtextextended('held elsewhere', 0))")
        slow = two.write(lambda tx: (note("slow")(tx), sleep(0.1)(tx)), KEY)
        short = two.write(sleep(0.15))
        waiting = two.write(
            lambda tx: (tx.advisory_lock("held elsewhere"), sleep(0)(tx))
        )  # on the connection of the slow one
        following = two.write(sleep(0), KEY)

        async with asyncio.timeout(MAX_WAIT_S):
            await asyncio.gather(slow, short, following)
    await waiting
    await two.close()
