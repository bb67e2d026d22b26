"""Collecting garbage in short pauses: what is frozen, what is thawed, and that connections leave nothing to collect."""

import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatbot.operations.garbage import MAX_CONNECTIONS_TO_THAW, GarbagePolicy
from tests.chatbot.channels.web.serving import serving
from tests.clock import FakeClock
from tests.end_to_end.raw_socket import RawSocket
from tests.service_fixture import ServiceFixture
from tests.waiting import wait_until


class Node:
    """Something that can be part of a circle."""

    def __init__(self) -> None:
        self.other: Node | None = None


def circle() -> "weakref.ref[Node]":
    """Two objects that refer to one another only."""
    one, two = Node(), Node()
    one.other, two.other = two, one
    return weakref.ref(one)


@pytest.fixture
async def policy(tmp_path: Path, clock: FakeClock) -> AsyncIterator[GarbagePolicy]:
    billchat = await ServiceFixture.open(tmp_path, clock)
    made = GarbagePolicy(billchat.service, lambda: 0)
    made.start()
    yield made
    made.stop()
    await billchat.close()


async def test_a_collection_looks_at_nothing_that_an_earlier_one_found_alive(policy: GarbagePolicy) -> None:
    kept = [[number] for number in range(20_000)]
    gc.collect()
    assert len(gc.get_objects()) < 2_000
    assert gc.get_freeze_count() > len(kept)


async def test_new_garbage_is_collected_and_frozen_garbage_when_hardly_anybody_is_connected(
    policy: GarbagePolicy,
) -> None:
    young = circle()
    gc.collect()
    assert young() is None
    one = Node()
    one.other = Node()
    one.other.other = one
    old = weakref.ref(one)
    gc.collect()
    del one
    gc.collect()
    assert old() is not None, "it was alive when it was frozen"
    policy._connections = lambda: MAX_CONNECTIONS_TO_THAW + 1
    assert not policy.thaw()
    assert old() is not None
    policy._connections = lambda: MAX_CONNECTIONS_TO_THAW
    assert policy.thaw()
    assert old() is None


async def test_the_process_collects_as_before_when_the_service_has_stopped(tmp_path: Path, clock: FakeClock) -> None:
    before = gc.get_threshold(), list(gc.callbacks)
    billchat = await ServiceFixture.open(tmp_path, clock)
    policy = GarbagePolicy(billchat.service, lambda: 0)
    policy.start()
    policy.stop()
    await billchat.close()
    assert (gc.get_threshold(), list(gc.callbacks)) == before


@pytest.mark.parametrize("ending", ["client closes", "server closes", "cut off", "no frame"])
async def test_a_connection_that_ends_leaves_no_circle_behind(tmp_path: Path, clock: FakeClock, ending: str) -> None:
    """So that a frozen connection is freed without any collection."""
    billchat = await ServiceFixture.open(tmp_path, clock)
    async with serving(billchat) as (channel, url):
        freed: list[weakref.ref[object]] = []
        gc.collect()
        gc.disable()
        try:
            for number in range(3):
                async with RawSocket.open(url) as raw:
                    await raw.ask("start", {"id": f"request-{number}"})
                    [eio_sid] = channel.sio.eio.sockets
                    freed.append(weakref.ref(channel.sio.environ[eio_sid]["aiohttp.request"]))
                    if ending == "server closes":
                        await channel.sio.close_connection(eio_sid)
                        assert await raw.ends()
                    elif ending == "cut off":
                        raw.ws._response.connection.transport.abort()  # type: ignore[union-attr]
                    elif ending == "no frame":
                        await raw.ws.send_str("not a frame")
                        assert await raw.ends()
                await wait_until(lambda: not channel.sio.eio.sockets)
            await wait_until(lambda: not any(each() for each in freed))
        finally:
            gc.enable()
    await billchat.close()
