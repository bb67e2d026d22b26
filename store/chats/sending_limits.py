"""Limits on what customers cause to be sent, counted in the database: kept over a restart, shared by processes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from store.chats.codes import record_attempt
from store.database import Tx
from store.times import parse, stamp

TEAM_MESSAGE = "team_message"
RECEIPT_COPY = "receipt_copy"

FULL_SINCE = """select at from attempts_log where kind = :kind and subject = :subject and at > :since
order by at desc limit 1 offset :offset"""


class SendingLimit(Struct, frozen=True):
    """At most `most` sendings of a subject, such as a session, within `window`."""

    subject: str
    most: int
    window: timedelta


def wait_until_allowed(tx: Tx, kind: str, limits: Sequence[SendingLimit], now: datetime) -> timedelta:
    """Return the time until all limits allow another sending, zero if they do now; locks the subjects until commit."""
    tx.advisory_lock(*(f"{kind} {limit.subject}" for limit in limits))
    found = tx.query_many(
        *(
            (
                FULL_SINCE,
                {
                    "kind": kind,
                    "subject": limit.subject,
                    "since": stamp(now - limit.window),
                    "offset": limit.most - 1,
                },
            )
            for limit in limits
        )
    )
    waits = [parse(rows[0]["at"]) + limit.window - now for limit, rows in zip(limits, found, strict=True) if rows]
    return max(waits, default=timedelta(0))


def record_sending(tx: Tx, kind: str, limits: Sequence[SendingLimit], now: datetime) -> None:
    """Count a sending of each limit's subject."""
    for limit in limits:
        record_attempt(tx, kind, limit.subject, "", now)
