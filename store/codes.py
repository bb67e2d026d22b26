"""One-time codes: their challenges, their tries, and what was sent and failed per identifier.

No code is here. A challenge's id is random; the code is derived from it with a key that the database does not hold.
"""

from dataclasses import dataclass
from datetime import datetime

from store.database import Tx
from store.ids import new_id
from store.times import parse, stamp

FAILED = "code_failed"
TRIED = "identifier_tried"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that was asked for. `contact` is None when nobody has that identifier: then no code is right."""

    id: str
    kind: str
    value: str
    contact: str | None
    tries: int
    state: str
    created_at: datetime
    expires_at: datetime


def issue(tx: Tx, challenge: Challenge, conversation: str, origin: str) -> None:
    """Write a new challenge and end the conversation's earlier ones: only the newest code counts."""
    tx.do(
        "update challenges set state = 'superseded' where conversation = :conversation and state = 'live'",
        {"conversation": conversation},
    )
    tx.do(
        """insert into challenges (id, conversation, origin, kind, value, contact, tries, state, created_at, expires_at)
        values (:id, :conversation, :origin, :kind, :value, :contact, 0, 'live', :created_at, :expires_at)""",
        {
            "id": challenge.id,
            "conversation": conversation,
            "origin": origin,
            "kind": challenge.kind,
            "value": challenge.value,
            "contact": challenge.contact,
            "created_at": stamp(challenge.created_at),
            "expires_at": stamp(challenge.expires_at),
        },
    )


def newest(tx: Tx, conversation: str) -> Challenge | None:
    """Return the conversation's newest challenge, whatever became of it."""
    row = tx.one(
        """select * from challenges where conversation = :conversation
        order by created_at desc, case state when 'live' then 0 when 'superseded' then 2 else 1 end limit 1""",
        {"conversation": conversation},
    )
    if row is None:
        return None
    return Challenge(
        id=row["id"],
        kind=row["kind"],
        value=row["value"],
        contact=row["contact"],
        tries=row["tries"],
        state=row["state"],
        created_at=parse(row["created_at"]),
        expires_at=parse(row["expires_at"]),
    )


def count_try(tx: Tx, challenge: str, most: int) -> bool:
    """Use up one try before anything is compared; False when the challenge is over or its tries are gone."""
    return (
        tx.run(
            "update challenges set tries = tries + 1 where id = :id and state = 'live' and tries < :most",
            {"id": challenge, "most": most},
        )
        == 1
    )


def use(tx: Tx, challenge: str) -> bool:
    """Consume a challenge whose code was right; only one caller ever gets True."""
    return tx.run("update challenges set state = 'used' where id = :id and state = 'live'", {"id": challenge}) == 1


def unanswered(tx: Tx, value: str, since: datetime, most: int) -> list[datetime]:
    """Return when codes were asked for an identifier that nobody answered rightly, at most `most`, newest first."""
    rows = tx.all(
        """select created_at from challenges
        where value = :value and state in ('live', 'superseded', 'burnt') and created_at > :since
        order by created_at desc limit :most""",
        {"value": value, "since": stamp(since), "most": most},
    )
    return [parse(row["created_at"]) for row in rows]


def asked_here(tx: Tx, conversation: str, value: str) -> list[datetime]:
    """Return when this conversation asked for codes to an identifier since its last right one, oldest first."""
    rows = tx.all(
        """select created_at, state from challenges where conversation = :conversation and value = :value
        order by created_at""",
        {"conversation": conversation, "value": value},
    )
    asked: list[datetime] = []
    for row in rows:
        asked = [] if row["state"] == "used" else [*asked, parse(row["created_at"])]
    return asked


def note(tx: Tx, kind: str, subject: str, detail: str, now: datetime) -> None:
    """Write down a failed code or a tried identifier."""
    tx.do(
        "insert into attempts_log (id, kind, subject, detail, at) values (:id, :kind, :subject, :detail, :at)",
        {"id": new_id(), "kind": kind, "subject": subject, "detail": detail, "at": stamp(now)},
    )


def failures(tx: Tx, value: str, most: int) -> list[datetime]:
    """Return the newest failures for an identifier since its last right code, at most `most`, newest first.

    A unit of work counts alone: another that would count for the same identifier waits until it has ended, so that no
    limit is passed by many tries at one moment.
    """
    tx.lock(f"identifier {value}")
    rows = tx.all(
        "select at from attempts_log where kind = :kind and subject = :value order by at desc limit :most",
        {"kind": FAILED, "value": value, "most": most},
    )
    return [parse(row["at"]) for row in rows]


def clear_failures(tx: Tx, value: str) -> int:
    """Forget an identifier's failures, since its owner has proved to be there; returns how many there were."""
    return tx.run("delete from attempts_log where kind = :kind and subject = :value", {"kind": FAILED, "value": value})


def identifiers_tried(tx: Tx, address: str, since: datetime) -> dict[str, datetime]:
    """Return which identifiers an address has tried since a time, and when; each is noted once, so they are few.

    A unit of work counts alone here, too.
    """
    tx.lock(f"address {address}")
    rows = tx.all(
        "select detail, at from attempts_log where kind = :kind and subject = :address and at > :since",
        {"kind": TRIED, "address": address, "since": stamp(since)},
    )
    return {row["detail"]: parse(row["at"]) for row in rows}
