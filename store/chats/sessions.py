"""Browsers' sessions: their times, their replacement when a code proves somebody, and signing out."""

from datetime import datetime

from msgspec import Struct

from store.chats.retention import DeletedPage
from store.database import Tx
from store.records import record
from store.times import stamp


class SessionTimes(Struct, frozen=True):
    """The times by which a session ends: its beginning, and about its last turn; and the session's browser."""

    created_at: datetime
    seen_at: datetime
    browser: str


class Replacement(Struct, frozen=True):
    """A session that takes over from an earlier one, because `request` in `conversation` proved `contact`."""

    old: str
    new: str
    conversation: str
    contact: str
    request: str
    locale: str


# The id that a browser's sessions have in common: that of its first. Whoever has a token that was replaced is no longer
# taken for that browser.
BROWSER = "case when s.replaced_at is null then coalesce(s.browser, s.id) else 'replaced ' || s.id end"
TIMES = f"select s.created_at, s.seen_at, {BROWSER} as browser from sessions s where s.id = :id"


def session_times(tx: Tx, session: str) -> SessionTimes | None:
    """Return a session's times; None for one without a conversation yet."""
    row = tx.one(TIMES, {"id": session})
    return None if row is None else record(row, SessionTimes)


def replace_session(tx: Tx, replacement: Replacement, now: datetime) -> None:
    """Write the new session and move the conversations of the old one to it.

    A verification of another customer ends: one browser has one customer at a time.
    """
    params = {
        "old": replacement.old,
        "new": replacement.new,
        "conversation": replacement.conversation,
        "contact": replacement.contact,
        "request": replacement.request,
        "locale": replacement.locale,
        "at": stamp(now),
    }
    tx.execute(
        f"""insert into sessions (id, locale, created_at, seen_at, replaces, request, browser, signed_out_at)
        select :new, :locale, :at, :at, :old, :request, {BROWSER}, s.signed_out_at from sessions s where s.id = :old""",
        params,
    )
    tx.execute(
        """update conversations set session = :new, contact = case when contact = :contact then contact end
        where session = :old or id = :conversation""",
        params,
    )
    tx.execute("update sessions set replaced_at = :at where id = :old", params)


def touch_session(tx: Tx, session: str, now: datetime) -> None:
    """Store that the customer is still there."""
    tx.execute("update sessions set seen_at = :at where id = :id", {"id": session, "at": stamp(now)})


def sign_out(tx: Tx, session: str, now: datetime) -> None:
    """End the verifications of all conversations of a session."""
    tx.execute("update sessions set signed_out_at = :at where id = :id", {"id": session, "at": stamp(now)})


def delete_replaced(tx: Tx, before: datetime, after: str | None, limit: int) -> DeletedPage:
    """Delete a page of the sessions that were replaced before a time and have no conversation."""
    at, _, last = (after or "").partition(" ")
    rows = tx.all(
        """select id, replaced_at from sessions
        where replaced_at >= :at and (replaced_at > :at or id > :last) and replaced_at < :before
        order by replaced_at, id limit :limit""",
        {"at": at, "last": last, "before": stamp(before), "limit": limit},
    )
    deleted = 0
    for row in rows:
        deleted += tx.execute_count(
            """delete from sessions where id = :id
            and not exists (select 1 from conversations where session = sessions.id)""",
            {"id": row["id"]},
        )
    resume_after = f"{rows[-1]['replaced_at']} {rows[-1]['id']}" if len(rows) == limit else None
    return DeletedPage(deleted, resume_after)
