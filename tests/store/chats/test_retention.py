"""Forgetting: page by page from the oldest, whatever stays among them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from store import Database
from store.chats import conversations, outbox, retention
from store.database import Tx
from tests.store.talks import begin

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD = NOON - timedelta(days=1)


def goes_on(tx: Tx, conversation: str, now: datetime) -> None:
    found, _ = conversations.load(tx, conversation)
    assert found is not None
    conversations.save(tx, found, now)


async def begun(database: Database, *began: datetime) -> list[str]:
    """Begin a conversation at each of these moments."""
    return [await database.write(lambda tx, at=at: begin(tx, at)) for at in began]  # type: ignore[misc]


async def left(database: Database, what: str = "id", table: str = "conversations") -> list[str]:
    return await database.read(lambda tx: [row[what] for row in tx.all(f"select {what} from {table} order by {what}")])


async def walk(database: Database, most: int, forget: retention.DeletePage = retention.conversations) -> Sequence[int]:
    """Forget what is older than noon, and tell how much each page was."""
    forgotten: list[int] = []
    since: str | None = None

    def next_page(tx: Tx) -> retention.DeletedPage:
        return forget(tx, NOON, since, most)

    while True:
        page = await database.write(next_page)
        forgotten.append(page.forgotten)
        since = page.last
        if since is None:
            return forgotten


async def test_an_empty_database_has_nothing_to_forget(database: Database) -> None:
    for forget in (*retention.CONVERSATIONS, *retention.TRACES):
        assert await walk(database, 10, forget) == [0]


async def test_a_page_never_takes_more_rows_than_it_may(database: Database) -> None:
    await begun(database, *[OLD] * 5)
    assert await walk(database, 2) == [2, 2, 1]
    assert [await left(database, table=table) for table in ("conversations", "sessions")] == [[], []]
    assert await left(database, "seq", "messages") == []


async def test_a_walk_ends_with_the_first_page_that_reaches_what_is_younger(database: Database) -> None:
    _, _, _, young, younger, youngest = await begun(database, OLD, OLD, OLD, NOON, NOON, NOON)
    assert await walk(database, 2) == [2, 1]
    assert await left(database) == [young, younger, youngest]


async def test_a_conversation_that_goes_on_stays_and_holds_up_no_other(database: Database) -> None:
    lasting, *_ = await begun(database, *[OLD] * 5)
    await database.write(lambda tx: goes_on(tx, lasting, NOON))
    assert await walk(database, 1) == [0, 1, 1, 1, 1, 0]
    assert await left(database) == [lasting]
    assert await left(database, "conversation", "messages") == [lasting]


async def test_a_session_is_kept_for_its_other_conversation(database: Database) -> None:
    await database.write(lambda tx: begin(tx, OLD, session="browser"))
    newer = await database.write(lambda tx: begin(tx, NOON, session="browser"))
    assert await walk(database, 10) == [1]
    assert await left(database) == [newer]
    assert await left(database, table="sessions") == ["browser"]


async def test_conversations_from_before_ids_followed_time_are_forgotten_too(database: Database) -> None:
    """Their ids were hexadecimal: those of old and of young ones lie among each other, below and above today's."""
    young = await begun(database, NOON, NOON)
    for index, digit in enumerate("012789abcdef"):
        when, name = (NOON, OLD)[index % 2], f"{digit}0{'c' * 30}"
        await database.write(lambda tx, when=when, name=name: begin(tx, when, name=name))  # type: ignore[misc]
        if when == NOON:
            young.append(name)
    for forget in retention.CONVERSATIONS:
        await walk(database, 2, forget)
    assert await left(database) == sorted(young)


async def test_letters_that_wait_stay_and_hold_up_no_other(database: Database) -> None:
    def queue(tx: Tx) -> None:
        for _ in range(5):
            outbox.queue(tx, channel="email", recipient="a@b.example", kind="code", locale="en", args={}, now=OLD)

    await database.write(queue)
    waiting, *others = await left(database, table="outbox")
    await database.write(
        lambda tx: tx.execute_count("update outbox set state = 'sent' where id <> :id", {"id": waiting})
    )
    assert sum(await walk(database, 2, retention.letters)) == len(others) == 4
    assert await left(database, table="outbox") == [waiting]
