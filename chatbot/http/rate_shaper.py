"""Spacing out work in memory: a rate per key, above which work waits and is not refused."""

from collections.abc import Callable
from time import monotonic

MIN_SWEEP = 1024


class RateShaper:
    """The generic cell rate algorithm: `rate` units of work a second for each key, and `burst` of them at once.

    Who stays below the rate never waits. A key's work above it is spaced out evenly, so that the process has time for
    the other keys in between. Keys without recent work are forgotten, so memory follows the keys that are busy now.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = monotonic) -> None:
        self._seconds_a_unit = 1 / rate
        self._burst_s = burst / rate
        self._clock = clock
        self._free_at: dict[str, float] = {}
        self._sweep_at = MIN_SWEEP

    def wait_s(self, key: str, cost: float = 1.0) -> float:
        """Count work of a key; returns the seconds that it has to wait, 0 below the rate."""
        now = self._clock()
        free_at = self._free_at.get(key, now)
        free_at = max(free_at, now)
        self._free_at[key] = free_at + cost * self._seconds_a_unit
        if len(self._free_at) > self._sweep_at:
            self._sweep(now)
        wait = free_at - now - self._burst_s
        return wait if wait > 0 else 0.0

    def backlog_s(self, key: str) -> float:
        """Return the seconds that the next work of a key would have to wait, without counting any."""
        now = self._clock()
        return max(0.0, self._free_at.get(key, now) - now - self._burst_s)

    def _sweep(self, now: float) -> None:
        self._free_at = {key: free_at for key, free_at in self._free_at.items() if free_at > now}
        self._sweep_at = max(MIN_SWEEP, 2 * len(self._free_at))
