"""The outbox: messages wait, are claimed by one dispatcher at a time, and end once."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from store import Database, open_database
from store.chats import outbox
from store.database import Tx

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def queue_code(tx: Tx, *, channel: str = "email", now: datetime = NOON, args: dict[str, str] | None = None) -> str:
    return outbox.queue(
        tx,
        channel=channel,
        recipient="owes@example.com",
        kind="code",
        locale="es",
        args=args or {"challenge": "c1"},
        now=now,
        expires_at=now + 10 * MINUTE,
    )


def claim(
    tx: Tx, *, now: datetime = NOON, until: datetime | None = None, limit: int = 10
) -> list[outbox.ClaimedMessage]:
    return outbox.claim(tx, now, until or now + MINUTE, dict.fromkeys(outbox.CHANNELS, limit))


async def state(database: Database, message: str) -> str:
    rows = await database.read(lambda tx: tx.all("select state from outbox where id = :id", {"id": message}))
    return str(rows[0]["state"])


async def test_a_message_is_claimed_as_it_was_queued(database: Database) -> None:
    message = await database.write(lambda tx: queue_code(tx, args={"name": "Zoë “Zed” 🦊"}))
    [row] = await database.write(claim)
    assert row == outbox.ClaimedMessage(
        id=message,
        channel="email",
        recipient="owes@example.com",
        kind="code",
        locale="es",
        args={"name": "Zoë “Zed” 🦊"},
        tries=1,
        created_at=NOON,
        expires_at=NOON + 10 * MINUTE,
    )


async def test_a_message_of_an_unknown_channel_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="CHANNELS"):
        await database.write(lambda tx: queue_code(tx, channel="pigeon"))
    assert await database.write(claim) == []


async def test_a_claimed_message_is_not_claimed_again(database: Database) -> None:
    await database.write(queue_code)
    assert len(await database.write(claim)) == 1
    assert await database.write(claim) == []


async def test_an_extended_claim_lasts_longer_and_a_lapsed_one_is_not_won_back(database: Database) -> None:
    await database.write(queue_code)
    rows = await database.write(claim)
    await database.write(lambda tx: outbox.extend_claims(tx, rows, NOON + 3 * MINUTE))
    assert await database.write(lambda tx: claim(tx, now=NOON + 2 * MINUTE)) == []
    [theirs] = await database.write(lambda tx: claim(tx, now=NOON + 3 * MINUTE))
    await database.write(lambda tx: outbox.extend_claims(tx, rows, NOON + 9 * MINUTE))
    await database.write(lambda tx: outbox.mark_sent(tx, rows[0], NOON + 4 * MINUTE, None))
    assert await state(database, theirs.id) == "sending"
    await database.write(lambda tx: outbox.mark_sent(tx, theirs, NOON + 4 * MINUTE, None))
    assert await state(database, theirs.id) == "sent"


async def test_the_messages_due_for_longest_are_claimed_first(database: Database) -> None:
    for minutes in (3, 1, 2):
        await database.write(partial(queue_code, now=NOON + minutes * MINUTE))
    rows = await database.write(lambda tx: claim(tx, now=NOON + 5 * MINUTE, limit=2))
    assert [row.created_at for row in rows] == [NOON + MINUTE, NOON + 2 * MINUTE]


async def test_a_message_is_not_claimed_before_it_is_due(database: Database) -> None:
    await database.write(queue_code)
    [row] = await database.write(claim)
    await database.write(lambda tx: outbox.retry(tx, row, NOON + 2 * MINUTE, "451"))
    assert await database.write(lambda tx: claim(tx, now=NOON + MINUTE)) == []
    [again] = await database.write(lambda tx: claim(tx, now=NOON + 2 * MINUTE))
    assert (again.id, again.tries) == (row.id, 2)


async def test_a_lapsed_claim_is_taken_over_and_its_former_claimant_can_change_nothing(database: Database) -> None:
    message = await database.write(queue_code)
    [lost] = await database.write(claim)
    [taken] = await database.write(lambda tx: claim(tx, now=NOON + MINUTE))
    assert (taken.id, taken.tries) == (message, 2)
    await database.write(lambda tx: outbox.mark_sent(tx, lost, NOON, "by the former"))
    await database.write(lambda tx: outbox.retry(tx, lost, NOON, "by the former"))
    await database.write(lambda tx: outbox.mark_failed(tx, lost, "by the former"))
    assert await state(database, message) == "sending"
    await database.write(lambda tx: outbox.mark_sent(tx, taken, NOON, "by the new one"))
    assert await state(database, message) == "sent"


@pytest.mark.parametrize("end", ["sent", "failed", "dropped"])
async def test_a_message_that_has_ended_stays_ended(database: Database, end: str) -> None:
    message = await database.write(queue_code)
    [row] = await database.write(claim)
    ends = {
        "sent": lambda tx: outbox.mark_sent(tx, row, NOON, "provider's id"),
        "failed": lambda tx: outbox.mark_failed(tx, row, "550"),
        "dropped": lambda tx: outbox.mark_dropped(tx, row, "nobody"),
    }
    await database.write(ends[end])
    assert await state(database, message) == end
    assert await database.write(lambda tx: claim(tx, now=NOON + 60 * MINUTE)) == []
    await database.write(lambda tx: outbox.retry(tx, row, NOON, "late"))
    assert await state(database, message) == end


async def test_two_processes_never_claim_the_same_message(database: Database, url: str) -> None:
    other = open_database(url)
    for _ in range(40):
        await database.write(queue_code)

    async def take(from_: Database, until: datetime) -> list[str]:
        taken: list[str] = []
        while rows := await from_.write(lambda tx: claim(tx, until=until, limit=3)):
            taken += [row.id for row in rows]
        return taken

    ours, theirs = await asyncio.gather(take(database, NOON + MINUTE), take(other, NOON + 2 * MINUTE))
    await other.close()
    assert len(ours) + len(theirs) == len({*ours, *theirs}) == 40


async def next_due(database: Database, *channels: str) -> datetime | None:
    return await database.read(lambda tx: outbox.next_due(tx, channels or outbox.CHANNELS))


async def test_the_next_due_time_is_that_of_a_message_or_a_lapsing_claim(database: Database) -> None:
    assert await next_due(database) is None
    await database.write(lambda tx: queue_code(tx, now=NOON + 3 * MINUTE))
    assert await next_due(database) == NOON + 3 * MINUTE
    await database.write(queue_code)
    await database.write(lambda tx: claim(tx, limit=1))
    assert await next_due(database) == NOON + MINUTE


async def test_each_channel_is_claimed_up_to_its_own_limit(database: Database) -> None:
    for channel in ("sms", "email", "none") * 3:
        await database.write(lambda tx, channel=channel: queue_code(tx, channel=channel))  # type: ignore[misc]
    rows = await database.write(lambda tx: outbox.claim(tx, NOON, NOON + MINUTE, {"email": 2, "none": 5}))
    assert sorted(row.channel for row in rows) == ["email", "email", "none", "none", "none"]
    assert await next_due(database, "email") == NOON
    assert await next_due(database, "none") == NOON + MINUTE


async def test_a_waiting_message_is_claimed_in_spite_of_remains_of_an_earlier_claim(database: Database) -> None:
    await database.write(queue_code)
    await database.write(lambda tx: tx.execute_count("update outbox set claimed_until = '2099-01-01T00:00:00.000Z'"))
    assert len(await database.write(claim)) == 1


async def test_lapsed_claims_and_due_messages_share_a_channels_limit(database: Database) -> None:
    for _ in range(4):
        await database.write(queue_code)
    taken = await database.write(lambda tx: claim(tx, limit=2))
    again = await database.write(lambda tx: claim(tx, now=NOON + MINUTE, limit=3))
    assert len(again) == 3
    assert {row.id for row in taken} < {row.id for row in again}


async def test_the_depth_counts_unsent_messages_and_has_the_age_of_the_oldest(database: Database) -> None:
    assert await database.read(lambda tx: outbox.depth(tx, NOON)) == (0, None)
    await database.write(queue_code)
    await database.write(lambda tx: queue_code(tx, now=NOON + MINUTE))
    [first] = await database.write(lambda tx: claim(tx, limit=1))
    assert await database.read(lambda tx: outbox.depth(tx, NOON + 2 * MINUTE)) == (2, 2 * MINUTE)
    await database.write(lambda tx: outbox.mark_sent(tx, first, NOON, None))
    assert await database.read(lambda tx: outbox.depth(tx, NOON + 2 * MINUTE)) == (1, MINUTE)


async def test_messages_rank_within_their_channel(database: Database) -> None:
    day = timedelta(days=1)
    for _ in range(3):
        await database.write(lambda tx: queue_code(tx, channel="sms"))
    await database.write(queue_code)
    [first, second, _] = [row for row in await database.write(claim) if row.channel == "sms"]
    await database.write(lambda tx: outbox.mark_sent(tx, first, NOON, "SM1"))
    place = await database.read(lambda tx: outbox.send_rank(tx, second.id, "sms", NOON - day))
    assert place == 2
    await database.write(lambda tx: outbox.mark_failed(tx, second, "21610"))
    assert await database.read(lambda tx: outbox.send_rank(tx, "~", "sms", NOON - day)) == 2
    assert await database.read(lambda tx: outbox.send_rank(tx, "~", "sms", NOON)) == 0


async def test_a_message_for_an_unknown_identifier_takes_the_same_steps(database: Database) -> None:
    nobody = await database.write(lambda tx: queue_code(tx, channel="none"))
    [row] = await database.write(claim)
    assert (row.id, row.channel) == (nobody, "none")
    await database.write(lambda tx: outbox.mark_dropped(tx, row, "nobody"))
    assert await state(database, nobody) == "dropped"


async def test_the_messages_sent_last_come_first(database: Database) -> None:
    for minutes in (1, 2, 3):
        await database.write(queue_code)
        [row] = await database.write(lambda tx: claim(tx, until=NOON + 9 * MINUTE))
        await database.write(partial(outbox.mark_sent, row=row, now=NOON + minutes * MINUTE, provider_id=None))
    await database.write(queue_code)
    newest = await database.read(lambda tx: outbox.newest_sent(tx, 2))
    assert [at for _, at in newest] == [NOON + 3 * MINUTE, NOON + 2 * MINUTE]
