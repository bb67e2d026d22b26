"""The limits of one-time codes: whether a code may be sent now, and after which wait.

Suspicion is counted, success is not: identifiers without a right code, and wrong codes.
"""

from datetime import datetime, timedelta

from chatbot.config.settings import LimitSettings
from store.chats.codes import CodeHistory, CodeLimits

_ZERO, _TEN_MINUTES = timedelta(0), timedelta(minutes=10)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def query_limits(limits: LimitSettings) -> CodeLimits:
    """Return the limits that the queries need."""
    return CodeLimits(
        failures_per_hour=limits.failures_per_hour,
        failures_in_a_row=limits.failures_in_a_row,
        failures_per_address_per_hour=limits.failures_per_address_per_hour,
        codes_per_ten_minutes=limits.codes_per_ten_minutes,
        codes_per_day=limits.codes_per_day,
    )


def time_until_allowed(limits: LimitSettings, history: CodeHistory, now: datetime) -> timedelta:
    """Return the time until a code may be sent; zero or less when it may be sent now."""
    waits = [_ZERO]
    if history.failures_in_a_row is not None:  # locked, a day at a time, until an operator unlocks it
        waits.append(_DAY)
    for full_since, window in (
        (history.failures_per_address_per_hour, _HOUR),
        (history.failures_per_hour, _HOUR),
        (history.codes_per_ten_minutes, _TEN_MINUTES),
        (history.codes_per_day, _DAY),
    ):
        if full_since is not None:
            waits.append(full_since + window - now)
    if history.asked_at is not None:
        waits.append(history.asked_at + resend_wait(limits, history.asked) - now)
    for is_full, first_at, counts_already in (
        (history.tried >= limits.identifiers_per_address_per_hour, history.tried_at, history.tried_this),
        (history.named >= limits.identifiers_per_conversation_per_hour, history.named_at, history.named_this),
    ):
        if is_full and first_at is not None and not counts_already:
            waits.append(first_at + _HOUR - now)
    return max(waits)


def resend_wait(limits: LimitSettings, codes_sent: int) -> timedelta:
    """Return the wait before the next code to the same identifier, by the number of codes sent in a conversation."""
    return timedelta(seconds=limits.resend_waits_s[min(codes_sent, len(limits.resend_waits_s)) - 1])
