"""Counting and logging what a limit refused or delayed."""

from collections.abc import Callable
from time import monotonic
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

LOG_INTERVAL_S = 3600.0
"""Each limit is logged once in this time: clients must not decide the number of log lines."""


class Counter(Protocol):
    """A metric with the label `limit`, such as Prometheus's."""

    def labels(self, *, limit: str) -> "Counter":
        """Return the counter of one limit."""

    def inc(self) -> None:
        """Add one."""


class Refusals:
    """Counts refusals by limit, and logs the first of each hour without saying whose it was."""

    def __init__(self, counter: Counter, clock: Callable[[], float] = monotonic) -> None:
        self._counter = counter
        self._clock = clock
        self._quiet_until: dict[str, float] = {}

    def of_address(self, limit: str) -> None:
        """Count a refusal by a limit of one network address."""
        self._counter.labels(limit=limit).inc()
        if self._is_new(limit):
            log.warning("a network address is at its limit; if it is your proxy's, list it", limit=limit)

    def of_all(self, limit: str) -> None:
        """Count a refusal by a limit that everybody shares: then honest customers are refused too."""
        self._counter.labels(limit=limit).inc()
        if self._is_new(limit):
            log.error("the service is full and refuses customers", limit=limit)

    def _is_new(self, limit: str) -> bool:
        now = self._clock()
        if now < self._quiet_until.get(limit, now):
            return False
        self._quiet_until[limit] = now + LOG_INTERVAL_S
        return True
