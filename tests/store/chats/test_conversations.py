"""What a session's conversations tell when its customer comes back."""

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
    names = [
        await database.write(lambda tx, hours=hours: begin(tx, NOON + timedelta(hours=hours), session="browser"))  # type: ignore[misc]
        for hours in (1, 3, 2)
    ]
    assert [row["id"] for row in await listed(database)] == [names[1], names[2], names[0]]
    assert [row["id"] for row in await listed(database, 2)] == [names[1], names[2]]


async def test_what_the_bot_said_is_unread_until_it_is_seen(database: Database) -> None:
    name = await database.write(lambda tx: begin(tx, NOON, messages=5, session="browser"))
    assert [row["unread"] for row in await listed(database)] == [3]
    await database.write(lambda tx: conversations.mark_seen(tx, name, "browser", 3))
    assert [row["unread"] for row in await listed(database)] == [1]


async def test_unread_messages_are_counted_only_so_far(database: Database) -> None:
    await database.write(lambda tx: begin(tx, NOON, messages=conversations.MOST_UNREAD * 3, session="browser"))
    assert [row["unread"] for row in await listed(database)] == [conversations.MOST_UNREAD // 2]


async def test_a_turn_is_told_again_without_what_came_after_it(database: Database) -> None:
    name = await database.write(lambda tx: begin(tx, NOON, messages=2))
    more = [Message(seq, "bot", "", "More") for seq in range(3, 6)]
    await database.write(lambda tx: conversations.add_messages(tx, name, more, None, None))
    for turn, told in ((1, [1, 2]), (3, [3, 4, 5])):
        said = await database.read(lambda tx, turn=turn: conversations.messages_of_turn(tx, name, turn))  # type: ignore[misc]
        assert [message.seq for message in said] == told
