"""What is PostgreSQL's own: several writers at once, and connections that break."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import psycopg
import pytest

from chatbot.cli.event_loop import new_event_loop
from store import Conflict, Database, StoreError, Tx, open_database
from store.database import CommitUnknown
from store.drivers import postgres, postgres_pool
from store.drivers.parameters import prepared
from tests.store.notes import note, texts

KEY = "the notes"


@pytest.fixture
def driver() -> str:
    return "postgresql"


@pytest.fixture
async def other(url: str) -> AsyncIterator[Database]:
    """The same database, as another process has it open."""
    opened = open_database(url)
    yield opened
    await opened.close()


def kill(url: str, pid: int) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s, 5000)", [pid])


def sleep(seconds: float) -> Callable[[Tx], object]:
    return lambda tx: tx.all(f"select pg_sleep({seconds})")


def pid_of(tx: Tx) -> int:
    row = tx.one("select pg_backend_pid() as pid")
    assert row is not None
    return int(row["pid"])


# ── one SQL text for both ──


@pytest.mark.parametrize(
    ("sql", "text", "order"),
    [
        ("select :a, :b, :a", "select $1, $2, $1", ("a", "b")),
        ("select ':a', \":b\", 'it''s :c' -- :d\n, /* :e\n */ :f", None, ("f",)),
        ("select :a::text, cast(:b as bigint)", "select $1::text, cast($2 as bigint)", ("a", "b")),
        ("select '%' where 1 % 2 = 1", "select '%' where 1 % 2 = 1", ()),
    ],
)
def test_named_parameters_become_numbers(sql: str, text: str | None, order: tuple[str, ...]) -> None:
    translated = prepared(sql)
    assert translated.text.decode() == (text or sql.replace(":f", "$1"))
    assert translated.order == order


async def test_numbers_are_numbers_whatever_postgresql_calls_them(database: Database) -> None:
    row = await database.read(
        lambda tx: tx.one(
            "select sum(n) as sum, count(*) as n, 1 < 2 as yes, null as none, sum(n) / 4 as quarter from (select"
            " cast(9007199254740993 as bigint) as n union all select 2) as numbers"
        )
    )
    assert row is not None
    assert [row[name] for name in ("sum", "n", "yes", "none")] == [9007199254740995, 2, True, None]
    assert all(type(row[name]) is int for name in ("sum", "n"))
    assert float(row["quarter"]) == 2251799813685248.75


async def test_a_character_that_postgresql_cannot_keep_costs_nothing_else(notes: Database) -> None:
    await notes.write(note("a\0b"))
    assert await notes.read(texts) == ["a\ufffdb"]


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


# ── several processes at once ──


async def test_units_with_one_key_never_run_beside_each_other(notes: Database, other: Database) -> None:
    mine = [notes.write(note(f"mine {number}"), KEY) for number in range(100)]
    theirs = [other.write(note(f"theirs {number}"), KEY) for number in range(100)]
    numbers = await asyncio.gather(*mine, *theirs)

    assert sorted(numbers) == list(range(1, 201))
    kept = await notes.read(texts)
    for who in ("mine", "theirs"):
        assert [text for text in kept if text.startswith(who)] == [f"{who} {number}" for number in range(100)]


def under(lock: Callable[[Tx], None]) -> Callable[[Tx], int]:
    """A unit that counts up, reading before it writes."""

    def count(tx: Tx) -> int:
        lock(tx)
        row = tx.one("select text from notes where seq = 1")
        assert row is not None
        tx.execute("update notes set text = :text where seq = 1", {"text": str(int(row["text"]) + 1)})
        return int(row["text"])

    return count


@pytest.mark.parametrize(
    "lock",
    [lambda tx: tx.lock("counting"), lambda tx: tx.lock_rows("select seq from notes where seq = 1")],
    ids=["lock", "lock_rows"],
)
async def test_what_is_read_after_a_lock_is_what_the_others_left(
    notes: Database, other: Database, lock: Callable[[Tx], None]
) -> None:
    await notes.write(note("0"))
    counted = await asyncio.gather(*(database.write(under(lock)) for _ in range(40) for database in (notes, other)))

    assert sorted(counted) == list(range(80))


async def test_a_deadlock_is_run_again(notes: Database, other: Database) -> None:
    runs = 0
    held = set[str]()

    def unit(first: str, then: str) -> Callable[[Tx], int]:
        def run(tx: Tx) -> int:
            nonlocal runs
            runs += 1
            tx.lock(first)
            pid_of(tx)
            held.add(first)
            while len(held) < 2:  # the other one has its turn while this one asks
                pid_of(tx)
            tx.lock(then)
            return note(first)(tx)

        return run

    await asyncio.gather(notes.write(unit("a", "b")), other.write(unit("b", "a")))

    assert runs == 3
    assert sorted(await notes.read(texts)) == ["a", "b"]


async def test_a_lock_that_is_found_is_the_same_as_one_that_is_named(notes: Database, other: Database) -> None:
    await notes.write(note("0"))
    units = [
        under(lambda tx: tx.lock("counting")),
        under(lambda tx: tx.lock("something else", "counting")),
        under(lambda tx: tx.lock_found("select 'count' || :rest as name from notes where seq = 1", {"rest": "ing"})),
    ]
    counted = await asyncio.gather(
        *(database.write(unit) for _ in range(20) for unit in units for database in (notes, other))
    )

    assert sorted(counted) == list(range(120))


# ── errors ──


async def test_an_error_that_a_unit_swallows_is_found(notes: Database) -> None:
    await notes.write(note("a"))

    def swallows(tx: Tx) -> None:
        with contextlib.suppress(Conflict):
            tx.execute_count("insert into notes (seq, text) values (1, 'b')")

    with pytest.raises(StoreError, match="nothing of the unit was kept"):
        await notes.write(swallows)
    assert await notes.write(note("c")) == 2


async def test_an_error_tells_no_value(notes: Database) -> None:
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
    monkeypatch.setattr(postgres_pool, "PATIENCE_S", 0.1)

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
    monkeypatch.setattr(postgres_pool, "PATIENCE_S", 0.1)
    address, _, _ = url.partition("?")
    database = open_database(f"{address}_that_is_not_there")
    with pytest.raises(StoreError, match="does not exist; create it"):
        await database.ready()
    await database.close()


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ('FATAL:  too many connections for database "bills"', "53300"),
        ('FATAL:  too many connections for role "billchat"', "53300"),
        ("FATAL:  the database system is not yet accepting connections", "57"),
        ('FATAL:  role "billchat" does not exist', "28"),
        ('FATAL:  database "bills" does not exist', "3D"),
    ],
)
def test_a_refusal_is_told_for_what_it_is(said: str, state: str) -> None:
    assert postgres.remedy(state) in str(postgres._refused(psycopg.OperationalError(said)))


# ── one unit's end and the next one's beginning travel together ──


@pytest.fixture
async def narrow(notes: Database, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The same database over a single connection, so that units follow each other closely."""
    monkeypatch.setattr(postgres, "WRITERS", 1)
    opened = open_database(url)
    yield opened
    await opened.close()


def twice(tx: Tx) -> None:
    """A unit whose error shows only with its COMMIT."""
    for text in ("twice", "twice again"):
        tx.execute("insert into notes (seq, text) values (100000, :text)", {"text": text})


def raises(tx: Tx) -> None:
    tx.execute("insert into notes (seq, text) values (200000, 'never')")
    raise RuntimeError("no")


async def test_units_that_follow_each_other_fail_alone(narrow: Database) -> None:
    for first, then in ((twice, raises), (raises, twice), (twice, twice), (raises, raises)):
        units = [unit for number in range(10) for unit in (note(f"{first} {then} {number}"), first, then)]
        results = await asyncio.gather(*(narrow.write(unit) for unit in units), return_exceptions=True)

        for unit, result in zip(units, results, strict=True):
            assert isinstance(result, {twice: Conflict, raises: RuntimeError}.get(unit, int)), result
    assert len(await narrow.read(texts)) == 40
    await narrow.ready()


async def test_of_units_that_follow_each_other_only_one_can_be_in_doubt(narrow: Database) -> None:
    def breaks(tx: Tx) -> None:
        tx.execute("select pg_terminate_backend(pg_backend_pid())")

    results = await asyncio.gather(
        narrow.write(note("a")), narrow.write(breaks), narrow.write(note("b")), return_exceptions=True
    )

    assert [results[0], results[2]] == [1, 2]
    assert isinstance(results[1], CommitUnknown)
    assert await narrow.read(texts) == ["a", "b"]


async def test_several_questions_are_answered_in_their_order(notes: Database) -> None:
    def ask(tx: Tx) -> list[int]:
        tx.execute("insert into notes (seq, text) values (7, 'a')")
        answers = tx.query_many(("select 1 as n", {}), ("select seq as n from notes", {}), ("select :n as n", {"n": 3}))
        return [int(row["n"]) for [row] in answers]

    assert await notes.write(ask) == [1, 7, 3]


# Its COMMIT takes a while, as where a disk is slow to flush.
SLOW_COMMIT = """
create function take_a_while() returns trigger language plpgsql as 'begin perform pg_sleep(0.2); return null; end';
create constraint trigger a_while after insert on notes deferrable initially deferred
    for each row execute function take_a_while()
"""


async def test_what_a_commit_lets_go_on_takes_a_free_connection_at_once(
    notes: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "WRITERS", 2)
    two = open_database(url)
    await asyncio.gather(*(two.write(sleep(0.05)) for _ in range(4)))  # opens both connections
    with psycopg.connect(url) as holder:
        holder.execute(SLOW_COMMIT)  # type: ignore[arg-type]
        holder.commit()
        holder.execute("select pg_advisory_xact_lock(hashtextextended('held elsewhere', 0))")
        slow = two.write(lambda tx: (note("slow")(tx), sleep(0.1)(tx)), KEY)
        short = two.write(sleep(0.15))
        waiting = two.write(lambda tx: (tx.lock("held elsewhere"), sleep(0)(tx)))  # on the connection of the slow one
        following = two.write(sleep(0), KEY)

        async with asyncio.timeout(5):
            await asyncio.gather(slow, short, following)
    await waiting
    await two.close()


# ── connections that break ──


async def test_a_process_that_stands_still_lets_go_of_what_it_holds_and_runs_its_unit_again(
    notes: Database, url: str
) -> None:
    standing_still = open_database(f"{url}%20-c%20idle_in_transaction_session_timeout%3D1000")
    runs = 0

    def unit(tx: Tx) -> int:
        nonlocal runs
        runs += 1
        tx.lock(KEY)
        written = note(f"run {runs}")(tx)
        if runs == 1:
            with psycopg.connect(url) as other:  # waits until the lock is free, and keeps everything here waiting
                other.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [KEY])
        texts(tx)
        return written

    assert await standing_still.write(unit) == 1
    assert await notes.read(texts) == ["run 2"]
    await standing_still.close()


async def test_nobody_stands_still_in_a_unit_for_long(notes: Database) -> None:
    [row] = await notes.write(lambda tx: tx.all("show idle_in_transaction_session_timeout"))
    assert row["idle_in_transaction_session_timeout"] == "15s"


async def test_a_connection_that_broke_while_it_was_idle_is_not_noticed(notes: Database, url: str) -> None:
    writing, looking, reading = [await ask(pid_of) for ask in (notes.write, notes.read, notes.read_in_thread)]
    for pid in (writing, looking, reading):
        kill(url, pid)

    assert await notes.write(note("a")) == 1
    assert await notes.read(texts) == ["a"]
    assert await notes.read_in_thread(texts) == ["a"]


async def test_a_unit_whose_connection_breaks_before_its_commit_is_run_again(notes: Database, url: str) -> None:
    runs = 0

    def unit(tx: Tx) -> int:
        nonlocal runs
        runs += 1
        written = note(f"run {runs}")(tx)
        if runs == 1:
            kill(url, pid_of(tx))
        assert texts(tx) == [f"run {runs}"]
        return written

    assert await notes.write(unit, KEY) == 1
    assert await notes.read(texts) == ["run 2"]
    assert await notes.write(note("after"), KEY) == 2


# ErrorResponse: FATAL, "the system is going down", and its length. Only half of it arrives.
FAREWELL = b"E\0\0\0\x40SFATAL\0VFATAL\0C57P01\0"
RESET = b"\x01\0\0\0\0\0\0\0"  # SO_LINGER: closing resets the connection


class Cable:
    """Carries bytes to PostgreSQL and back, until it is cut."""

    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        self._writers: list[asyncio.StreamWriter] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._there.hostname, self._there.port)
        self._writers.append(writer)
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    def url(self, port: int) -> str:
        """The database's address with the cable's port."""
        return self._there._replace(netloc=f"{self._there.username}@127.0.0.1:{port}").geturl()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    def cut(self) -> None:
        """Reset every connection, with half a farewell left to read."""
        for writer in self._writers:
            writer.write(FAREWELL)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        self._writers.clear()


def test_a_unit_does_not_wait_for_the_rest_of_a_farewell(url: str) -> None:
    asked = 0

    async def main() -> int:
        cable = Cable(url)
        relay = await asyncio.start_server(cable.carry, "127.0.0.1")
        database = open_database(cable.url(relay.sockets[0].getsockname()[1]))

        def unit(tx: Tx) -> int:
            nonlocal asked
            asked += 1
            if asked == 1:
                asyncio.get_running_loop().call_later(0.1, cable.cut)
                tx.one("select pg_sleep(30)")
            return asked

        async with relay:
            async with asyncio.timeout(10):
                kept = await database.write(unit)
                await database.close()
        return kept

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(main()) == 2


async def test_where_a_connection_breaks_with_the_commit_nobody_claims_to_know(notes: Database) -> None:
    def unit(tx: Tx) -> None:
        note("perhaps")(tx)
        tx.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(CommitUnknown, match="nobody knows whether this was kept"):
        await notes.write(unit)
    assert await notes.write(note("after")) in (1, 2)


async def test_connections_cut_off_again_and_again_lose_nothing_acknowledged(
    notes: Database, other: Database, url: str
) -> None:
    acknowledged: list[str] = []
    going = True

    async def work(database: Database, worker: str) -> None:
        number = 0
        while going:
            number += 1
            text = f"{worker} {number}"
            try:
                await database.write(note(text), KEY)
            except CommitUnknown:
                pass
            else:
                acknowledged.append(text)

    databases = {"mine": notes, "theirs": other}
    workers = [
        asyncio.create_task(work(database, f"{who} {number}")) for who, database in databases.items() for number in "ab"
    ]
    cut = 0
    for _ in range(10):
        before = len(acknowledged)
        while len(acknowledged) < before + 20:
            await asyncio.sleep(0.001)
        with psycopg.connect(url, autocommit=True) as admin:
            cut += len(
                admin.execute(
                    """select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
                    where locktype = 'advisory' and datname = current_database() and pid <> pg_backend_pid()
                    and (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)""",
                    [KEY],
                ).fetchall()
            )
    going = False
    await asyncio.gather(*workers)

    assert cut > 0
    kept = await notes.read(texts)
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    for worker in ("mine a", "mine b", "theirs a", "theirs b"):
        numbers = [int(text.rpartition(" ")[2]) for text in kept if text.startswith(worker)]
        assert numbers == sorted(numbers)
