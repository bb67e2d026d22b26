"""Limits on customers' requests and messages: their number and their bytes, by session and by network address.

Each message is kept for months, so the limits of an hour bound what one address can write to the disk.
"""

from collections.abc import Callable
from time import monotonic

from chatbot.http.rate_limit import FixedWindowLimit
from chatbot.service import Service

TEN_SECONDS_S, HOUR_S = 10, 3600
KIB = 1024


class MessageLimits:
    """Counts in memory; each process counts alone."""

    def __init__(self, service: Service, clock: Callable[[], float] = monotonic) -> None:
        self._service = service
        limits = service.settings.limits
        self._requests = FixedWindowLimit(limits.messages_per_ten_seconds, TEN_SECONDS_S, clock)
        self._of_session = FixedWindowLimit(limits.messages_per_session_per_hour, HOUR_S, clock)
        self._of_address = FixedWindowLimit(limits.messages_per_address_per_hour, HOUR_S, clock)
        self._bytes = FixedWindowLimit(limits.text_kilobytes_per_address_per_hour * KIB, HOUR_S, clock)

    def may_request(self, session: str) -> bool:
        """Count a request of any kind; False above the session's limit."""
        return self._requests.allows(session) or self._of_one_browser("messages_per_ten_seconds")

    def may_say(self, session: str, address: str, text: str | None) -> bool:
        """Count a message; False above a limit. `text` is None for a choice."""
        if not self._of_session.allows(session):
            return self._of_one_browser("messages_per_session_per_hour")
        if not self._of_address.allows(address):
            self._service.refusals.of_address("messages_per_address_per_hour")
            return False
        if text and not self._bytes.allows(address, len(text) if text.isascii() else len(text.encode())):
            self._service.refusals.of_address("text_kilobytes_per_address_per_hour")
            return False
        return True

    def _of_one_browser(self, limit: str) -> bool:
        self._service.metrics.slowed_down.labels(limit=limit).inc()
        return False
