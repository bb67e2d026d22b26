"""Sessions that were replaced, and their deletion."""

from datetime import UTC, datetime, timedelta

from store import Database
from store.chats import sessions
from store.chats.sessions import Replacement
from tests.store import bills, talks

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=91)


async def replace(database: Database, old: str, new: str) -> None:
    conversation = await database.write(lambda tx: talks.begin(tx, NOW, session=old))
    contact = await database.write(bills.customer)
    replacement = Replacement(old, new, conversation, contact, "the request", "en")
    await database.write(lambda tx: sessions.replace_session(tx, replacement, NOW))


async def left(database: Database) -> set[str]:
    return {row["id"] for row in await database.read(lambda tx: tx.all("select id from sessions"))}


async def test_a_replaced_session_is_deleted_in_time_and_its_successor_kept(database: Database) -> None:
    await replace(database, "old", "new")
    assert (await database.write(lambda tx: sessions.delete_replaced(tx, NOW, None, 50))).deleted == 0
    assert (await database.write(lambda tx: sessions.delete_replaced(tx, LATER, None, 50))).deleted == 1
    assert await left(database) == {"new"}


async def test_a_replaced_session_with_a_conversation_begun_since_is_kept(database: Database) -> None:
    await replace(database, "old", "new")
    await database.write(lambda tx: talks.begin(tx, NOW, session="old"))
    await database.write(lambda tx: sessions.delete_replaced(tx, LATER, None, 50))
    assert await left(database) == {"old", "new"}


async def test_every_page_of_replaced_sessions_is_met(database: Database) -> None:
    for number in range(3):
        await replace(database, f"old {number}", f"new {number}")
    page = await database.write(lambda tx: sessions.delete_replaced(tx, LATER, None, 2))
    while page.resume_after is not None:
        after = page.resume_after
        page = await database.write(lambda tx, after=after: sessions.delete_replaced(tx, LATER, after, 2))  # type: ignore[misc]
    assert await left(database) == {f"new {number}" for number in range(3)}
