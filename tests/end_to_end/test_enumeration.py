"""Known and unknown identifiers get the same answers, rows and time, so that nobody finds out who is a customer."""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.demo import app
from chatbot.imports.jsonl import import_bills
from store import open_database
from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.customer import new_id
from tests.end_to_end.raw_socket import RawSocket
from tests.sizes import size

PAIRS, WARM_UP = size(100, 1_000), 20
MAX_DIFFERENCE_S = 0.005
WIDE = {
    "messages_per_ten_seconds": 1_000_000, "identifiers_per_address_per_hour": 1_000_000,
    "identifiers_per_conversation_per_hour": 10, "failures_per_address_per_hour": 1_000_000,
    "codes_per_ten_minutes": 3, "codes_per_day": 10, "failures_per_hour": 10,
}  # fmt: skip

# Columns with a new value for every row, with a person's data, or read by the dispatcher alone.
OWN = {
    "id", "conversation", "session", "value", "contact", "recipient", "args", "channel", "preview", "facts", "text",
    "subject", "client_id", "begun_by", "digest", "detail", "browser",
}  # fmt: skip
TIMES = {"at", "created_at", "expires_at", "due_at", "updated_at", "started_at", "seen_at"}
AFTERWARDS = {"state", "tries", "claimed_until", "provider_id", "error", "sent_at", "due_at"}


def known(number: int) -> str:
    return f"person{number:04}@example.com"


def unknown(number: int) -> str:
    return f"nobody{number:04}@example.com"


async def import_customers(folder: Path, customers: int) -> None:
    lines: list[dict[str, Any]] = []
    for number in range(customers):
        lines += [
            {"kind": "customer", "id": f"C{number}", "name": f"Person {number}", "emails": [known(number)]},
            {"kind": "account", "number": f"BB-{number:05}", "name": "Broadband", "currency": "GBP",
             "customers": [f"C{number}"]},
        ]  # fmt: skip
    (folder / "people.jsonl").write_text("\n".join(map(json.dumps, lines)))
    database = open_database(app.settings(0, folder / ".demo").database.url)
    await database.migrate()
    with (folder / "people.jsonl").open("rb") as file:
        await import_bills(database, file)
    await database.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfiguredDemo]:
    """A server with many customers, with default limits for each identifier and wide limits for an address."""
    folder = tmp_path_factory.mktemp("server")
    with asyncio.Runner() as runner:  # the event loops of tests do not exist yet
        runner.run(import_customers(folder, WARM_UP + PAIRS + 10))
    server = ConfiguredDemo(folder)
    server.changes = {"limits": WIDE}
    server.start()
    yield server
    assert server.stop() == 0


async def begin(raw: RawSocket) -> str:
    return str((await raw.ask("start", {"id": new_id(), "action": "pay_bill"}))["conversation"])


async def say(raw: RawSocket, conversation: str, text: str) -> dict[str, Any]:
    return await raw.ask("say", {"conversation": conversation, "id": new_id(), "text": text})


def words(answer: dict[str, Any], identifier: str) -> list[Any]:
    """Return the messages of an acknowledgement without ids, times and the identifier."""
    assert answer["ok"]
    return [
        {key: json.dumps(value).replace(identifier, "…") for key, value in message.items() if key not in ("id", "at")}
        for message in answer["messages"]
    ]


def shapes(server: ConfiguredDemo, conversation: str, identifier: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a conversation or its identifier, by table, without ids, names and times."""
    found: dict[str, list[dict[str, Any]]] = {}
    [[session]] = server.query("select session from conversations where id = ?", conversation)
    for (table,) in server.query("select name from sqlite_master where type = 'table' order by name"):
        if table == "identifiers":
            continue  # the company's own record, which was there before
        columns = [name for _, name, *_ in server.query(f"pragma table_info({table})")]
        kept = []
        for row in server.query(f"select * from {table}"):
            if {conversation, identifier, session} & set(row) or conversation in str(row):
                named = dict(zip(columns, row, strict=True))
                kept.append(
                    {
                        name: str(value).replace(identifier, "…")
                        for name, value in named.items()
                        if name not in OWN | TIMES | AFTERWARDS
                    }
                )
        found[table] = kept
    return found


async def test_the_whole_road_has_the_same_words_and_leaves_the_same_rows(server: ConfiguredDemo) -> None:
    """Ask for a code, ask again too soon, guess six times, leave a message."""
    heard, left = [], []
    for identifier in (known(WARM_UP + PAIRS), unknown(WARM_UP + PAIRS)):
        async with RawSocket.open(server.url) as raw:
            conversation = await begin(raw)
            answers = [words(await say(raw, conversation, identifier), identifier)]
            guesses = [f"{guess:06}" for guess in range(100, 106)]
            message = ["talk to a person", "Please call me", "that's all", identifier, "send it"]
            for text in ("send a new code", *guesses, "back", identifier, "help", *message):
                answers += [words(await say(raw, conversation, text), identifier)]
        heard.append(answers)
        left.append(shapes(server, conversation, identifier))
    assert heard[0] == heard[1]
    assert {table: len(kept) for table, kept in left[0].items()} == {
        table: len(kept) for table, kept in left[1].items()
    }
    assert left[0] == left[1]
    assert all(
        len(left[0][table]) > 0 for table in ("conversations", "messages", "challenges", "outbox", "attempts_log")
    )


async def test_too_many_codes_are_refused_in_the_same_words(server: ConfiguredDemo) -> None:
    heard = []
    for identifier in (known(WARM_UP + PAIRS + 1), unknown(WARM_UP + PAIRS + 1)):
        answers = []
        async with RawSocket.open(server.url) as raw:
            for _ in range(5):
                answers += [words(await say(raw, await begin(raw), identifier), identifier)]
        heard.append(answers)
    assert heard[0] == heard[1]
    assert heard[0][0] != heard[0][4]


def differ(pairs: list[tuple[float, float]]) -> bool:
    """Tell whether the first times of pairs and the second differ by more than the machine's other work explains.

    That work delays the first of a pair about as often as the second. A difference in the service's own work delays the
    same one in nearly every pair.
    """
    median = statistics.median(first - second for first, second in pairs)
    first_is_slower = sum(first > second for first, second in pairs) / len(pairs)
    return abs(median) > MAX_DIFFERENCE_S and abs(first_is_slower - 0.5) > 0.25


@pytest.mark.soak
async def test_known_and_unknown_identifiers_are_answered_in_the_same_time(server: ConfiguredDemo) -> None:
    """The answer to the identifier, and the next answer, during which the dispatcher sends the code."""
    answered: list[tuple[float, float]] = []
    answered_next: list[tuple[float, float]] = []
    async with RawSocket.open(server.url) as raw:

        async def measure(identifier: str) -> tuple[float, float]:
            conversation = await begin(raw)
            began = time.perf_counter()
            await say(raw, conversation, identifier)
            between = time.perf_counter()
            await say(raw, conversation, "000000")
            return between - began, time.perf_counter() - between

        for number in range(WARM_UP + PAIRS):
            times: dict[str, tuple[float, float]] = {}
            for identifier in sorted((known(number), unknown(number)), reverse=bool(number % 2)):
                times[identifier] = await measure(identifier)
            if number >= WARM_UP:
                first, second = times[known(number)], times[unknown(number)]
                answered.append((first[0], second[0]))
                answered_next.append((first[1], second[1]))
    assert not differ(answered)
    assert not differ(answered_next)


async def test_right_codes_on_fifty_sockets_at_once_are_one_success(server: ConfiguredDemo) -> None:
    identifier = known(WARM_UP + PAIRS + 2)
    async with RawSocket.open(server.url) as first:
        conversation, session = await begin(first), first.welcome["session"]
        before = server.letters_to(identifier)
        await say(first, conversation, identifier)
        code = await asyncio.to_thread(server.code_for, identifier, before)

        async def one() -> str:
            async with RawSocket.open(server.url, {"session": session}) as raw:
                answer = await say(raw, conversation, code)  # the others' token opens nothing after the first
                return str(answer["messages"][1]["text"]) if answer["ok"] else str(answer["error"]["code"])

        told = await asyncio.gather(*(one() for _ in range(50)))
    right = server.query("select count(*) from challenges where conversation = ? and state = 'used'", conversation)
    assert right == [(1,)]
    tries = server.query("select tries from challenges where conversation = ?", conversation)
    assert tries == [(1,)]
    assert sum("nothing to pay" in text.lower() for text in told) == 1
    assert set(told) - {"not_found"} == {text for text in told if "nothing to pay" in text.lower()}


async def test_of_two_hundred_wrong_codes_on_ten_sockets_five_are_compared(server: ConfiguredDemo) -> None:
    identifier = known(WARM_UP + PAIRS + 3)
    async with RawSocket.open(server.url) as first:
        conversation, session = await begin(first), first.welcome["session"]
        before = server.letters_to(identifier)
        await say(first, conversation, identifier)
        code = int(await asyncio.to_thread(server.code_for, identifier, before))

        async def twenty(start: int) -> None:
            async with RawSocket.open(server.url, {"session": session}) as raw:
                for guess in range(start, start + 20):
                    await say(raw, conversation, f"{(code + guess) % 10**6:06}")

        await asyncio.gather(*(twenty(1 + 20 * socket) for socket in range(10)))
        late = await say(first, conversation, f"{code:06}")
    assert server.query("select tries, state from challenges where conversation = ?", conversation) == [(5, "live")]
    failures = server.query("select count(*) from attempts_log where kind = 'code_failed' and subject = ?", identifier)
    assert failures == [(5,)]
    assert "card" not in str(late)
