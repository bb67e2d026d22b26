"""One-time codes: challenges, tries, and the failures and requests of each identifier.

No code is stored. A challenge's id is random; the code derives from it and a key outside the database.

Counting for an identifier or an address takes an advisory lock on it until the transaction ends, so that concurrent
tries cannot exceed a limit.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from store.database import Tx
from store.ids import new_id
from store.records import params, record
from store.times import CLOCK_TOLERANCE, stamp

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

FAILED = "code_failed"
"""A wrong code; `subject` is the identifier, `detail` the network address."""
ADDRESS_FAILED = "address_failed"
"""The same wrong code; `subject` is the network address, `detail` the identifier's digest."""
TRIED = "identifier_tried"
"""An identifier that a code was requested for; `subject` is the network address, `detail` the identifier's digest."""


MAX_SUPERSEDED = 10
"""Replaced codes that a wrong one is compared with: as many as one address gets in a day."""


class Challenge(Struct, frozen=True):
    """A requested code. `contact` is None for an unknown identifier: then no code is right."""

    id: str
    kind: str
    value: str
    contact: str | None
    tries: int
    state: str
    created_at: datetime
    expires_at: datetime


class IssuedCode(Struct, frozen=True):
    """A code that a conversation asked for: its challenge's id, and whether it may still work."""

    id: str
    state: str
    expires_at: datetime


class CodeLimits(Struct, frozen=True):
    """Limits of an identifier, in all and by place: failures until it is locked, and codes without a right answer.

    A browser that gave a right code for the identifier before has the whole limit of failures; all others together
    have `strangers_…`, and one network address has `one_address_…` of it.
    """

    failures_per_hour: int
    failures_in_a_row: int
    strangers_per_hour: int
    strangers_in_a_row: int
    one_address_per_hour: int
    one_address_in_a_row: int
    failures_per_address_per_hour: int
    """Failures from one network address, for all identifiers together."""
    codes_per_ten_minutes: int
    """Codes requested at one network address, or in a known browser; so is the next."""
    codes_per_day: int
    codes_per_day_from_all_addresses: int


class CodeRequest(Struct, frozen=True):
    """A request for a code to an identifier, from a network address; `digest` stands for the identifier in the log.

    `browser` is the digest of the browser's session and the identifier together.
    """

    conversation: str
    kind: str
    value: str
    address: str | None
    digest: str
    browser: str


class CodeHistory(Struct, frozen=True):
    """The basis for deciding whether an identifier may be sent a code."""

    contact: str | None
    """The contact with the identifier."""
    is_known: bool
    """Whether the browser gave a right code for the identifier before."""
    asked: int
    """Codes to the identifier that this conversation requested since its last right one, the newest at `asked_at`."""
    asked_at: datetime | None
    tried: int
    """Identifiers that the address tried within the hour without a right code, the first at `tried_at`."""
    tried_at: datetime | None
    tried_this: bool
    """Whether this identifier is among them."""
    named: int
    """Identifiers that this conversation tried within the hour without a right code, the first at `named_at`."""
    named_at: datetime | None
    named_this: bool

    # For each limit that is reached: the time of the oldest event that counts towards it. Otherwise None.
    failures_per_hour: datetime | None
    failures_in_a_row: datetime | None
    one_address_per_hour: datetime | None
    one_address_in_a_row: datetime | None
    failures_per_address_per_hour: datetime | None
    codes_per_ten_minutes: datetime | None
    codes_per_day: datetime | None
    codes_per_day_from_all_addresses: datetime | None


ISSUED = """
select id, state, expires_at from challenges where conversation = :conversation order by created_at desc limit 5
"""


def issue(tx: Tx, challenge: Challenge, request: CodeRequest, origin: str) -> None:
    """Write a new challenge and supersede the conversation's earlier ones: only the newest code is valid."""
    conversation = request.conversation
    tx.execute(
        "update challenges set state = 'superseded' where conversation = :conversation and state = 'live'",
        {"conversation": conversation},
    )
    tx.execute(
        """insert into challenges (id, conversation, origin, kind, value, contact, tries, state, created_at, expires_at,
            address, browser)
        values (:id, :conversation, :origin, :kind, :value, :contact, 0, 'live', :created_at, :expires_at,
            :address, :browser)""",
        {
            **params(challenge),
            "conversation": conversation,
            "origin": origin,
            "address": request.address or "",
            "browser": request.browser,
        },
    )


# ── requesting a code ──

# With an offset of a limit less one, each finds the event that reaches the limit: of an identifier's failures since its
# last right code, and of the codes to it without a right answer. A limit of strangers does not bind a known browser,
# whose codes count by themselves.
_KNOWN = "exists (select 1 from challenges as answered where answered.browser = {browser} and answered.state = 'used')"
_FAILURES = f"""select at from attempts_log where kind = '{FAILED}' and subject = {{value}}
order by at desc limit 1 offset"""
_FAILURES_HERE = f"""select at from attempts_log
where kind = '{FAILED}' and subject = {{value}} and detail = :place
order by at desc limit 1 offset"""
_UNANSWERED = """select created_at from challenges
where value = :value and state <> 'used' and created_at > :day_ago
order by created_at desc limit 1 offset"""
_UNANSWERED_HERE = """select created_at from challenges
where value = :value and state <> 'used' and created_at > :day_ago
    and (browser = :browser or (address = :place and not asker.is_known))
order by created_at desc limit 1 offset"""
FAILED_FOR_VALUE, FAILED_FOR_CHALLENGE = _FAILURES.format(value=":value"), _FAILURES.format(value="challenges.value")
FAILED_HERE, FAILED_HERE_FOR_CHALLENGE = (
    _FAILURES_HERE.format(value=value) for value in (":value", "challenges.value")
)
FAILED_AT_ADDRESS = f"""select at from attempts_log
where kind = '{ADDRESS_FAILED}' and subject = :place and at > :hour_ago
order by at desc limit 1 offset"""

HISTORY = f"""
select here.asked, here.asked_at, there.tried, there.tried_at, there.tried_this,
    said.named, said.named_at, said.named_this,
    (select contact from identifiers where kind = :kind and value = :value) as contact,
    asker.is_known,
    case when asker.is_known then ({FAILED_FOR_VALUE} :failures_per_hour)
        else ({FAILED_FOR_VALUE} :strangers_per_hour) end as failures_per_hour,
    case when asker.is_known then ({FAILED_FOR_VALUE} :failures_in_a_row)
        else ({FAILED_FOR_VALUE} :strangers_in_a_row) end as failures_in_a_row,
    case when not asker.is_known then ({FAILED_HERE} :one_address_per_hour) end as one_address_per_hour,
    case when not asker.is_known then ({FAILED_HERE} :one_address_in_a_row) end as one_address_in_a_row,
    case when not asker.is_known then ({FAILED_AT_ADDRESS} :failures_per_address_per_hour) end
        as failures_per_address_per_hour,
    ({_UNANSWERED_HERE} :codes_per_ten_minutes) as codes_per_ten_minutes,
    ({_UNANSWERED_HERE} :codes_per_day) as codes_per_day,
    case when not asker.is_known then ({_UNANSWERED} :codes_per_day_from_all_addresses) end
        as codes_per_day_from_all_addresses
from (
    select count(*) as asked, max(created_at) as asked_at from challenges
    where conversation = :conversation and value = :value and created_at > coalesce((
        select max(created_at) from challenges
        where conversation = :conversation and value = :value and state = 'used'
    ), '')
) as here, (
    select count(*) as tried, min(at) as tried_at, count(case when detail = :digest then 1 end) as tried_this
    from attempts_log where kind = '{TRIED}' and subject = :place and at > :hour_ago
) as there, (
    select count(distinct value) as named, min(created_at) as named_at,
        count(case when value = :value then 1 end) as named_this
    from challenges where conversation = :conversation and state <> 'used' and created_at > :hour_ago
) as said, (
    select {_KNOWN.format(browser=":browser")} as is_known
) as asker
"""


def code_history(tx: Tx, request: CodeRequest, limits: CodeLimits, now: datetime) -> CodeHistory:
    """Lock an identifier and its address, and read the history of their codes and tries."""
    identifier = f"identifier {request.value}"
    if request.address is None:
        tx.advisory_lock(identifier)
    else:
        tx.advisory_lock(f"address {request.address}", identifier)
    [row] = tx.all(
        HISTORY,
        {
            "conversation": request.conversation,
            "kind": request.kind,
            "value": request.value,
            "place": request.address or "",
            "browser": request.browser,
            "digest": request.digest,
            "hour_ago": stamp(now - _HOUR),
            "day_ago": stamp(now - _DAY),
            **_offsets(limits),
        },
    )
    return record(row, CodeHistory)


# ── checking a code ──

NEWEST = """
select id from challenges where conversation = :conversation
order by case state when 'live' then 0 when 'superseded' then 2 else 1 end, created_at desc limit 1
"""
"""A superseded challenge is older than the one that superseded it, even where two processes' clocks disagree."""
LOCK_NAME = f"select 'identifier ' || value as name from challenges where id = ({NEWEST})"
TAKE_TRY = f"""
update challenges set tries = tries + 1
where id = ({NEWEST}) and state = 'live' and expires_at >= :now and created_at <= :soon and tries < :max_tries
    and coalesce(contact, '') = coalesce((
        select i.contact from identifiers i where i.kind = challenges.kind and i.value = challenges.value
    ), '')
    and coalesce(({FAILED_FOR_CHALLENGE} :failures_per_hour), '') <= :hour_ago
    and not exists ({FAILED_FOR_CHALLENGE} :failures_in_a_row)
    and ({_KNOWN.format(browser="challenges.browser")} or (
        coalesce(({FAILED_FOR_CHALLENGE} :strangers_per_hour), '') <= :hour_ago
        and not exists ({FAILED_FOR_CHALLENGE} :strangers_in_a_row)
        and coalesce(({FAILED_HERE_FOR_CHALLENGE} :one_address_per_hour), '') <= :hour_ago
        and not exists ({FAILED_HERE_FOR_CHALLENGE} :one_address_in_a_row)
        and not exists ({FAILED_AT_ADDRESS} :failures_per_address_per_hour)
    ))
returning *
"""


def newest_challenge(tx: Tx, conversation: str) -> Challenge | None:
    """Return the newest challenge of a conversation, in any state."""
    return newest_challenges(tx, [conversation])[0]


def newest_challenges(tx: Tx, conversations: Sequence[str]) -> list[Challenge | None]:
    """Return the newest challenge of each conversation, in any state."""
    query = f"select * from challenges where id = ({NEWEST})"
    results = tx.query_many(*((query, {"conversation": conversation}) for conversation in conversations))
    return [record(rows[0], Challenge) if rows else None for rows in results]


def take_try(
    tx: Tx, conversation: str, address: str | None, max_tries: int, limits: CodeLimits, now: datetime
) -> Challenge | None:
    """Count a try of the conversation's newest challenge before the code is compared; returns the challenge after it.

    None when the challenge has ended or has no tries left, its identifier is now another contact's, or a limit of
    failures is reached. Concurrent tries from one address for different identifiers may exceed
    `failures_per_address_per_hour` by a few: only the identifier is locked here.

    Nor may a code be from the future, of a clock that ran ahead: it would outlive its time.
    """
    tx.advisory_lock_selected(LOCK_NAME, {"conversation": conversation})
    taken = tx.all(
        TAKE_TRY,
        {
            "conversation": conversation,
            "now": stamp(now),
            "soon": stamp(now + CLOCK_TOLERANCE),
            "max_tries": max_tries,
            "hour_ago": stamp(now - _HOUR),
            "place": address or "",
            **_offsets(limits),
        },
    )
    return record(taken[0], Challenge) if taken else None


def superseded_challenges(tx: Tx, conversation: str) -> list[str]:
    """Return the ids of a conversation's newest challenges that a newer one replaced."""
    rows = tx.all(
        """select id from challenges where conversation = :conversation and state = 'superseded'
        order by created_at desc limit :limit""",
        {"conversation": conversation, "limit": MAX_SUPERSEDED},
    )
    return [row["id"] for row in rows]


def mark_used(tx: Tx, challenge: Challenge) -> None:
    """Mark a challenge as answered rightly, and clear its identifier's failures.

    To be called after `take_try` in the same transaction, which holds the lock.
    """
    tx.execute("update challenges set state = 'used' where id = :id and state = 'live'", {"id": challenge.id})
    tx.execute(_CLEAR_FAILURES, {"value": challenge.value})


_CLEAR_FAILURES = f"delete from attempts_log where kind = '{FAILED}' and subject = :value"


def clear_failures(tx: Tx, value: str) -> int:
    """Delete an identifier's failures; returns their number."""
    return tx.execute_count(_CLEAR_FAILURES, {"value": value})


def clear_suspicion(tx: Tx, address: str, digest: str, now: datetime) -> None:
    """Delete the last hour's traces of an identifier at a network address, since its owner is there."""
    tx.execute_many(
        """delete from attempts_log
        where kind = :kind and subject = :address and at > :hour_ago and detail = :digest""",
        [
            {"kind": kind, "address": address, "digest": digest, "hour_ago": stamp(now - _HOUR)}
            for kind in (TRIED, ADDRESS_FAILED)
        ],
    )


def record_attempt(tx: Tx, kind: str, subject: str, detail: str, now: datetime) -> None:
    """Log a failed code or a tried identifier."""
    tx.execute(
        "insert into attempts_log (id, kind, subject, detail, at) values (:id, :kind, :subject, :detail, :at)",
        {"id": new_id(), "kind": kind, "subject": subject, "detail": detail, "at": stamp(now)},
    )


def _offsets(limits: CodeLimits) -> dict[str, int]:
    """Return the offset of the event that reaches each limit."""
    return {name: limit - 1 for name, limit in msgspec.structs.asdict(limits).items()}
