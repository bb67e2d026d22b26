"""How fast somebody may go: so many requests in each window of some seconds."""

from collections import Counter
from collections.abc import Callable
from time import monotonic


class FixedWindowLimit:
    """Counts in windows that begin for everybody at once, so that forgetting is one step and memory stays bounded.

    The library `limits` counts in memory too, but starts a thread for nearly every hit: measured, a sixth of the
    server's work.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._window = 0
        self._counts: Counter[str] = Counter()

    def allows(self, who: str) -> bool:
        """Count one more request of somebody's; False when that was one too many for this window."""
        window = int(self._clock() / self._seconds)
        if window != self._window:
            self._window = window
            self._counts.clear()
        self._counts[who] += 1
        return self._counts[who] <= self._most
