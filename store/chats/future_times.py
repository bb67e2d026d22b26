"""Times that lie in the future: a clock ran ahead when they were written, and was corrected.

They count as now. Left as they are, each limit would count them for as long as the clock was ahead and then once more.
"""

from datetime import datetime

from msgspec.structs import astuple

from store.chats.codes import ADDRESS_FAILED, FAILED, TRIED, CodeHistory, CodeRequest
from store.database import Tx
from store.times import CLOCK_TOLERANCE, stamp


def has_future_times(history: CodeHistory, now: datetime) -> bool:
    """Tell whether any time of a history lies in the future."""
    soon = now + CLOCK_TOLERANCE
    return any(isinstance(value, datetime) and value > soon for value in astuple(history))


def correct_codes(tx: Tx, request: CodeRequest, now: datetime) -> int:
    """Set the future times of the codes and tries that a request depends on to now; returns the number of rows.

    These are the identifier's, the conversation's and the address's. The codes themselves expire, since nobody knows
    how long they have been valid.
    """
    times = {"now": stamp(now), "soon": stamp(now + CLOCK_TOLERANCE)}
    rows = tx.execute_count(
        """update challenges set created_at = :now, expires_at = :now
        where value = :value and state <> 'used' and created_at > :soon""",
        {**times, "value": request.value},
    )
    rows += tx.execute_count(
        """update challenges set created_at = :now, expires_at = :now
        where conversation = :conversation and state <> 'used' and created_at > :soon""",
        {**times, "conversation": request.conversation},
    )
    return rows + tx.execute_count(
        f"""update attempts_log set at = :now
        where kind in ('{FAILED}', '{ADDRESS_FAILED}', '{TRIED}') and subject in (:value, :address) and at > :soon""",
        {**times, "value": request.value, "address": request.address},
    )


def correct_letters(tx: Tx, now: datetime) -> int:
    """Make letters due that were queued in the future, and count those that left then as sent now.

    Returns the number of letters.

    A letter that is tried again later was queued in the past, and stays as it is.
    """
    return tx.execute_count(
        """update outbox set created_at = :now, due_at = :now
        where state in ('waiting', 'sent') and due_at > :soon and created_at > :soon""",
        {"now": stamp(now), "soon": stamp(now + CLOCK_TOLERANCE)},
    )
