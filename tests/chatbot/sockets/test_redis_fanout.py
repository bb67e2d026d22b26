"""Fan-out between processes, through a real Redis."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio
from prometheus_client import CollectorRegistry, Gauge
from redis.asyncio import Redis
from structlog.testing import capture_logs

from chatbot.sockets.redis_fanout import RedisFanout
from tests.waiting import MAX_WAIT_S, POLL_INTERVAL_S, wait_until

pytestmark = pytest.mark.soak(repeat=20)

CHAT, ROOM = "/chat", "a session"


@pytest.fixture
def channel() -> str:
    return f"billchat-test-{uuid.uuid4().hex}"


def new_fanout(redis_url: str, channel: str) -> RedisFanout:
    return RedisFanout(redis_url, channel, Gauge("up", "", registry=CollectorRegistry()))


@asynccontextmanager
async def process(redis_url: str, channel: str) -> AsyncIterator[RedisFanout]:
    """The fan-out of one process; it is online."""
    fanout = new_fanout(redis_url, channel)
    socketio.AsyncServer(client_manager=fanout, namespaces=[CHAT])
    running = asyncio.create_task(fanout.run())
    await wait_until(lambda: fanout.online)
    yield fanout
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def enter(fanout: RedisFanout, device: str) -> None:
    fanout.basic_enter_room(device, CHAT, ROOM, eio_sid=device)
    await fanout.wait_until_announced(CHAT, ROOM)


async def test_a_process_with_the_only_members_of_a_room_need_not_publish(redis_url: str, channel: str) -> None:
    async with process(redis_url, channel) as here, process(redis_url, channel) as there:
        assert here.has_remote_members(CHAT, ROOM), "unknown without local members"
        await enter(here, "laptop")
        await wait_until(lambda: not here.has_remote_members(CHAT, ROOM))
        await enter(there, "phone")
        await wait_until(lambda: here.has_remote_members(CHAT, ROOM))
        assert there.has_remote_members(CHAT, ROOM)


async def test_joining_waits_until_every_process_with_members_has_replied(
    redis_url: str, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.sockets.redis_fanout.JOIN_TIMEOUT_S", 30)
    async with process(redis_url, channel) as here, process(redis_url, channel) as slow:
        await enter(here, "laptop")
        await enter(slow, "tablet")
        await wait_until(lambda: here.has_remote_members(CHAT, ROOM) and slow.has_remote_members(CHAT, ROOM))
        received, may_go_on, receive = asyncio.Event(), asyncio.Event(), slow._receive

        async def receive_late(channel: str, data: bytes) -> None:
            received.set()
            await may_go_on.wait()
            await receive(channel, data)

        monkeypatch.setattr(slow, "_receive", receive_late)
        async with process(redis_url, channel) as there:
            joining = asyncio.create_task(enter(there, "phone"))
            await received.wait()
            await asyncio.sleep(0.05)
            assert not joining.done()
            may_go_on.set()
            await joining


async def test_thousands_of_announcements_push_no_emit_out_of_the_backlog(redis_url: str, channel: str) -> None:
    here = new_fanout(redis_url, channel)
    server = socketio.AsyncServer(client_manager=here, namespaces=[CHAT])
    for number in range(800):
        await server.emit("messages", {"said": number}, namespace=CHAT, room=f"{ROOM} {number}")
    for _ in range(2000):
        await here._receive(channel, b'{"host_id": "another", "method": "hello"}')
    assert len(here._backlog) == 800
    assert len(here._replies) == 2000


async def test_an_emit_that_failed_is_published_once_after_the_reconnect(
    redis_url: str, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.sockets.redis_fanout.RECONNECT_INTERVAL_S", 0.01)
    received: list[bytes] = []

    async def receive(channel: str, data: bytes) -> None:
        received.append(data)

    async with process(redis_url, channel) as here, process(redis_url, channel) as there:
        await enter(there, "phone")
        monkeypatch.setattr(there, "_receive", receive)
        publish, failures = here._publish_all, iter([True])

        async def fail_once(messages: Any) -> list[int]:
            if next(failures, False):
                raise ConnectionResetError("Redis restarts")
            return await publish(messages)

        monkeypatch.setattr(here, "_publish_all", fail_once)
        await here.emit("messages", {"said": "once"}, namespace=CHAT, room=ROOM)
        await wait_until(lambda: len(received) == 1)
        assert b'"said": "once"' in received[0] or b'"said":"once"' in received[0]


async def test_a_process_is_online_only_after_redis_has_answered(channel: str, unused_tcp_port: int) -> None:
    fanout = new_fanout(f"redis://127.0.0.1:{unused_tcp_port}/0", channel)
    with capture_logs() as logged:
        running = asyncio.create_task(fanout.run())
        await wait_until(fanout.went_offline.is_set)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert not fanout.online
    assert fanout._up._value.get() == 0
    assert [line["log_level"] for line in logged] == ["warning"]


async def test_redis_that_answers_is_reported_by_log_and_metric(redis_url: str, channel: str) -> None:
    with capture_logs() as logged:
        async with process(redis_url, channel) as here:
            assert here._up._value.get() == 1
    assert [line["event"] for line in logged] == ["redis answers"]


async def test_two_services_that_share_a_redis_do_not_hear_each_other(redis_url: str, channel: str) -> None:
    async with process(redis_url, channel) as here, process(redis_url, f"{channel}-other") as there:
        await enter(here, "laptop")
        await enter(there, "phone")
        await wait_until(lambda: not here.has_remote_members(CHAT, ROOM) and not there.has_remote_members(CHAT, ROOM))


async def test_the_last_local_member_of_a_room_unsubscribes_from_its_channel(redis_url: str, channel: str) -> None:
    async with Redis.from_url(redis_url) as redis, process(redis_url, channel) as here:

        async def subscribers() -> int:
            [(_, count)] = await redis.pubsub_numsub(f"{channel}{CHAT}:{ROOM}")
            return int(count)

        await enter(here, "laptop")
        await enter(here, "phone")
        assert await subscribers() == 1
        here.basic_leave_room("phone", CHAT, ROOM)
        await asyncio.sleep(0.02)
        assert await subscribers() == 1
        here.basic_leave_room("laptop", CHAT, ROOM)
        async with asyncio.timeout(MAX_WAIT_S):
            while await subscribers():
                await asyncio.sleep(POLL_INTERVAL_S)


async def test_a_malformed_message_does_no_harm(redis_url: str, channel: str) -> None:
    async with Redis.from_url(redis_url) as redis, process(redis_url, channel) as here:
        await enter(here, "laptop")
        await wait_until(lambda: not here.has_remote_members(CHAT, ROOM))
        for sent in ("", "{", "[]", "{}", '{"host_id": "x", "method": "emit"}', '{"host_id": "x", "method": "hello"}'):
            await redis.publish(f"{channel}{CHAT}:{ROOM}", sent)
        await wait_until(lambda: here.has_remote_members(CHAT, ROOM))
        assert here.online


async def test_it_stops_at_whatever_moment_it_is_told_to(redis_url: str, channel: str) -> None:
    moments = random.Random(1)
    for _ in range(60):
        fanout = RedisFanout(redis_url, channel, Gauge("up", "", registry=CollectorRegistry()))
        socketio.AsyncServer(client_manager=fanout, namespaces=[CHAT])
        running = asyncio.create_task(fanout.run())
        await asyncio.sleep(moments.random() * 0.004)  # while it connects, most likely
        running.cancel()
        ended, _ = await asyncio.wait([running], timeout=MAX_WAIT_S)
        assert ended
