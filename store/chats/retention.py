"""Forgetting what is older than a moment, page by page.

No index knows what is old: it would cost every turn something. Ids follow time instead, so a walk along the primary key
meets the oldest rows first, and ends with the first page whose last row is younger. A page is a unit of work, and
neither reads nor writes more rows than it has, however many there are in all.

What belongs to the books is kept: payment links and payments only lose their conversation.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from store.database import Tx
from store.ids import LENGTH
from store.times import stamp


class DeletedPage(Struct, frozen=True):
    """What became of a page: how many rows are gone, and the id to go on from; None where nothing older follows."""

    forgotten: int
    last: str | None


DeletePage = Callable[[Tx, datetime, str | None, int], DeletedPage]
"""Forgets what is older than a moment in the page after an id, None for the first, of at most so many rows."""

PageBounds = Mapping[str, str]
"""The `first` and the `last` id of a page, and the moment `before` which its rows are old."""

# Above every id, of today's form and of the former one, which was hexadecimal, in whatever order a database sorts.
_GREATEST = "z"


def conversations(tx: Tx, before: datetime, since: str | None, most: int) -> DeletedPage:
    """Delete the conversations of a page whose last message is older, and all that hangs on them."""
    question = "select id, started_at as began from conversations where id > :since order by id limit :most"
    return _forget(tx, question, _delete_conversations, before, since or "", most)


def conversations_from_the_end(tx: Tx, before: datetime, since: str | None, most: int) -> DeletedPage:
    """Do the same from the greatest id downwards: there lie those that began before migration 3.

    Their ids do not follow time, so all of them are looked through.
    """
    question = "select id, started_at as began from conversations where id < :since order by id desc limit :most"
    return _forget(tx, question, _delete_conversations, before, since or _GREATEST, most, down=True)


def letters(tx: Tx, before: datetime, since: str | None, most: int) -> DeletedPage:
    """Delete the letters of a page that were written before and have left, were given up or were not needed."""
    question = "select id, created_at as began from outbox where id > :since order by id limit :most"
    return _forget(tx, question, _delete_letters, before, since or "", most)


def tries(tx: Tx, before: datetime, since: str | None, most: int) -> DeletedPage:
    """Delete the counted tries of a page: failed codes and tried identifiers."""
    question = "select id, at as began from attempts_log where id > :since order by id limit :most"
    return _forget(tx, question, _delete_tries, before, since or "", most)


CONVERSATIONS: tuple[DeletePage, ...] = (conversations, conversations_from_the_end)
TRACES: tuple[DeletePage, ...] = (letters, tries)
"""What outlives its conversation."""


# ── a page ──


def _forget(
    tx: Tx,
    question: str,
    delete: Callable[[Tx, PageBounds], int],
    before: datetime,
    since: str,
    most: int,
    *,
    down: bool = False,
) -> DeletedPage:
    """Find a page and delete what is old in it.

    One process at a time, or two that delete the last conversations of a session would both leave the session.
    """
    tx.lock("forgetting")
    rows = tx.all(question, {"since": since, "most": most})
    if not rows:
        return DeletedPage(0, None)
    furthest = rows[-1]
    follows_time = len(furthest["id"]) == LENGTH
    older_may_follow = len(rows) == most and (furthest["began"] < stamp(before) or not follows_time)
    first, last = (furthest, rows[0]) if down else (rows[0], furthest)
    gone = delete(tx, {"first": first["id"], "last": last["id"], "before": stamp(before)})
    return DeletedPage(gone, furthest["id"] if older_may_follow else None)


def _delete_letters(tx: Tx, here: PageBounds) -> int:
    return tx.execute_count(
        """delete from outbox where id between :first and :last and created_at < :before
        and state not in ('waiting', 'sending')""",  # a list of the other states would be looked for by its index
        here,
    )


def _delete_tries(tx: Tx, here: PageBounds) -> int:
    return tx.execute_count("delete from attempts_log where id between :first and :last and at < :before", here)


_FORGOTTEN = "select id from conversations where id between :first and :last and state = 'forgotten'"
LINKS = f"update payment_links set conversation = null where conversation in ({_FORGOTTEN})"
CHALLENGES = f"delete from challenges where conversation in ({_FORGOTTEN})"
MESSAGES = f"delete from messages where conversation in ({_FORGOTTEN})"


def _delete_conversations(tx: Tx, here: PageBounds) -> int:
    """Delete conversations, and the sessions that have no other.

    The conversations are marked first: a turn that comes at this very moment was either before that, and keeps its
    conversation whole, or finds it gone.
    """
    tx.execute(
        "update conversations set state = 'forgotten' where id between :first and :last and updated_at < :before", here
    )
    sessions = tx.all(
        "select distinct session from conversations where id between :first and :last and state = 'forgotten'", here
    )
    for what_hangs_on_them in (LINKS, CHALLENGES, MESSAGES):
        tx.execute(what_hangs_on_them, here)
    gone = tx.execute_count("delete from conversations where id between :first and :last and state = 'forgotten'", here)
    tx.execute_many(
        """delete from sessions where id = :session and seen_at < :before
        and not exists (select 1 from conversations where session = sessions.id)""",
        [{"session": row["session"], "before": here["before"]} for row in sessions],
    )
    return gone
