"""One-time codes: their challenges, their tries, and what was sent and failed per identifier.

No code is here. A challenge's id is random; the code is derived from it with a key that the database does not hold.

Who counts for an identifier or an address first locks its name, and counts alone until its unit of work has ended, so
that no limit is passed by many tries at one moment.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from store.database import Row, Tx
from store.ids import new_id
from store.times import parse, stamp

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

FAILED = "code_failed"
TRIED = "identifier_tried"


class Challenge(Struct, frozen=True):
    """A code that was asked for. `contact` is None when nobody has that identifier: then no code is right."""

    id: str
    kind: str
    value: str
    contact: str | None
    tries: int
    state: str
    created_at: datetime
    expires_at: datetime


class CodeLimits(Struct, frozen=True):
    """How many are too many: failures that lock an identifier, and codes that it may be sent and nobody answers."""

    failures_per_hour: int
    failures_in_a_row: int
    codes_per_ten_minutes: int
    codes_per_day: int


class CodeRequest(Struct, frozen=True):
    """A wish for a code to an identifier. `address` it comes from, `digest` is what it is known by among its tries."""

    conversation: str
    kind: str
    value: str
    address: str | None
    digest: str


class CodeHistory(Struct, frozen=True):
    """What speaks for and against one more code to an identifier.

    The moments below are those of the newest event that makes a count full; None while it is not.
    """

    contact: str | None
    """Who has the identifier."""
    asked: int
    """Codes that this conversation asked for to it since its last right one, the newest of them at `asked_at`."""
    asked_at: datetime | None
    tried: int
    """Identifiers that the address tried within the hour, the first of them at `tried_at`."""
    tried_at: datetime | None
    tried_this: bool
    failures_per_hour: datetime | None
    failures_in_a_row: datetime | None
    codes_per_ten_minutes: datetime | None
    codes_per_day: datetime | None


def issue(tx: Tx, challenge: Challenge, conversation: str, origin: str) -> None:
    """Write a new challenge and end the conversation's earlier ones: only the newest code counts."""
    tx.execute(
        "update challenges set state = 'superseded' where conversation = :conversation and state = 'live'",
        {"conversation": conversation},
    )
    tx.execute(
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


# ── whether one may be sent ──

# Newest first and all but so many left out by an offset: an identifier's failures since its last right code, and the
# codes to it that nobody answered rightly.
_FAILURES = f"""select at from attempts_log where kind = '{FAILED}' and subject = {{value}}
order by at desc limit 1 offset"""
_UNANSWERED = """select created_at from challenges
where value = :value and state <> 'used' and created_at > :day_ago
order by created_at desc limit 1 offset"""
FAILED_FOR_VALUE, FAILED_FOR_CHALLENGE = _FAILURES.format(value=":value"), _FAILURES.format(value="challenges.value")

HISTORY = f"""
select here.asked, here.asked_at, there.tried, there.tried_at, there.tried_this,
    (select contact from identifiers where kind = :kind and value = :value) as contact,
    ({FAILED_FOR_VALUE} :failures_per_hour) as failures_per_hour,
    ({FAILED_FOR_VALUE} :failures_in_a_row) as failures_in_a_row,
    ({_UNANSWERED} :codes_per_ten_minutes) as codes_per_ten_minutes,
    ({_UNANSWERED} :codes_per_day) as codes_per_day
from (
    select count(*) as asked, max(created_at) as asked_at from challenges
    where conversation = :conversation and value = :value and created_at > coalesce((
        select max(created_at) from challenges
        where conversation = :conversation and value = :value and state = 'used'
    ), '')
) as here, (
    select count(*) as tried, min(at) as tried_at, count(case when detail = :digest then 1 end) as tried_this
    from attempts_log where kind = '{TRIED}' and subject = :address and at > :hour_ago
) as there
"""


def code_history(tx: Tx, request: CodeRequest, full: CodeLimits, now: datetime) -> CodeHistory:
    """Read all that decides whether an identifier may be sent a code."""
    identifier = f"identifier {request.value}"
    if request.address is None:
        tx.lock(identifier)
    else:
        tx.lock(f"address {request.address}", identifier)
    [row] = tx.all(
        HISTORY,
        {
            "conversation": request.conversation,
            "kind": request.kind,
            "value": request.value,
            "address": request.address,
            "digest": request.digest,
            "hour_ago": stamp(now - _HOUR),
            "day_ago": stamp(now - _DAY),
            **_offsets(full),
        },
    )
    return CodeHistory(
        contact=row["contact"],
        asked=row["asked"],
        asked_at=_moment(row["asked_at"]),
        tried=row["tried"],
        tried_at=_moment(row["tried_at"]),
        tried_this=row["tried_this"] > 0,
        failures_per_hour=_moment(row["failures_per_hour"]),
        failures_in_a_row=_moment(row["failures_in_a_row"]),
        codes_per_ten_minutes=_moment(row["codes_per_ten_minutes"]),
        codes_per_day=_moment(row["codes_per_day"]),
    )


# ── whether one is right ──

NEWEST = """
select id from challenges where conversation = :conversation
order by case state when 'live' then 0 when 'superseded' then 2 else 1 end, created_at desc limit 1
"""
"""What was superseded is older than what did that, whatever the clocks of two processes say."""
THEIR_NAME = f"select 'identifier ' || value as name from challenges where id = ({NEWEST})"
TAKE_TRY = f"""
update challenges set tries = tries + 1
where id = ({NEWEST}) and state = 'live' and expires_at >= :now and tries < :most
    and coalesce(contact, '') = coalesce((
        select i.contact from identifiers i where i.kind = challenges.kind and i.value = challenges.value
    ), '')
    and coalesce(({FAILED_FOR_CHALLENGE} :failures_per_hour), '') <= :hour_ago
    and not exists ({FAILED_FOR_CHALLENGE} :failures_in_a_row)
returning *
"""


def newest(tx: Tx, conversation: str) -> Challenge | None:
    """Return the conversation's newest challenge, whatever became of it."""
    return newest_of(tx, [conversation])[0]


def newest_of(tx: Tx, conversations: Sequence[str]) -> list[Challenge | None]:
    """Return the newest challenge of each conversation, whatever became of it."""
    question = f"select * from challenges where id = ({NEWEST})"
    answers = tx.query_many(*((question, {"conversation": conversation}) for conversation in conversations))
    return [_challenge(found[0]) if found else None for found in answers]


def take_try(tx: Tx, conversation: str, most: int, full: CodeLimits, now: datetime) -> Challenge | None:
    """Use up one try of the conversation's newest challenge before anything is compared; returns it, this try counted.

    None when it is over, when its `most` tries are gone, or when its identifier is locked or somebody else's by now.
    """
    tx.lock_found(THEIR_NAME, {"conversation": conversation})
    offsets = _offsets(full)
    taken = tx.all(
        TAKE_TRY,
        {
            "conversation": conversation,
            "now": stamp(now),
            "most": most,
            "hour_ago": stamp(now - _HOUR),
            "failures_per_hour": offsets["failures_per_hour"],
            "failures_in_a_row": offsets["failures_in_a_row"],
        },
    )
    return _challenge(taken[0]) if taken else None


def use(tx: Tx, challenge: Challenge) -> None:
    """Consume a challenge whose code was right, by who has just taken a try of it and so holds it.

    Its owner has proved to be there, so the failures of its identifier are forgotten.
    """
    tx.execute("update challenges set state = 'used' where id = :id and state = 'live'", {"id": challenge.id})
    tx.execute(_CLEAR, {"value": challenge.value})


_CLEAR = f"delete from attempts_log where kind = '{FAILED}' and subject = :value"


def clear_failures(tx: Tx, value: str) -> int:
    """Forget an identifier's failures; returns how many there were."""
    return tx.execute_count(_CLEAR, {"value": value})


def record_attempt(tx: Tx, kind: str, subject: str, detail: str, now: datetime) -> None:
    """Write down a failed code or a tried identifier."""
    tx.execute(
        "insert into attempts_log (id, kind, subject, detail, at) values (:id, :kind, :subject, :detail, :at)",
        {"id": new_id(), "kind": kind, "subject": subject, "detail": detail, "at": stamp(now)},
    )


def _offsets(full: CodeLimits) -> dict[str, int]:
    """How many events to leave out, to come to the one that makes each count full."""
    return {
        "failures_per_hour": full.failures_per_hour - 1,
        "failures_in_a_row": full.failures_in_a_row - 1,
        "codes_per_ten_minutes": full.codes_per_ten_minutes - 1,
        "codes_per_day": full.codes_per_day - 1,
    }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse(text)


def _challenge(row: Row) -> Challenge:
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
