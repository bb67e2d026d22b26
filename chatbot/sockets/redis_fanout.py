"""Fan-out over Redis: brings an emit to a room's members at the service's other processes.

This is python-socketio's Redis manager with another protocol. Its own has one channel, which carries everything to
every process, and each process decodes it all.

Protocol: JSON over Redis pub/sub. A message carries its sender's `host_id`; a process ignores its own.

1. Subscribe. Each room has a channel, `<channel><namespace>:<room>`, and a process subscribes to it while the room has
   local members. All processes subscribe to `<channel>`, for emits without a room.
2. Announce. When Redis confirms a subscription, the process publishes `{"method": "hello"}` on the room's channel.
   PUBLISH returns the number of receivers, itself included, so it knows whether remote members exist.
3. Reply. Each receiver records that remote members exist, and publishes `{"method": "here", "to": <host_id>}`. After
   the last reply nothing that others publish to the room is missed. A client's connect handler waits for that, at most
   JOIN_TIMEOUT_S; it then reads earlier messages from the database.
4. Publish. An emit, `{"method": "emit", …}` as python-socketio writes it, is published only if remote members may
   exist. Leaving is not announced, so that a process may publish in vain, but never fails to publish.

Without Redis: nobody waits for it. A ping every PING_INTERVAL_S notices the loss. The process reconnects, subscribes
and announces again, and publishes its backlog. `chatbot.sockets.missed_messages` reads missed messages from the
database meanwhile.

Assumptions: every message is stored before it is emitted, and has a number by which clients drop repeats, so that
losing or repeating one does no harm. Few processes have members in the same room.

It buys: one publish instead of one a process (23–185 µs), and none at all for a customer with a single device. With
four processes, python-socketio's manager costs a turn 230 µs of CPU where it is taken and 155 µs at each of the others;
this one 0 µs with one device, 145 µs with two, and 580 µs once a connection.

To switch it off, leave `redis.url` empty and run a single process.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import socketio
import structlog
from prometheus_client import Gauge
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatbot.sockets.remote_members import RemoteMembers
from chatbot.sockets.rooms import Rooms

log = structlog.get_logger(__name__)

REDIS_TIMEOUT_S = 2.0
PING_INTERVAL_S = 2.0
RECONNECT_INTERVAL_S = 1.0
JOIN_TIMEOUT_S = 0.5
MAX_BATCH = 500
# Emits kept while Redis is away. The others read older ones from the database meanwhile.
MAX_BACKLOG = 1000
REDIS_OPTIONS = {
    "socket_timeout": REDIS_TIMEOUT_S,
    "socket_connect_timeout": REDIS_TIMEOUT_S,
    "retry": Retry(NoBackoff(), 0),  # no silent reconnect: subscriptions would be missing
    "protocol": 2,
}

FanoutMessage = dict[str, Any]
T = TypeVar("T")


class RedisFanout(Rooms, socketio.AsyncRedisManager):  # type: ignore[misc]
    """Client manager of one process. Processes that share a Redis and `channel` are one service.

    `up`: gauge, 1 while Redis answers.
    """

    def __init__(self, url: str, channel: str, up: Gauge) -> None:
        # `write_only`: starts no listener of python-socketio's; `run` listens.
        super().__init__(url, channel=channel, write_only=True, redis_options=dict(REDIS_OPTIONS))
        self._up = up
        self._remote = RemoteMembers()
        self._subscription_changes: dict[str, bool] = {}
        self._announcements: dict[str, None] = {}
        self._replies: list[tuple[str, FanoutMessage]] = []
        self._backlog: deque[tuple[str, FanoutMessage]] = deque(maxlen=MAX_BACKLOG)
        self._has_work = asyncio.Event()
        self._pong = asyncio.Event()
        # Not `connected`: python-socketio's manager sets that before Redis has answered.
        self.online = False
        self.went_offline = asyncio.Event()
        """Set when Redis is lost; a waiting reader clears it."""

    def has_remote_members(self, namespace: str, room: str) -> bool:
        """Tell whether another process may have members in a room."""
        return self._remote.may_exist(self._channel_of(namespace, room))

    async def wait_until_announced(self, namespace: str, room: str) -> None:
        """Wait until other processes publish to a room just entered: JOIN_TIMEOUT_S at most, not without Redis."""
        await self._remote.wait_until_announced(self._channel_of(namespace, room), JOIN_TIMEOUT_S)

    async def run(self) -> None:
        """Subscribe, publish and reconnect, until cancelled."""
        while True:
            try:
                self._redis_connect()
                async with self.redis, self.redis.pubsub() as pubsub:
                    await self._communicate(pubsub)
            except (RedisError, OSError, TimeoutError) as error:
                self._set_offline(error)
            _raise_if_cancelled()
            await asyncio.sleep(RECONNECT_INTERVAL_S)

    # ── the interface to python-socketio ─────────────────────────────────────────────────────────────────────

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Enter a room; its first local member subscribes to its channel."""
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        if room is None or room == sid or (channel := self._channel_of(namespace, room)) in self._remote:
            return
        self._remote.add(channel, will_announce=self.online)
        self._change_subscription(channel, True)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Leave a room; its last local member unsubscribes from its channel."""
        super().basic_leave_room(sid, namespace, room)
        if room is None or room in self.rooms.get(namespace, {}):
            return
        if (channel := self._channel_of(namespace, room)) in self._remote:
            self._remote.remove(channel)
            self._change_subscription(channel, False)

    async def _publish(self, data: FanoutMessage) -> None:
        """Queue an emit for other processes, if a remote member may exist. Other methods are not published."""
        namespace, room = data["namespace"], data.get("room")
        if data["method"] != "emit" or self.is_sid_room(namespace, room):
            return
        if room is None or self.has_remote_members(namespace, room):
            self._backlog.append((self._channel_of(namespace, room), data))
            self._has_work.set()

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _communicate(self, pubsub: PubSub) -> None:
        self._subscription_changes = dict.fromkeys(self._remote, True)
        await pubsub.subscribe(self.channel)
        await self._apply_subscription_changes(pubsub)
        _raise_if_cancelled()
        self._has_work.set()  # for the backlog
        work = (self._receive_messages(pubsub), self._ping(pubsub), self._send_messages(pubsub))
        tasks = [asyncio.create_task(each) for each in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _ping(self, pubsub: PubSub) -> None:
        """Ping in intervals. The first pong follows the confirmations of all earlier subscriptions: we are online."""
        while True:
            self._pong.clear()
            await pubsub.ping()
            _raise_if_cancelled()
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                await self._pong.wait()
            if not self.online:
                self._set_online()
            await asyncio.sleep(PING_INTERVAL_S)

    async def _send_messages(self, pubsub: PubSub) -> None:
        while True:
            _raise_if_cancelled()
            await self._has_work.wait()
            self._has_work.clear()
            await self._apply_subscription_changes(pubsub)
            await self._announce()
            await self._reply()
            while self._backlog:
                await self._publish_backlog()

    async def _apply_subscription_changes(self, pubsub: PubSub) -> None:
        changes, self._subscription_changes = self._subscription_changes, {}
        for channels in _batches([channel for channel, wanted in changes.items() if wanted]):
            await pubsub.subscribe(*channels)
        for channels in _batches([channel for channel, wanted in changes.items() if not wanted]):
            await pubsub.unsubscribe(*channels)

    async def _announce(self) -> None:
        announcements, self._announcements = list(self._announcements), {}
        for channels in _batches(announcements):
            receivers = await self._publish_all((channel, {"method": "hello"}) for channel in channels)
            for channel, count in zip(channels, receivers, strict=True):
                self._remote.announced(channel, count - 1)

    async def _reply(self) -> None:
        """Reply to announcements. Losing a reply costs its receiver JOIN_TIMEOUT_S."""
        replies, self._replies = self._replies, []
        for batch in _batches(replies):
            await self._publish_all(batch)

    async def _publish_backlog(self) -> None:
        batch = [self._backlog.popleft() for _ in range(min(MAX_BATCH, len(self._backlog)))]
        try:
            await self._publish_all(batch)
        except BaseException:
            self._backlog.extendleft(reversed(batch))
            raise

    async def _publish_all(self, messages: Iterable[tuple[str, FanoutMessage]]) -> list[int]:
        """Publish (channel, message) in one round trip; return the number of receivers of each."""
        pipeline = self.redis.pipeline(transaction=False)
        for channel, message in messages:
            pipeline.publish(channel, self.json.dumps({**message, "host_id": self.host_id}))
        counts: list[int] = await pipeline.execute()
        return counts

    # ── receiving ────────────────────────────────────────────────────────────────────────────────────────────

    async def _receive_messages(self, pubsub: PubSub) -> None:
        while True:
            received = await pubsub.get_message(timeout=None)
            _raise_if_cancelled()
            match received:
                case {"type": "pong"}:
                    self._pong.set()
                case {"type": "subscribe", "channel": channel}:
                    self._subscribed(channel.decode())
                case {"type": "message", "channel": channel, "data": data}:
                    await self._receive(channel.decode(), data)

    def _subscribed(self, channel: str) -> None:
        if channel in self._remote:
            self._remote.start_announcing(channel)
            self._announcements[channel] = None
            self._has_work.set()

    async def _receive(self, channel: str, data: bytes) -> None:
        try:
            message = json.loads(data)
            if message["host_id"] == self.host_id:
                return
            if message["method"] == "hello":
                self._remote.record(channel, True)
                self._replies.append((channel, {"method": "here", "to": message["host_id"]}))
                self._has_work.set()
            elif message["method"] == "here" and message["to"] == self.host_id:
                self._remote.replied(channel)
            elif message["method"] == "emit":
                await self._handle_emit(message)
        except (ValueError, KeyError, TypeError):
            log.exception("a message of another process could not be read")

    # ── state ────────────────────────────────────────────────────────────────────────────────────────────────

    def _set_online(self) -> None:
        self.online = True
        self._up.set(1)
        log.info("redis answers")

    def _set_offline(self, error: Exception) -> None:
        if self.online or not self.went_offline.is_set():
            log.warning(
                "redis does not answer; what other processes say is read from the database",
                reason=type(error).__name__,
            )
        self.online = False
        self._up.set(0)
        self.went_offline.set()
        self._remote.reset()
        self._replies.clear()

    def _change_subscription(self, channel: str, wanted: bool) -> None:
        self._subscription_changes[channel] = wanted
        self._has_work.set()

    def _channel_of(self, namespace: str, room: str | None) -> str:
        return self.channel if room is None else f"{self.channel}{namespace}:{room}"


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), MAX_BATCH):
        yield items[start : start + MAX_BATCH]


def _raise_if_cancelled() -> None:
    """Raise CancelledError if the current task was cancelled before.

    redis-py (8.1) loses a quarter of the cancellations that come while it connects. The task would go on, and the
    service would never stop. For the same reason there is no task group here: on Python 3.11 it loses a cancellation
    that comes while it aborts, and leaves `cancelling()` wrong.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
