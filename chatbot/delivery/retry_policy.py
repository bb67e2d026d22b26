"""Retry policy: the delays between the tries of a message, and its maximum age."""

import secrets
from datetime import timedelta

from store.chats.outbox import ClaimedMessage

# Delays after the first try, the second and so on; the last one repeats. A code expires after ten minutes.
EXPIRING_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 30, 60))
# Messages that do not expire outlast an outage of a weekend.
LASTING_DELAYS = (*EXPIRING_DELAYS, *(timedelta(minutes=minutes) for minutes in (5, 15, 60)))
MAX_AGE = timedelta(days=3)
# Up to a quarter is added to each delay, so that messages which failed together are not all retried together.
JITTER = 0.25


def retry_delay(row: ClaimedMessage) -> timedelta:
    """Return the delay after the newest try of a row."""
    delays = LASTING_DELAYS if row.expires_at is None else EXPIRING_DELAYS
    delay = delays[min(row.tries, len(delays)) - 1]
    return delay * (1 + JITTER * secrets.randbelow(1000) / 1000)
