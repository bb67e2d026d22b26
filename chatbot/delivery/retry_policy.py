"""When a message is tried again, and when it is given up."""

import secrets
from datetime import timedelta

from store.chats.outbox import ClaimedMessage

# The waits before the second try, the third and so on; the last one repeats. A code lives for ten minutes.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 30, 60))
# A letter that does not expire is waited for longer and longer, until a weekend's outage is over.
LATER_WAITS = (*WAITS, *(timedelta(minutes=minutes) for minutes in (5, 15, 60)))
GIVE_UP_AFTER = timedelta(days=3)
# Up to a quarter more of each wait, so that letters which failed together do not come back together.
JITTER = 0.25
# Until a provider's own list shows what became of a try that was cut off; others are simply tried again.
SHOWN_AFTER = {"sms": timedelta(seconds=10)}


def wait_after(row: ClaimedMessage) -> timedelta:
    """Return how long to wait after a letter's newest try."""
    waits = LATER_WAITS if row.expires_at is None else WAITS
    wait = waits[min(row.tries, len(waits)) - 1]
    return wait * (1 + JITTER * secrets.randbelow(1000) / 1000)
