"""The service's other processes: what is said to a room here is heard by its members there, through Redis.

This is python-socketio's Redis manager with another way of sending. There, one channel carries everything to every
process, and each decodes it all. Here every room has a channel, which only processes with a member in it listen to, and
a process that has a room to itself sends nothing: a turn of a customer with one device does not touch Redis at all.

Redis only signals, and nobody waits for it. While it is away messages are missed; `chatbot.sockets.missed_messages`
reads them from the database.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any

import socketio
import structlog
from prometheus_client import Gauge
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatbot.sockets.rooms import Rooms

log = structlog.get_logger(__name__)

PATIENCE_S = 2.0
PING_EVERY_S = 2.0
RETRY_S = 1.0
# How long a device that arrives waits for its room's channel.
JOINING_S = 0.5
AT_ONCE = 500
# Messages that wait for Redis to come back. What is older, the others will have read from the database.
MOST_WAITING = 1000
OPTIONS = {
    "socket_timeout": PATIENCE_S,
    "socket_connect_timeout": PATIENCE_S,
    "retry": Retry(NoBackoff(), 0),  # a broken connection is to be noticed, and not mended in silence
    "protocol": 2,
}

FanoutMessage = dict[str, Any]


class RedisFanout(Rooms, socketio.AsyncRedisManager):  # type: ignore[misc]
    """Carries emits to rooms, and to nobody in particular, between processes; they share Redis and `channel`."""

    def __init__(self, url: str, channel: str, up: Gauge) -> None:
        # As one that only writes it starts no listener of its own: `run` listens.
        super().__init__(url, channel=channel, write_only=True, redis_options=dict(OPTIONS))
        self._up = up
        self._remote_members: dict[str, bool | None] = {}
        """By channel of a room with members here: whether another process has some too; None: not known yet."""
        self._changes: dict[str, bool] = {}
        self._to_announce: dict[str, None] = {}
        self._to_answer: list[tuple[str, FanoutMessage]] = []
        self._outgoing: deque[tuple[str, FanoutMessage]] = deque(maxlen=MOST_WAITING)
        self._joining: dict[str, asyncio.Future[None]] = {}
        self._unanswered: dict[str, int] = {}
        """Outstanding hello replies per channel; negative if replies overtake the subscriber count."""
        self._woken = asyncio.Event()
        self._ponged = asyncio.Event()
        self.connected = False
        self.disconnected = asyncio.Event()
        """Set since Redis was lost, until who waits for it clears it."""

    def may_hear(self, namespace: str, room: str) -> bool:
        """Tell whether another process may have members of a room."""
        return self._remote_members.get(self._channel_of(namespace, room), True) is not False

    async def joined(self, namespace: str, room: str) -> None:
        """Wait until a room that was just entered hears what is said elsewhere: not for long, not without Redis.

        What was said there until then is in the database.
        """
        if waiter := self._joining.get(self._channel_of(namespace, room)):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(JOINING_S):
                    await asyncio.shield(waiter)

    async def run(self) -> None:
        """Keep in touch with Redis, until cancelled."""
        while True:
            try:
                self._redis_connect()
                async with self.redis, self.redis.pubsub() as pubsub:
                    await self._keep_in_touch(pubsub)
            except* (RedisError, OSError, TimeoutError) as faults:
                self._lost(faults)
            await asyncio.sleep(RETRY_S)

    # ── what python-socketio calls ───────────────────────────────────────────────────────────────────────────

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Enter a room; the first member here opens its channel."""
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        if room is None or room == sid or (channel := self._channel_of(namespace, room)) in self._remote_members:
            return
        self._remote_members[channel] = None
        self._change(channel, True)
        if self.connected:
            self._joining[channel] = asyncio.get_running_loop().create_future()

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Leave a room; the last member here closes its channel."""
        super().basic_leave_room(sid, namespace, room)
        if room is None or room in self.rooms.get(namespace, {}):
            return
        channel = self._channel_of(namespace, room)
        if channel in self._remote_members:
            del self._remote_members[channel]
            self._change(channel, False)
            self._unanswered.pop(channel, None)
            self._let_go(channel)

    async def _publish(self, data: FanoutMessage) -> None:
        """Put an emit on its way to the others, if there may be any. Nothing but emits travels."""
        namespace, room = data["namespace"], data.get("room")
        if data["method"] != "emit" or self.is_sid_room(namespace, room):
            return
        if room is None or self.may_hear(namespace, room):
            self._outgoing.append((self._channel_of(namespace, room), data))
            self._woken.set()

    # ── what Redis hears from us ─────────────────────────────────────────────────────────────────────────────

    async def _keep_in_touch(self, pubsub: PubSub) -> None:
        self._changes = dict.fromkeys(self._remote_members, True)
        await pubsub.subscribe(self.channel)
        await self._change_channels(pubsub)
        self._woken.set()  # messages may wait from before
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen_to(pubsub))
            tasks.create_task(self._ping(pubsub))
            tasks.create_task(self._tell(pubsub))

    async def _ping(self, pubsub: PubSub) -> None:
        """Ask now and then; the first answer stands behind those to all that was subscribed before it."""
        while True:
            self._ponged.clear()
            await pubsub.ping()
            async with asyncio.timeout(PATIENCE_S):
                await self._ponged.wait()
            if not self.connected:
                self._found()
            await asyncio.sleep(PING_EVERY_S)

    async def _tell(self, pubsub: PubSub) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self._change_channels(pubsub)
            await self._announce()
            await self._answer()
            while self._outgoing:
                await self._send([self._outgoing.popleft() for _ in range(min(AT_ONCE, len(self._outgoing)))])

    async def _change_channels(self, pubsub: PubSub) -> None:
        """Subscribe to the channels of new rooms, and leave those of rooms without a member."""
        changes, self._changes = self._changes, {}
        for channels in _portions(channel for channel, wanted in changes.items() if wanted):
            await pubsub.subscribe(*channels)
        for channels in _portions(channel for channel, wanted in changes.items() if not wanted):
            await pubsub.unsubscribe(*channels)

    async def _announce(self) -> None:
        """Tell who else has a room that we have it now; Redis answers how many were told, ourselves among them."""
        announced, self._to_announce = list(self._to_announce), {}
        for channels in _portions(announced):
            reached = await self._publish_all((channel, {"method": "hello"}) for channel in channels)
            for channel, count in zip(channels, reached, strict=True):
                if count > 1 or self._remote_members.get(channel, True) is None:
                    self._note(channel, count > 1)
                self._await_answers(channel, count - 1)

    async def _answer(self) -> None:
        """Tell those who announced that we know of them. One that is lost costs them a moment's wait."""
        answers, self._to_answer = self._to_answer, []
        for portion in range(0, len(answers), AT_ONCE):
            await self._publish_all(answers[portion : portion + AT_ONCE])

    async def _send(self, messages: list[tuple[str, FanoutMessage]]) -> None:
        try:
            await self._publish_all(messages)
        except BaseException:
            self._outgoing.extendleft(reversed(messages))
            raise

    async def _publish_all(self, messages: Iterable[tuple[str, FanoutMessage]]) -> list[int]:
        pipeline = self.redis.pipeline(transaction=False)
        for channel, message in messages:
            pipeline.publish(channel, self.json.dumps({**message, "host_id": self.host_id}))
        counts: list[int] = await pipeline.execute()
        return counts

    # ── what we hear from Redis ──────────────────────────────────────────────────────────────────────────────

    async def _listen_to(self, pubsub: PubSub) -> None:
        while True:
            heard = await pubsub.get_message(timeout=None)
            match heard:
                case {"type": "pong"}:
                    self._ponged.set()
                case {"type": "subscribe", "channel": channel}:
                    self._subscribed(channel.decode())
                case {"type": "message", "channel": channel, "data": data}:
                    await self._take(channel.decode(), data)

    def _subscribed(self, channel: str) -> None:
        if channel in self._remote_members:
            self._to_announce[channel] = None
            self._unanswered[channel] = 0
            self._woken.set()

    async def _take(self, channel: str, data: bytes) -> None:
        try:
            message = json.loads(data)
            if message["host_id"] == self.host_id:
                return
            if message["method"] == "hello":
                self._note(channel, True)
                self._to_answer.append((channel, {"method": "here", "to": message["host_id"]}))
                self._woken.set()
            elif message["method"] == "here" and message["to"] == self.host_id:
                self._await_answers(channel, -1)
            elif message["method"] == "emit":
                await self._handle_emit(message)
        except (ValueError, KeyError, TypeError):
            log.exception("a message of another process could not be read")

    # ── what we know ─────────────────────────────────────────────────────────────────────────────────────────

    def _found(self) -> None:
        self.connected = True
        self._up.set(1)
        log.info("redis answers")

    def _lost(self, faults: BaseExceptionGroup[Exception]) -> None:
        if self.connected or not self.disconnected.is_set():
            log.warning(
                "redis does not answer; what other processes say is read from the database",
                reason=", ".join(type(fault).__name__ for fault in faults.exceptions),
            )
        self.connected = False
        self._up.set(0)
        self.disconnected.set()
        self._remote_members = dict.fromkeys(self._remote_members)
        self._unanswered.clear()
        self._to_answer.clear()
        for channel in list(self._joining):
            self._let_go(channel)

    def _note(self, channel: str, remote: bool) -> None:
        if channel in self._remote_members:
            self._remote_members[channel] = remote

    def _await_answers(self, channel: str, more: int) -> None:
        """Await so many more answers to a greeting. Once nobody owes one, all that is said is said to us as well."""
        if channel in self._unanswered:
            self._unanswered[channel] += more
            if self._unanswered[channel] == 0:
                del self._unanswered[channel]
                self._let_go(channel)

    def _change(self, channel: str, wanted: bool) -> None:
        self._changes[channel] = wanted
        self._woken.set()

    def _let_go(self, channel: str) -> None:
        if (waiter := self._joining.pop(channel, None)) is not None and not waiter.done():
            waiter.set_result(None)

    def _channel_of(self, namespace: str, room: str | None) -> str:
        return self.channel if room is None else f"{self.channel}{namespace}:{room}"


def _portions(channels: Iterable[str]) -> Iterable[list[str]]:
    remaining = iter(channels)
    while portion := list(islice(remaining, AT_ONCE)):
        yield portion
