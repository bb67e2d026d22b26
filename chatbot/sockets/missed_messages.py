"""Telling our devices what other processes said to their sessions while Redis was away, from the database.

Some of it they may have heard already; they know by its number.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

import structlog

from chatbot.service import Service
from chatbot.sockets.redis_fanout import RedisFanout
from store.chats.conversations import Message
from store.chats.recent_messages import RecentMessages, recent_messages
from store.database import StoreError, Tx

log = structlog.get_logger(__name__)

EVERY_S = 2.0
# Processes come back to Redis one after the other, and who is back first does not hear the others yet.
GO_ON_FOR_S = 10.0
# Turns carry the time at which they began, by clocks that differ a little.
MARGIN = timedelta(seconds=10)
SESSIONS_AT_ONCE = 200
MOST_NEWS = 20

PublishMissed = Callable[[str, str, list[Message]], Awaitable[None]]
"""Tells a session's devices here about messages of a conversation: (session, conversation, messages)."""


class MissedMessagePoller:
    """Looks for news of the sessions that are connected here. `sessions` names them, `tell` reaches their devices."""

    def __init__(
        self, service: Service, fanout: RedisFanout, sessions: Callable[[], Iterable[str]], tell: PublishMissed
    ) -> None:
        self._service = service
        self._fanout = fanout
        self._sessions = sessions
        self._tell = tell
        self._told: dict[str, int] = {}

    async def run(self) -> None:
        """Catch up whenever Redis is away, and for a while after it is back; until cancelled."""
        while True:
            await self._fanout.disconnected.wait()
            await self._until_all_is_well()

    async def _until_all_is_well(self) -> None:
        since, well_for = self._service.clock.now() - MARGIN, 0.0
        while well_for < GO_ON_FOR_S:
            if self._fanout.connected:
                self._fanout.disconnected.clear()  # a loss from here on sets it again
            began = self._service.clock.now()
            try:
                await self.poll(since)
                since = began - MARGIN
            except StoreError as fault:
                log.warning("news could not be read from the database; it is tried again", reason=str(fault))
            await asyncio.sleep(EVERY_S)
            well_for = 0.0 if self._fanout.disconnected.is_set() else well_for + EVERY_S
        self._told.clear()

    async def poll(self, since: datetime) -> None:
        """Tell every session that is connected here what was said in its conversations since then."""
        for sessions in _portions(self._sessions()):
            for session, conversation, messages in await self._news(sessions, since):
                fresh = [message for message in messages if message.seq > self._told.get(conversation, 0)]
                if fresh:
                    self._told[conversation] = fresh[-1].seq
                    await self._tell(session, conversation, fresh)

    async def _news(self, sessions: list[str], since: datetime) -> list[RecentMessages]:
        # Always as many names, so that the database sees the same statement each time.
        names = sessions + sessions[-1:] * (SESSIONS_AT_ONCE - len(sessions))

        def look(tx: Tx) -> list[RecentMessages]:
            return recent_messages(tx, names, since, MOST_NEWS)

        return await self._service.database.read_in_thread(look)


def _portions(sessions: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(list(sessions))
    while portion := list(islice(remaining, SESSIONS_AT_ONCE)):
        yield portion
