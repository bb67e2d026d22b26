"""Watches for a clock that is set back, and makes due what was queued while it ran ahead."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from chatbot.service import Service
from store.chats import future_times
from store.database import StoreError

log = structlog.get_logger(__name__)

INTERVAL_S = 30.0
SLEW = timedelta(seconds=1)
"""Time servers correct a clock by fractions of a second without a step worth a line in the log."""


class ClockWatch:
    """Compares the clock with its last reading. `wake` wakes the dispatcher of letters."""

    def __init__(self, service: Service, wake: Callable[[], None]) -> None:
        self._service = service
        self._wake = wake
        self._seen: datetime | None = None

    async def look(self) -> None:
        """Make letters due that were queued in the future, at the first look and whenever the clock was set back."""
        now, seen = self._service.clock.now(), self._seen
        self._seen = now
        if seen is not None:
            if now >= seen - SLEW:
                return
            log.warning("the clock was set back", by_s=round((seen - now).total_seconds()))
        try:
            rows = await self._service.database.write(lambda tx: future_times.correct_letters(tx, now))
        except StoreError as error:
            log.error("letters that were queued in the future could not be made due", reason=str(error))
            return
        if rows:
            log.warning("letters were queued in the future and are due now: a clock ran ahead", rows=rows)
            self._wake()

    async def run(self) -> None:
        """Look twice a minute, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_S)
