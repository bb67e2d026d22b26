"""Rate limit in memory: a number of requests per key and window."""

from collections import Counter
from collections.abc import Callable
from time import monotonic


class FixedWindowLimit:
    """Fixed-window counter. All keys share one window, so its end is one `clear` and memory stays bounded.

    The library `limits` counts in memory too, but starts a thread for nearly every hit: measured, a sixth of the
    server's work.
    """

    def __init__(self, max_requests: int, window_s: float, clock: Callable[[], float] = monotonic) -> None:
        self._max_requests = max_requests
        self._window_s = window_s
        self._clock = clock
        self._window = 0
        self._counts: Counter[str] = Counter()

    def is_used_up(self, key: str) -> bool:
        """Tell whether the next request of a key would be above the limit; counts nothing."""
        return int(self._clock() / self._window_s) == self._window and self._counts[key] >= self._max_requests

    def allows(self, key: str, cost: int = 1) -> bool:
        """Count one request of a key, or as many units as it costs; False above the limit of the current window."""
        window = int(self._clock() / self._window_s)
        if window != self._window:
            self._window = window
            self._counts.clear()
        self._counts[key] += cost
        return self._counts[key] <= self._max_requests
