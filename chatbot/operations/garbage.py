"""Garbage collection without long pauses, however many customers are connected.

Python's full collection looks at every object, which takes over a second with 10,000 connections, and the process
stands still meanwhile. Here each object is looked at a few times while it is young. Those that are alive then are
frozen: put where no later collection looks. So a collection takes as long as there are new objects, and those are few.

A frozen object is freed as soon as nothing refers to it, like any other. Frozen objects that refer to one another in a
circle are not, so a connection must leave none behind (a test holds this; see `WebSocket.wait`). What else may gather
over months is collected at an hour at which hardly anybody is connected.
"""

import asyncio
import gc
from collections.abc import Callable
from time import thread_time

import structlog

from chatbot.service import Service

log = structlog.get_logger(__name__)

# Python's are 700, 10 and 10. A full collection, which freezes, then looks at 12,000 objects at the most: 1 or 2 ms.
THRESHOLDS = (2_000, 2, 1)
REPORT_INTERVAL_S = 15.0
THAW_INTERVAL_S = 3600.0
# Up to so many connections, a thorough collection takes hardly longer than with none.
MAX_CONNECTIONS_TO_THAW = 50


class GarbagePolicy:
    """Freezes what survives, measures each pause, and thaws when hardly anybody is connected.

    `connections` returns the number of open connections.
    """

    def __init__(self, service: Service, connections: Callable[[], int]) -> None:
        self._service = service
        self._connections = connections
        self._before = gc.get_threshold()
        self._began = 0.0
        self._longest_s = 0.0
        self._frozen_at_thaw = 0

    def start(self) -> None:
        """Freeze everything that has been loaded. From here on the process collects by this policy."""
        gc.freeze()
        gc.collect()  # tells the collector that nothing is old: it waits for a quarter of that to become new
        self._before = gc.get_threshold()
        gc.set_threshold(*THRESHOLDS)
        self._frozen_at_thaw = gc.get_freeze_count()
        gc.callbacks.append(self._collecting)

    def stop(self) -> None:
        """Collect as Python does by itself."""
        gc.callbacks.remove(self._collecting)
        gc.unfreeze()
        gc.set_threshold(*self._before)

    async def run(self) -> None:
        """Report the longest pauses and thaw when it is due, until cancelled."""
        self.start()
        loop = asyncio.get_running_loop()
        thaw_at = loop.time() + THAW_INTERVAL_S
        try:
            while True:
                await asyncio.sleep(REPORT_INTERVAL_S)
                self._service.metrics.gc_pause.set(self._longest_s)
                self._longest_s = 0.0
                if loop.time() >= thaw_at and self.thaw():
                    thaw_at = loop.time() + THAW_INTERVAL_S
        finally:
            self.stop()

    def thaw(self) -> bool:
        """Collect what is frozen too, if it has grown; False: too many are connected to pause for it."""
        if self._connections() > MAX_CONNECTIONS_TO_THAW:
            return False
        if gc.get_freeze_count() > self._frozen_at_thaw:
            gc.unfreeze()
            gc.collect()  # the callback freezes what is left
            gc.collect()
            self._frozen_at_thaw = gc.get_freeze_count()
            self._longest_s = 0.0
        return True

    def _collecting(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = thread_time()
            return
        self._longest_s = max(self._longest_s, thread_time() - self._began)
        if info["generation"] == 2:
            gc.freeze()
