"""Retention: old rows are deleted page by page, and rows in use stay."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from store import Database
from store.chats import conversations, outbox, retention
from store.database import Tx
from tests.store.talks import begin

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD = NOON - timedelta(days=1)


def save_again(tx: Tx, conversation: str, now: datetime) -> None:
    found, _ = conversations.load(tx, conversation)
    assert found is not None
    conversations.save(tx, found, now)


async def begin_at(database: Database, *began: datetime) -> list[str]:
    """Begin a conversation at each of these times."""
    return [await database.write(lambda tx, at=at: begin(tx, at)) for at in began]  # type: ignore[misc]


async def remaining(database: Database, column: str = "id", table: str = "conversations") -> list[str]:
    return await database.read(
        lambda tx: [row[column] for row in tx.all(f"select {column} from {table} order by {column}")]
    )


async def walk(
    database: Database, limit: int, delete: retention.DeletePage = retention.delete_conversations
) -> Sequence[int]:
    """Delete everything older than noon; returns the number of rows deleted from each page."""
    deleted: list[int] = []
    after: str | None = None

    def next_page(tx: Tx) -> retention.DeletedPage:
        return delete(tx, NOON, after, limit)

    while True:
        page = await database.write(next_page)
        deleted.append(page.deleted)
        after = page.resume_after
        if after is None:
            return deleted


async def test_an_empty_database_has_nothing_to_delete(database: Database) -> None:
    for delete in (*retention.CONVERSATION_PASSES, *retention.OTHER_PASSES):
        assert await walk(database, 10, delete) == [0]


async def test_a_page_never_takes_more_rows_than_it_may(database: Database) -> None:
    await begin_at(database, *[OLD] * 5)
    assert await walk(database, 2) == [2, 2, 1]
    assert [await remaining(database, table=table) for table in ("conversations", "sessions")] == [[], []]
    assert await remaining(database, "seq", "messages") == []


async def test_a_walk_ends_with_the_first_page_that_reaches_younger_rows(database: Database) -> None:
    _, _, _, young, younger, youngest = await begin_at(database, OLD, OLD, OLD, NOON, NOON, NOON)
    assert await walk(database, 2) == [2, 1]
    assert await remaining(database) == [young, younger, youngest]


async def test_an_active_conversation_stays_and_delays_no_other(database: Database) -> None:
    active, *_ = await begin_at(database, *[OLD] * 5)
    await database.write(lambda tx: save_again(tx, active, NOON))
    assert await walk(database, 1) == [0, 1, 1, 1, 1, 0]
    assert await remaining(database) == [active]
    assert await remaining(database, "conversation", "messages") == [active]


async def test_a_session_is_kept_for_its_other_conversation(database: Database) -> None:
    await database.write(lambda tx: begin(tx, OLD, session="browser"))
    newer = await database.write(lambda tx: begin(tx, NOON, session="browser"))
    assert await walk(database, 10) == [1]
    assert await remaining(database) == [newer]
    assert await remaining(database, table="sessions") == ["browser"]


async def test_conversations_from_before_ids_followed_time_are_deleted_too(database: Database) -> None:
    """Their ids were hexadecimal: old and young ones are mixed, below and above today's ids."""
    young = await begin_at(database, NOON, NOON)
    for index, digit in enumerate("012789abcdef"):
        when, name = (NOON, OLD)[index % 2], f"{digit}0{'c' * 30}"
        await database.write(lambda tx, when=when, name=name: begin(tx, when, name=name))  # type: ignore[misc]
        if when == NOON:
            young.append(name)
    for delete in retention.CONVERSATION_PASSES:
        await walk(database, 2, delete)
    assert await remaining(database) == sorted(young)


async def test_waiting_outbox_messages_stay_and_delay_no_other(database: Database) -> None:
    def queue(tx: Tx) -> None:
        for _ in range(5):
            outbox.queue(tx, channel="email", recipient="a@b.example", kind="code", locale="en", args={}, now=OLD)

    await database.write(queue)
    waiting, *others = await remaining(database, table="outbox")
    await database.write(
        lambda tx: tx.execute_count("update outbox set state = 'sent' where id <> :id", {"id": waiting})
    )
    assert sum(await walk(database, 2, retention.delete_outbox)) == len(others) == 4
    assert await remaining(database, table="outbox") == [waiting]
