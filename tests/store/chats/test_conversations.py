"""The conversation list of a session, its unread counts, and the messages of a turn."""

from datetime import UTC, datetime, timedelta

from store import Database
from store.chats import conversations
from store.chats.conversations import Message
from store.database import Row
from tests.store.talks import begin

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def listed(database: Database, limit: int = 10) -> list[Row]:
    return await database.read(lambda tx: conversations.of_session(tx, "browser", limit))


async def test_the_newest_conversations_come_first_and_no_more_than_asked_for(database: Database) -> None:
    ids = [
        await database.write(lambda tx, hours=hours: begin(tx, NOON + timedelta(hours=hours), session="browser"))  # type: ignore[misc]
        for hours in (1, 3, 2)
    ]
    assert [row["id"] for row in await listed(database)] == [ids[1], ids[2], ids[0]]
    assert [row["id"] for row in await listed(database, 2)] == [ids[1], ids[2]]


async def test_bot_messages_are_unread_until_they_are_seen(database: Database) -> None:
    conversation = await database.write(lambda tx: begin(tx, NOON, messages=5, session="browser"))
    assert [row["unread"] for row in await listed(database)] == [3]
    await database.write(lambda tx: conversations.mark_seen(tx, conversation, "browser", 3))
    assert [row["unread"] for row in await listed(database)] == [1]


async def test_the_unread_count_is_capped(database: Database) -> None:
    await database.write(lambda tx: begin(tx, NOON, messages=conversations.MAX_UNREAD * 3, session="browser"))
    assert [row["unread"] for row in await listed(database)] == [conversations.MAX_UNREAD // 2]


async def test_the_messages_of_a_turn_are_returned_without_later_ones(database: Database) -> None:
    conversation = await database.write(lambda tx: begin(tx, NOON, messages=2))
    more = [Message(seq, "bot", "", "More") for seq in range(3, 6)]
    await database.write(lambda tx: conversations.add_messages(tx, conversation, more, None, None))
    for turn, expected in ((1, [1, 2]), (3, [3, 4, 5])):
        found = await database.read(lambda tx, turn=turn: conversations.messages_of_turn(tx, conversation, turn))  # type: ignore[misc]
        assert [message.seq for message in found] == expected
