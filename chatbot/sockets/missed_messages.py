"""Polls the database for messages that other processes emitted while Redis was away.

Repeats are possible: clients drop them by their number.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

import structlog

from chatbot.service import Service
from chatbot.sockets.redis_fanout import RedisFanout
from store.chats.conversations import ConversationAccess, Message
from store.chats.recent_messages import RecentMessages, recent_messages
from store.database import StoreError, Tx

log = structlog.get_logger(__name__)

POLL_INTERVAL_S = 2.0
# Processes reconnect one after the other: the first to be online again still misses the others' messages.
POLL_AFTER_RECONNECT_S = 10.0
# A message carries the time at which its turn began, by the clock of its machine.
CLOCK_TOLERANCE = timedelta(seconds=10)
SESSIONS_PER_QUERY = 200
MAX_MESSAGES = 20

DeliverMissed = Callable[[str, str, list[Message], ConversationAccess], Awaitable[None]]
"""Sends messages to a session's devices on this process: (session, conversation, messages, access to them)."""


class MissedMessagePoller:
    """Delivers missed messages to local devices. `sessions` returns the sessions that have any."""

    def __init__(
        self, service: Service, fanout: RedisFanout, sessions: Callable[[], Iterable[str]], deliver: DeliverMissed
    ) -> None:
        self._service = service
        self._fanout = fanout
        self._sessions = sessions
        self._deliver = deliver
        self._last_delivered: dict[str, int] = {}

    async def run(self) -> None:
        """Poll while Redis is away and POLL_AFTER_RECONNECT_S longer, until cancelled."""
        while True:
            await self._fanout.went_offline.wait()
            await self._poll_until_recovered()

    async def _poll_until_recovered(self) -> None:
        since, online_s = self._service.clock.now() - CLOCK_TOLERANCE, 0.0
        while online_s < POLL_AFTER_RECONNECT_S:
            if self._fanout.online:
                self._fanout.went_offline.clear()  # the next loss sets it again
            started = self._service.clock.now()
            try:
                await self.poll(since)
                since = started - CLOCK_TOLERANCE
            except StoreError as error:
                log.warning("news could not be read from the database; it is tried again", reason=str(error))
            await asyncio.sleep(POLL_INTERVAL_S)
            online_s = 0.0 if self._fanout.went_offline.is_set() else online_s + POLL_INTERVAL_S
        self._last_delivered.clear()

    async def poll(self, since: datetime) -> None:
        """Deliver the messages since a time in the conversations of every local session, each message once."""
        sessions = list(self._sessions())
        for start in range(0, len(sessions), SESSIONS_PER_QUERY):
            recent = await self._read_recent(sessions[start : start + SESSIONS_PER_QUERY], since)
            for session, conversation, messages, access in recent:
                last = self._last_delivered.get(conversation, 0)
                missed = [message for message in messages if message.seq > last]
                if missed:
                    self._last_delivered[conversation] = missed[-1].seq
                    await self._deliver(session, conversation, missed, access)

    async def _read_recent(self, sessions: list[str], since: datetime) -> list[RecentMessages]:
        # Padded to a fixed number, so that the database sees one statement and prepares it once.
        padded = sessions + sessions[-1:] * (SESSIONS_PER_QUERY - len(sessions))

        def read(tx: Tx) -> list[RecentMessages]:
            return recent_messages(tx, padded, since, MAX_MESSAGES)

        return await self._service.database.read_in_thread(read)
