"""Processes that tell each other by Redis what was said, and nothing that nobody would hear."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import socketio
from prometheus_client import CollectorRegistry, Gauge
from redis.asyncio import Redis

from chatbot.sockets.missed_messages import MissedMessagePoller
from chatbot.sockets.redis_fanout import RedisFanout
from store.chats.conversations import Message
from tests.service_fixture import ServiceFixture

CHAT, ROOM = "/chat", "a session"


@pytest.fixture
def channel() -> str:
    return f"billchat-test-{uuid.uuid4().hex}"


@asynccontextmanager
async def process(redis_url: str, channel: str) -> AsyncIterator[RedisFanout]:
    """What one process has of its neighbours; it is in touch with Redis."""
    fanout = RedisFanout(redis_url, channel, Gauge("up", "", registry=CollectorRegistry()))
    socketio.AsyncServer(client_manager=fanout, namespaces=[CHAT])
    running = asyncio.create_task(fanout.run())
    await until(lambda: fanout.connected)
    yield fanout
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.005)


async def enter(fanout: RedisFanout, device: str) -> None:
    fanout.basic_enter_room(device, CHAT, ROOM, eio_sid=device)
    await fanout.joined(CHAT, ROOM)


async def test_who_has_a_room_to_himself_need_not_tell_anybody(redis_url: str, channel: str) -> None:
    async with process(redis_url, channel) as here, process(redis_url, channel) as there:
        assert here.may_hear(CHAT, ROOM), "of a room that has nobody here, nothing is known"
        await enter(here, "laptop")
        await until(lambda: not here.may_hear(CHAT, ROOM))
        await enter(there, "phone")
        await until(lambda: here.may_hear(CHAT, ROOM))
        assert there.may_hear(CHAT, ROOM)


async def test_who_joins_waits_until_all_who_may_say_something_know_of_it(
    redis_url: str, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.sockets.redis_fanout.JOINING_S", 30)
    async with process(redis_url, channel) as here, process(redis_url, channel) as busy:
        await enter(here, "laptop")
        await enter(busy, "tablet")
        await until(lambda: here.may_hear(CHAT, ROOM) and busy.may_hear(CHAT, ROOM))
        announced, goes_on, take = asyncio.Event(), asyncio.Event(), busy._take

        async def late(channel: str, data: bytes) -> None:
            announced.set()
            await goes_on.wait()
            await take(channel, data)

        monkeypatch.setattr(busy, "_take", late)
        async with process(redis_url, channel) as there:
            joining = asyncio.create_task(enter(there, "phone"))
            await announced.wait()
            await asyncio.sleep(0.05)
            assert not joining.done()
            goes_on.set()
            await joining


async def test_greetings_by_the_thousand_push_out_nothing_that_was_said(redis_url: str, channel: str) -> None:
    here = RedisFanout(redis_url, channel, Gauge("up", "", registry=CollectorRegistry()))
    server = socketio.AsyncServer(client_manager=here, namespaces=[CHAT])
    for number in range(800):
        await server.emit("messages", {"said": number}, namespace=CHAT, room=f"{ROOM} {number}")
    for _ in range(2000):
        await here._take(channel, b'{"host_id": "another", "method": "hello"}')
    assert len(here._outgoing) == 800
    assert len(here._to_answer) == 2000


async def test_what_could_not_be_told_is_told_once_redis_is_back(
    redis_url: str, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.sockets.redis_fanout.RETRY_S", 0.01)
    heard: list[bytes] = []

    async def take(channel: str, data: bytes) -> None:
        heard.append(data)

    async with process(redis_url, channel) as here, process(redis_url, channel) as there:
        await enter(there, "phone")
        monkeypatch.setattr(there, "_take", take)
        publish, breaks = here._publish_all, iter([True])

        async def broken(messages: Any) -> list[int]:
            if next(breaks, False):
                raise ConnectionResetError("Redis restarts")
            return await publish(messages)

        monkeypatch.setattr(here, "_publish_all", broken)
        await here.emit("messages", {"said": "once"}, namespace=CHAT, room=ROOM)
        await until(lambda: len(heard) == 1)
        assert b'"said": "once"' in heard[0] or b'"said":"once"' in heard[0]


async def test_two_services_that_share_a_redis_do_not_hear_each_other(redis_url: str, channel: str) -> None:
    async with process(redis_url, channel) as here, process(redis_url, f"{channel}-other") as there:
        await enter(here, "laptop")
        await enter(there, "phone")
        await until(lambda: not here.may_hear(CHAT, ROOM) and not there.may_hear(CHAT, ROOM))


async def test_a_room_that_everybody_left_is_listened_to_no_longer(redis_url: str, channel: str) -> None:
    async with Redis.from_url(redis_url) as redis, process(redis_url, channel) as here:

        async def listeners() -> int:
            [(_, count)] = await redis.pubsub_numsub(f"{channel}{CHAT}:{ROOM}")
            return int(count)

        await enter(here, "laptop")
        await enter(here, "phone")
        assert await listeners() == 1
        here.basic_leave_room("phone", CHAT, ROOM)
        await asyncio.sleep(0.02)
        assert await listeners() == 1
        here.basic_leave_room("laptop", CHAT, ROOM)
        async with asyncio.timeout(5):
            while await listeners():
                await asyncio.sleep(0.005)


async def test_what_cannot_be_read_harms_nobody(redis_url: str, channel: str) -> None:
    async with Redis.from_url(redis_url) as redis, process(redis_url, channel) as here:
        await enter(here, "laptop")
        await until(lambda: not here.may_hear(CHAT, ROOM))
        for said in ("", "{", "[]", "{}", '{"host_id": "x", "method": "emit"}', '{"host_id": "x", "method": "hello"}'):
            await redis.publish(f"{channel}{CHAT}:{ROOM}", said)
        await until(lambda: here.may_hear(CHAT, ROOM))
        assert here.connected


async def test_news_are_read_from_the_database_and_told_once(
    billchat: ServiceFixture, redis_url: str, channel: str
) -> None:
    told: list[tuple[str, str, list[int]]] = []

    async def tell(session: str, conversation: str, messages: list[Message]) -> None:
        told.append((session, conversation, [message.seq for message in messages]))

    here, elsewhere = await billchat.visitor(), await billchat.visitor()
    fanout = RedisFanout(redis_url, channel, Gauge("up", "", registry=CollectorRegistry()))
    poller = MissedMessagePoller(billchat.service, fanout, lambda: [here.session], tell)
    since: Any = billchat.clock.now() - timedelta(seconds=10)
    await poller.poll(since)
    first = told.pop()
    assert first[:2] == (here.session, here.conversation)
    await elsewhere.say("hello")
    await poller.poll(since)
    assert told == []
    answer = await here.say("hello")
    await poller.poll(since)
    assert told == [(here.session, here.conversation, [message.seq for message in answer.messages])]
    billchat.clock.forward(minutes=1)
    await poller.poll(billchat.clock.now() - timedelta(seconds=10))
    assert len(told) == 1
