"""The limits of one-time codes: whether a code may be sent now, and after which wait.

Suspicion is counted, success is not: identifiers without a right code, and wrong codes. A stranger must not be able to
stop an identifier's owner, so a limit of an identifier is shared out: one network address gets a part, all addresses
together leave a reserve, and a browser that gave a right code for the identifier before may use the reserve.
"""

from datetime import datetime, timedelta
from fractions import Fraction

from chatbot.config.settings import LimitSettings
from store.chats.codes import CodeHistory, CodeLimits

_ZERO, _TEN_MINUTES = timedelta(0), timedelta(minutes=10)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


STRANGERS_SHARE = Fraction(4, 5)
"""Part of an identifier's failures that browsers which are not known for it may cause together."""
ADDRESS_SHARE = Fraction(3, 5)
"""Part that they may cause from one network address: more than the tries of one code."""


def query_limits(limits: LimitSettings) -> CodeLimits:
    """Return the limits that the queries need."""
    return CodeLimits(
        failures_per_hour=limits.failures_per_hour,
        failures_in_a_row=limits.failures_in_a_row,
        strangers_per_hour=_share(limits.failures_per_hour, STRANGERS_SHARE),
        strangers_in_a_row=_share(limits.failures_in_a_row, STRANGERS_SHARE),
        one_address_per_hour=_share(limits.failures_per_hour, ADDRESS_SHARE),
        one_address_in_a_row=_share(limits.failures_in_a_row, ADDRESS_SHARE),
        failures_per_address_per_hour=limits.failures_per_address_per_hour,
        codes_per_ten_minutes=limits.codes_per_ten_minutes,
        codes_per_day=limits.codes_per_day,
        codes_per_day_from_all_addresses=limits.codes_per_day_from_all_addresses,
    )


def time_until_allowed(limits: LimitSettings, history: CodeHistory, now: datetime) -> timedelta:
    """Return the time until a code may be sent; zero or less when it may be sent now."""
    waits = [_ZERO]
    if history.failures_in_a_row is not None or history.one_address_in_a_row is not None:
        waits.append(_DAY)  # locked, a day at a time, until an operator unlocks it
    for full_since, window in (
        (history.failures_per_address_per_hour, _HOUR),
        (history.failures_per_hour, _HOUR),
        (history.one_address_per_hour, _HOUR),
        (history.codes_per_ten_minutes, _TEN_MINUTES),
        (history.codes_per_day, _DAY),
        (history.codes_per_day_from_all_addresses, _DAY),
    ):
        if full_since is not None:
            waits.append(full_since + window - now)
    if history.asked_at is not None:
        waits.append(history.asked_at + resend_wait(limits, history.asked) - now)
    address_is_full = history.tried >= limits.identifiers_per_address_per_hour and not history.is_known
    for is_full, first_at, counts_already in (
        (address_is_full, history.tried_at, history.tried_this),
        (history.named >= limits.identifiers_per_conversation_per_hour, history.named_at, history.named_this),
    ):
        if is_full and first_at is not None and not counts_already:
            waits.append(first_at + _HOUR - now)
    return max(waits)


def resend_wait(limits: LimitSettings, codes_sent: int) -> timedelta:
    """Return the wait before the next code to the same identifier, by the number of codes sent in a conversation."""
    return timedelta(seconds=limits.resend_waits_s[min(codes_sent, len(limits.resend_waits_s)) - 1])


def _share(limit: int, share: Fraction) -> int:
    return max(1, int(limit * share))
