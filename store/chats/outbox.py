"""The outbox: every email and text on its way out, written in the same transaction as what caused it.

A row waits, is claimed for sending, and ends as sent, failed or dropped. A claim lapses when its holder died or hangs;
then another dispatcher takes the row over. Rows of channel `none` belong to identifiers that nobody has: they walk the
same road, and the dispatcher drops them at the end of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct

from store.database import Row, Tx
from store.ids import new_id
from store.times import parse, stamp

CHANNELS = ("email", "sms", "none")
"""Every channel that a letter may have. What is not here is never claimed, so it is not taken in either."""


class ClaimedMessage(Struct, frozen=True):
    """A row that its claimer alone may send, until the claim lapses.

    `tries` counts this claim too, and so is the claim's number. From the second on it is not known whether an earlier
    one already sent the letter: its sender may have died, or waited in vain for an answer.
    """

    id: str
    channel: str
    recipient: str
    kind: str
    locale: str
    args: dict[str, Any]
    tries: int
    created_at: datetime
    expires_at: datetime | None


def queue(  # noqa: PLR0913 (a row's columns, each by its name)
    tx: Tx,
    *,
    channel: str,
    recipient: str,
    kind: str,
    locale: str,
    args: Mapping[str, Any],
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """Put a letter into the outbox, due at once; returns its id.

    `args` names what the letter is about, by ids; what it says is put into words when it is sent. Raises ValueError for
    a channel that is none of ours.
    """
    if channel not in CHANNELS:
        raise ValueError(f"no letter has the channel {channel}; a new one belongs into store.chats.outbox.CHANNELS")
    letter = new_id()
    tx.execute(
        """insert into outbox (id, channel, recipient, kind, locale, args, state, tries, due_at, claimed_until,
            expires_at, provider_id, error, created_at, sent_at)
        values (:id, :channel, :recipient, :kind, :locale, :args, 'waiting', 0, :now, null,
            :expires_at, null, null, :now, null)""",
        {
            "id": letter,
            "channel": channel,
            "recipient": recipient,
            "kind": kind,
            "locale": locale,
            "args": _encode(args).decode(),
            "now": stamp(now),
            "expires_at": None if expires_at is None else stamp(expires_at),
        },
    )
    return letter


CLAIM = """
update outbox set state = 'sending', tries = tries + 1, claimed_until = :until
where id in (
    select id from (
        select id from (
            select id from outbox where state = 'sending' and channel = :channel and claimed_until <= :now limit :places
        ) as lapsed
        union all
        select id from (
            select id from outbox where state = 'waiting' and channel = :channel and due_at <= :now
            order by due_at limit :places
        ) as due
    ) as claimable limit :places
) and case state when 'waiting' then due_at when 'sending' then claimed_until end <= :now
returning *
"""
NEXT_DUE = """
select min(at) as at from (
    select at from (
        select due_at as at from outbox where state = 'waiting' and channel = :channel order by due_at limit 1
    ) as due
    union all
    select min(claimed_until) from outbox where state = 'sending' and channel = :channel
) as soonest
"""


def claim(tx: Tx, now: datetime, until: datetime, places: Mapping[str, int]) -> list[ClaimedMessage]:
    """Claim up to so many letters of each channel: those whose claim has lapsed, then those due for longest.

    Whether a row may be claimed is asked twice: one that another process changed while this one waited for its lock is
    looked at again, and by the outer condition only, which no index knows, so that rows are found by the inner one.
    Processes claim one after the other, so that two claims of many rows never wait for each other.
    """
    tx.lock("outbox")
    of_channels = tx.query_many(
        *(
            (CLAIM, {"channel": channel, "now": stamp(now), "until": stamp(until), "places": most})
            for channel, most in places.items()
        )
    )
    return sorted(map(_claimed, chain(*of_channels)), key=lambda row: (row.created_at, row.id))


def hold(tx: Tx, rows: Sequence[ClaimedMessage], until: datetime) -> None:
    """Make the claims on letters that are being sent last longer; one that is somebody else's by now stays so."""
    tx.execute_many(
        "update outbox set claimed_until = :until where id = :id and state = 'sending' and tries = :tries",
        [{"id": row.id, "tries": row.tries, "until": stamp(until)} for row in rows],
    )


def release(tx: Tx, now: datetime, channels: Iterable[str]) -> None:
    """Let every claim on these channels' letters lapse. Only for who knows that no dispatcher but itself is alive."""
    tx.execute_many(
        "update outbox set claimed_until = :now where state = 'sending' and channel = :channel",
        [{"now": stamp(now), "channel": channel} for channel in channels],
    )


def sent(tx: Tx, row: ClaimedMessage, now: datetime, provider_id: str | None) -> None:
    """Record that a letter left. Like every ending it changes nothing when the claim had lapsed."""
    _end(tx, row, "sent", sent_at=now, provider_id=provider_id)


def retry(tx: Tx, row: ClaimedMessage, due_at: datetime, reason: str) -> None:
    """Let a letter wait for its next try."""
    _end(tx, row, "waiting", due_at=due_at, error=reason)


def failed(tx: Tx, row: ClaimedMessage, reason: str) -> None:
    """Give a letter up."""
    _end(tx, row, "failed", error=reason)


def dropped(tx: Tx, row: ClaimedMessage, reason: str) -> None:
    """Record that there was no need to send a letter."""
    _end(tx, row, "dropped", error=reason)


def sent_newest(tx: Tx, limit: int) -> list[tuple[ClaimedMessage, datetime]]:
    """Return the letters that left last, the newest first, each with the time it left."""
    rows = tx.all(
        """select id, channel, recipient, kind, locale, args, tries, created_at, expires_at, sent_at
        from outbox where state = 'sent' order by sent_at desc, id desc limit :limit""",
        {"limit": limit},
    )
    return [(_claimed(row), parse(row["sent_at"])) for row in rows]


def next_due(tx: Tx, channels: Iterable[str]) -> datetime | None:
    """Return when there is something of these channels to claim next: a letter is due, or a claim lapses."""
    answers = tx.query_many(*((NEXT_DUE, {"channel": channel}) for channel in channels))
    return min((parse(row["at"]) for [row] in answers if row["at"] is not None), default=None)


def depth(tx: Tx, now: datetime) -> tuple[int, timedelta | None]:
    """Return how many letters have not left yet, and the age of the oldest."""
    [row] = tx.all("select count(*) as n, min(created_at) as oldest from outbox where state in ('waiting', 'sending')")
    return row["n"], None if row["oldest"] is None else max(now - parse(row["oldest"]), timedelta(0))


def place_in_line(tx: Tx, row_id: str, channel: str, since: datetime) -> int:
    """Return which letter of its channel this one is, counting those that fell due after `since` and left or leave now.

    Letters that are being sent at the same moment stand in the order of their ids, so that of several dispatchers
    exactly as many go ahead as a budget allows.
    """
    [row] = tx.all(
        """select (select count(*) from outbox where state = 'sent' and channel = :channel and due_at > :since)
            + (select count(*) from outbox
               where state = 'sending' and channel = :channel and due_at > :since and id <= :id) as n""",
        {"channel": channel, "since": stamp(since), "id": row_id},
    )
    return int(row["n"])


def _end(
    tx: Tx,
    row: ClaimedMessage,
    state: str,
    *,
    due_at: datetime | None = None,
    sent_at: datetime | None = None,
    provider_id: str | None = None,
    error: str | None = None,
) -> None:
    """Leave `sending`, whatever for, by one and the same statement. A claim is known by its number."""
    tx.execute(
        """update outbox set state = :state, claimed_until = null, due_at = coalesce(:due_at, due_at),
            sent_at = :sent_at, provider_id = :provider_id, error = :error
        where id = :id and state = 'sending' and tries = :tries""",
        {
            "id": row.id,
            "tries": row.tries,
            "state": state,
            "due_at": None if due_at is None else stamp(due_at),
            "sent_at": None if sent_at is None else stamp(sent_at),
            "provider_id": provider_id,
            "error": error,
        },
    )


def _claimed(row: Row) -> ClaimedMessage:
    return ClaimedMessage(
        id=row["id"],
        channel=row["channel"],
        recipient=row["recipient"],
        kind=row["kind"],
        locale=row["locale"],
        args=_read(row["args"]),
        tries=row["tries"],
        created_at=parse(row["created_at"]),
        expires_at=None if row["expires_at"] is None else parse(row["expires_at"]),
    )


_read = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
