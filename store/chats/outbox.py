"""The outbox: outgoing emails and texts, written in the same transaction as their cause.

A message is waiting, then claimed (`sending`), and ends as sent, failed or dropped. A claim lapses when its dispatcher
died or hangs; then another dispatcher claims the message. Messages of channel `none` are for unknown identifiers: they
take the same steps, so that timing reveals nothing; a sender imitates their sending, and they end as dropped.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from msgspec import Struct

from store.chats.text_lines import with_line_replaced
from store.database import Tx
from store.ids import first_id_of, new_id
from store.records import record, records, to_json
from store.times import parse, stamp

CHANNELS = ("email", "sms", "none")
"""All channels. Dispatchers claim from these only, so `queue` refuses any other."""


NO_CHANNEL = "none"


class ClaimedMessage(Struct, frozen=True):
    """A message that its claimant alone may send, until the claim lapses.

    `tries` counts this claim too, and identifies it. From the second claim on the message may already have been sent:
    an earlier claimant may have died, or timed out waiting for an answer.
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


class _QueuedText(Struct, frozen=True):
    id: str
    args: dict[str, Any]


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
    """Write a message that is due at once; returns its id.

    `args` holds ids for the template, which is rendered when the message is sent. Raises ValueError for an unknown
    channel.
    """
    if channel not in CHANNELS:
        raise ValueError(f"unknown channel {channel}; add a new one to store.chats.outbox.CHANNELS")
    message = new_id()
    tx.execute(
        """insert into outbox (id, channel, recipient, kind, locale, args, state, tries, due_at, claimed_until,
            expires_at, provider_id, error, created_at, sent_at)
        values (:id, :channel, :recipient, :kind, :locale, :args, 'waiting', 0, :now, null,
            :expires_at, null, null, :now, null)""",
        {
            "id": message,
            "channel": channel,
            "recipient": recipient,
            "kind": kind,
            "locale": locale,
            "args": to_json(args),
            "now": stamp(now),
            "expires_at": None if expires_at is None else stamp(expires_at),
        },
    )
    return message


CLAIM = """
update outbox set state = 'sending', tries = tries + 1, claimed_until = :until
where id in (
    select id from (
        select id from (
            select id from outbox where state = 'sending' and channel = :channel and claimed_until <= :now limit :limit
        ) as lapsed
        union all
        select id from (
            select id from outbox where state = 'waiting' and channel = :channel and due_at <= :now
            order by due_at limit :limit
        ) as due
    ) as claimable limit :limit
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


def claim(tx: Tx, now: datetime, until: datetime, limits: Mapping[str, int]) -> list[ClaimedMessage]:
    """Claim up to `limits[channel]` messages of each channel: lapsed claims first, then those due for longest.

    The condition for a claim stands twice in the statement. The inner one finds rows by an index. Where another process
    changed a row while this one waited for the row's lock, PostgreSQL checks the outer one again, and only that.
    Processes claim one after the other, so that two claims of many rows never deadlock.
    """
    tx.advisory_lock("outbox")
    by_channel = tx.query_many(
        *(
            (CLAIM, {"channel": channel, "now": stamp(now), "until": stamp(until), "limit": limit})
            for channel, limit in limits.items()
        )
    )
    claimed = records(chain(*by_channel), ClaimedMessage)
    return sorted(claimed, key=lambda row: (row.created_at, row.id))


def extend_claims(tx: Tx, rows: Sequence[ClaimedMessage], until: datetime) -> None:
    """Extend claims on messages that are being sent; a claim that lapsed and was taken over is left alone."""
    tx.execute_many(
        "update outbox set claimed_until = :until where id = :id and state = 'sending' and tries = :tries",
        [{"id": row.id, "tries": row.tries, "until": stamp(until)} for row in rows],
    )


def release_claims(tx: Tx, now: datetime, channels: Iterable[str]) -> None:
    """Let every claim on these channels lapse. The caller must know that no other dispatcher is alive."""
    tx.execute_many(
        "update outbox set claimed_until = :now where state = 'sending' and channel = :channel",
        [{"now": stamp(now), "channel": channel} for channel in channels],
    )


def mark_sent(tx: Tx, row: ClaimedMessage, now: datetime, provider_id: str | None) -> None:
    """Mark a message as sent. Like every end of a claim, it changes nothing once the claim was taken over."""
    _end_claim(tx, row, "sent", sent_at=now, provider_id=provider_id)


def retry(tx: Tx, row: ClaimedMessage, due_at: datetime, reason: str) -> None:
    """Return a message to waiting, until its next try is due."""
    _end_claim(tx, row, "waiting", due_at=due_at, error=reason)


def mark_failed(tx: Tx, row: ClaimedMessage, reason: str) -> None:
    """Mark a message as given up."""
    _end_claim(tx, row, "failed", error=reason)


def mark_dropped(tx: Tx, row: ClaimedMessage, reason: str) -> None:
    """Mark a message as not needed."""
    _end_claim(tx, row, "dropped", error=reason)


def newest_sent(tx: Tx, limit: int) -> list[tuple[ClaimedMessage, datetime]]:
    """Return the messages sent last, newest first, each with the time it was sent."""
    rows = tx.all(
        """select id, channel, recipient, kind, locale, args, tries, created_at, expires_at, sent_at
        from outbox where state = 'sent' order by sent_at desc, id desc limit :limit""",
        {"limit": limit},
    )
    return [(record(row, ClaimedMessage), parse(row["sent_at"])) for row in rows]


def replace_line(tx: Tx, conversation: str, line: str, by: str, since: datetime) -> None:
    """Replace a line of a conversation's messages to the team, sent or not, that were queued after `since`."""
    rows = tx.all(
        "select id, args from outbox where id >= :first and kind = 'message_for_team'", {"first": first_id_of(since)}
    )
    for row in records(rows, _QueuedText):
        text = row.args["text"]
        clean = with_line_replaced(text, line, by)
        if row.args["conversation"] == conversation and clean != text:
            tx.execute(
                "update outbox set args = :args where id = :id",
                {"args": to_json({**row.args, "text": clean}), "id": row.id},
            )


def next_due(tx: Tx, channels: Iterable[str]) -> datetime | None:
    """Return the next time when a message of these channels is due, or a claim on one lapses."""
    results = tx.query_many(*((NEXT_DUE, {"channel": channel}) for channel in channels))
    return min((parse(row["at"]) for [row] in results if row["at"] is not None), default=None)


def depth(tx: Tx, now: datetime) -> tuple[int, timedelta | None]:
    """Return the number of unsent messages, and the age of the oldest."""
    [row] = tx.all("select count(*) as n, min(created_at) as oldest from outbox where state in ('waiting', 'sending')")
    return row["n"], None if row["oldest"] is None else max(now - parse(row["oldest"]), timedelta(0))


def send_rank(tx: Tx, row_id: str, channel: str, since: datetime) -> int:
    """Return a message's rank (from 1) among the sent and sending messages of its channel that fell due after `since`.

    Messages that are being sent rank by their ids, so that several dispatchers together send exactly as many as a
    budget allows.
    """
    [row] = tx.all(
        """select (select count(*) from outbox where state = 'sent' and channel = :channel and due_at > :since)
            + (select count(*) from outbox
               where state = 'sending' and channel = :channel and due_at > :since and id <= :id) as n""",
        {"channel": channel, "since": stamp(since), "id": row_id},
    )
    return int(row["n"])


def _end_claim(
    tx: Tx,
    row: ClaimedMessage,
    state: str,
    *,
    due_at: datetime | None = None,
    sent_at: datetime | None = None,
    provider_id: str | None = None,
    error: str | None = None,
) -> None:
    """Leave `sending` for another state, by one statement for all. `tries` identifies the claim."""
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
