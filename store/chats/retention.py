"""Deletion of old conversations, outbox messages and attempts, page by page.

There is no index by age: it would add work to every turn. Ids follow time instead, so a walk along the primary key
meets the oldest rows first, and ends with the first page with a younger last row. Each page is one transaction, and
reads and writes no more rows than the page holds, however large the table is.

The books are kept: payment links and payments only lose their conversation.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from store.database import Tx
from store.ids import LENGTH
from store.times import stamp


class DeletedPage(Struct, frozen=True):
    """The number of rows deleted from a page, and the id after which the next page starts; None at the end."""

    deleted: int
    resume_after: str | None


DeletePage = Callable[[Tx, datetime, str | None, int], DeletedPage]
"""Deletes rows before a moment from the page after an id (None: the first page), of at most so many rows."""

PageBounds = Mapping[str, str]
"""The `first` and the `last` id of a page, and `before`: the moment before which a row is old."""

# Above every id in any collation: today's ids, and those before migration 3, which were hexadecimal.
_GREATEST = "z"


def delete_conversations(tx: Tx, before: datetime, after: str | None, limit: int) -> DeletedPage:
    """Delete the conversations of a page without a turn since `before`, and their dependent rows."""
    page = "select id, started_at as created from conversations where id > :after order by id limit :limit"
    return _delete_page(tx, page, _delete_old_conversations, before, after or "", limit)


def delete_conversations_descending(tx: Tx, before: datetime, after: str | None, limit: int) -> DeletedPage:
    """Do the same from the greatest id downwards, for the conversations started before migration 3.

    Their ids do not follow time, so the walk covers all of them.
    """
    page = "select id, started_at as created from conversations where id < :after order by id desc limit :limit"
    return _delete_page(tx, page, _delete_old_conversations, before, after or _GREATEST, limit, descending=True)


def delete_outbox(tx: Tx, before: datetime, after: str | None, limit: int) -> DeletedPage:
    """Delete the sent, failed and dropped outbox messages of a page."""
    page = "select id, created_at as created from outbox where id > :after order by id limit :limit"
    return _delete_page(tx, page, _delete_old_outbox, before, after or "", limit)


def delete_attempts(tx: Tx, before: datetime, after: str | None, limit: int) -> DeletedPage:
    """Delete the attempts of a page: failed codes and tried identifiers."""
    page = "select id, at as created from attempts_log where id > :after order by id limit :limit"
    return _delete_page(tx, page, _delete_old_attempts, before, after or "", limit)


CONVERSATION_PASSES: tuple[DeletePage, ...] = (delete_conversations, delete_conversations_descending)
OTHER_PASSES: tuple[DeletePage, ...] = (delete_outbox, delete_attempts)
"""For rows that outlive their conversation."""


# ── a page ──


def _delete_page(
    tx: Tx,
    page: str,
    delete: Callable[[Tx, PageBounds], int],
    before: datetime,
    after: str,
    limit: int,
    *,
    descending: bool = False,
) -> DeletedPage:
    """Select a page and delete its old rows.

    One process at a time: two that delete the last conversations of a session would both leave the session behind.
    """
    tx.advisory_lock("forgetting")
    rows = tx.all(page, {"after": after, "limit": limit})
    if not rows:
        return DeletedPage(0, None)
    last = rows[-1]
    follows_time = len(last["id"]) == LENGTH
    more = len(rows) == limit and (last["created"] < stamp(before) or not follows_time)
    lowest, highest = (last, rows[0]) if descending else (rows[0], last)
    deleted = delete(tx, {"first": lowest["id"], "last": highest["id"], "before": stamp(before)})
    return DeletedPage(deleted, last["id"] if more else None)


def _delete_old_outbox(tx: Tx, bounds: PageBounds) -> int:
    return tx.execute_count(
        """delete from outbox where id between :first and :last and created_at < :before
        and state not in ('waiting', 'sending')""",  # a list of the other states would use the index on state
        bounds,
    )


def _delete_old_attempts(tx: Tx, bounds: PageBounds) -> int:
    return tx.execute_count("delete from attempts_log where id between :first and :last and at < :before", bounds)


_MARKED = "select id from conversations where id between :first and :last and state = 'forgotten'"
LINKS = f"update payment_links set conversation = null where conversation in ({_MARKED})"
CHALLENGES = f"delete from challenges where conversation in ({_MARKED})"
MESSAGES = f"delete from messages where conversation in ({_MARKED})"


def _delete_old_conversations(tx: Tx, bounds: PageBounds) -> int:
    """Delete conversations, and sessions without another conversation.

    The conversations are marked first: a concurrent turn either came before the mark and keeps its conversation whole,
    or finds it gone.
    """
    tx.execute(
        "update conversations set state = 'forgotten' where id between :first and :last and updated_at < :before",
        bounds,
    )
    sessions = tx.all(
        "select distinct session from conversations where id between :first and :last and state = 'forgotten'", bounds
    )
    for dependents in (LINKS, CHALLENGES, MESSAGES):
        tx.execute(dependents, bounds)
    deleted = tx.execute_count(
        "delete from conversations where id between :first and :last and state = 'forgotten'", bounds
    )
    tx.execute_many(
        """delete from sessions where id = :session and seen_at < :before
        and not exists (select 1 from conversations where session = sessions.id)""",
        [{"session": row["session"], "before": bounds["before"]} for row in sessions],
    )
    return deleted
