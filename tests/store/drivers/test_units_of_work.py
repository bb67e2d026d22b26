"""Units of work on every database: order, isolation, and durability after a crash."""

import asyncio
import subprocess
import sys
import textwrap
import threading

import pytest

from store import Conflict, Database, StoreError, Tx, open_database
from tests.store.notes import TABLE, note, texts

KEY = "the notes"


async def test_a_result_comes_back_when_others_can_see_the_change(notes: Database, url: str) -> None:
    assert await notes.write(note("first")) == 1

    other = open_database(url)
    assert await other.read(texts) == ["first"]
    await other.close()


async def test_units_with_one_key_keep_their_order(notes: Database) -> None:
    numbers = await asyncio.gather(*(notes.write(note(f"note {number}"), KEY) for number in range(300)))

    assert numbers == list(range(1, 301))
    assert await notes.read(texts) == [f"note {number}" for number in range(300)]


async def test_units_behind_a_failed_or_cancelled_one_with_their_key_go_on(notes: Database) -> None:
    def fails(tx: Tx) -> None:
        raise RuntimeError("no")

    tasks = [asyncio.ensure_future(notes.write(unit, KEY)) for unit in (note("a"), fails, note("b"), note("c"))]
    tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert (results[0], results[3]) == (1, 2)
    assert await notes.read(texts) == ["a", "c"]


async def test_a_statement_without_result_is_visible_to_the_next_query(notes: Database) -> None:
    def unit(tx: Tx) -> list[str]:
        tx.execute("insert into notes (seq, text) values (1, :text)", {"text": "a"})
        tx.execute_many(
            "insert into notes (seq, text) values (:seq, :text)", [{"seq": n, "text": str(n)} for n in (2, 3)]
        )
        return texts(tx)

    assert await notes.write(unit) == ["a", "2", "3"]


async def test_a_failed_statement_without_result_rolls_back_the_unit(notes: Database) -> None:
    def unit(tx: Tx) -> None:
        for text in ("a", "a"):
            tx.execute("insert into notes (seq, text) values (1, :text)", {"text": text})

    with pytest.raises(Conflict):
        await notes.write(unit)
    assert await notes.read(texts) == []
    assert await notes.write(note("b")) == 1


async def test_very_many_rows_fit_into_one_unit(notes: Database) -> None:
    rows = [{"seq": number, "text": f"{number} {'long ' * 100}"} for number in range(5000)]
    await notes.write(lambda tx: tx.execute_many("insert into notes (seq, text) values (:seq, :text)", rows))

    assert len(await notes.read(texts)) == 5000
    assert len(await notes.read_in_thread(texts)) == 5000


@pytest.mark.parametrize("text", ["it's :here", "a\nb", "percent % and $1", "naïve 🧾", ""])
async def test_texts_come_back_as_they_went(notes: Database, text: str) -> None:
    await notes.write(note(text))
    assert await notes.read(texts) == [text]
    assert await notes.read(lambda tx: tx.all("select ':no :names' as \"a :b\" -- :c")) is not None


async def test_a_unit_that_fails_is_rolled_back_alone(notes: Database) -> None:
    def fails(tx: Tx) -> None:
        note("never")(tx)
        raise RuntimeError("no")

    results = await asyncio.gather(
        *(notes.write(unit, KEY) for unit in (note("before"), fails, note("after"))), return_exceptions=True
    )

    assert [results[0], results[2]] == [1, 2]
    assert isinstance(results[1], RuntimeError)
    assert await notes.read(texts) == ["before", "after"]


async def test_a_refused_row_is_a_conflict(notes: Database) -> None:
    await notes.write(note("once"))

    with pytest.raises(Conflict):
        await notes.write(note("once"))

    assert await notes.write(note("twice")) == 2


async def test_a_foreign_key_is_kept(database: Database) -> None:
    with pytest.raises(Conflict):
        await database.write(
            lambda tx: tx.execute_count(
                "insert into identifiers (kind, value, contact) values ('email', 'a@example.com', 'none')"
            )
        )


async def test_a_unit_may_run_out_of_an_iterator(notes: Database) -> None:
    def empty(tx: Tx) -> None:
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await notes.write(empty)


async def test_a_cancelled_caller_leaves_the_batch_unharmed(notes: Database) -> None:
    tasks = [asyncio.ensure_future(notes.write(note(text), KEY)) for text in "abcde"]
    tasks[1].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[3].cancel()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(results[1], asyncio.CancelledError)
    assert isinstance(results[3], asyncio.CancelledError)
    kept = await notes.read(texts)
    assert "b" not in kept, "cancelled before it ran"
    assert [text for text in kept if text in "ace"] == ["a", "c", "e"]


async def test_closing_finishes_queued_units(url: str) -> None:
    database = open_database(url)
    await database.migrate()
    await database.write(lambda tx: tx.execute_count(TABLE))
    pending = [asyncio.ensure_future(database.write(note(str(number)), KEY)) for number in range(50)]
    await asyncio.sleep(0)
    await database.close()

    assert await asyncio.gather(*pending) == list(range(1, 51))
    with pytest.raises(StoreError, match="closed"):
        database.write(texts)


async def test_a_short_read_cannot_write(notes: Database) -> None:
    with pytest.raises(StoreError, match=r"read-?only"):
        await notes.read(note("no"))


async def test_long_reads_run_beside_the_loop(notes: Database) -> None:
    await notes.write(note("a"))

    def slow(tx: Tx) -> tuple[list[str], str]:
        return texts(tx), threading.current_thread().name

    results = await asyncio.gather(*(notes.read_in_thread(slow) for _ in range(8)))

    assert all(found == ["a"] for found, _ in results)
    assert all(thread != threading.current_thread().name for _, thread in results)


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


WRITES_UNTIL_KILLED = textwrap.dedent(
    """
    import asyncio, sys
    from store import open_database

    async def main():
        database = open_database(sys.argv[1])
        await database.migrate()
        await database.write(lambda tx: tx.execute_count(
            "create table if not exists notes (worker text not null, seq bigint not null, primary key (worker, seq))"
        ))

        async def work(worker):
            seq = 0
            while True:
                seq += 1
                row = {"worker": worker, "seq": seq}
                await database.write(lambda tx: tx.execute_count("insert into notes values (:worker, :seq)", row))
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
    rows = await database.read(lambda tx: tx.all("select worker, seq from notes"))
    await database.close()
    assert acknowledged <= {(row["worker"], row["seq"]) for row in rows}


async def test_a_parameter_may_stand_in_several_places_and_a_colon_in_quotes_is_none(database: Database) -> None:
    sql = "select :b as b, :a as a, :b as again, ':c' as quoted -- :d"
    rows = await database.read(lambda tx: tx.all(sql, {"a": "first", "b": "second", "more": "unused"}))
    assert [dict(row) for row in rows] == [{"b": "second", "a": "first", "again": "second", "quoted": ":c"}]


async def test_a_parameter_that_is_missing_is_an_error(database: Database) -> None:
    with pytest.raises(KeyError):
        await database.read(lambda tx: tx.all("select :a as a, :b as b", {"a": "first"}))
