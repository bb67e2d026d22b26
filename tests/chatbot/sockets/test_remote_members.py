"""Knowledge of other processes' members, without a Redis."""

import asyncio

import pytest

from chatbot.sockets.remote_members import RemoteMembers

ROOM = "channel/chat:room"


async def announced(members: RemoteMembers) -> bool:
    """Tell whether a join of the room would wait no longer."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    await members.wait_until_announced(ROOM, 0.05)
    return loop.time() - started < 0.04


@pytest.fixture
async def members() -> RemoteMembers:
    members = RemoteMembers()
    members.add(ROOM, will_announce=True)
    members.start_announcing(ROOM)
    return members


async def test_remote_members_may_exist_until_an_announcement_has_reached_nobody(members: RemoteMembers) -> None:
    assert members.may_exist("another room")
    assert members.may_exist(ROOM)
    members.announced(ROOM, 0)
    assert not members.may_exist(ROOM)
    assert await announced(members)


async def test_a_join_waits_for_every_reply(members: RemoteMembers) -> None:
    members.announced(ROOM, 2)
    members.replied(ROOM)
    assert not await announced(members)
    members.replied(ROOM)
    assert await announced(members)
    assert members.may_exist(ROOM)


async def test_replies_may_overtake_the_number_of_receivers(members: RemoteMembers) -> None:
    members.replied(ROOM)
    assert not await announced(members)
    members.announced(ROOM, 1)
    assert await announced(members)


async def test_anothers_announcement_is_not_forgotten_when_our_own_reached_nobody(members: RemoteMembers) -> None:
    members.record(ROOM, True)
    members.announced(ROOM, 0)
    assert members.may_exist(ROOM)


async def test_losing_redis_ends_all_waiting_and_all_knowledge(members: RemoteMembers) -> None:
    members.announced(ROOM, 0)
    members.reset()
    assert members.may_exist(ROOM)
    assert await announced(members)
    assert list(members) == [ROOM], "local members stay"


async def test_late_news_of_a_room_without_local_members_is_ignored(members: RemoteMembers) -> None:
    members.remove(ROOM)
    members.announced(ROOM, 0)
    members.replied(ROOM)
    members.record(ROOM, False)
    assert ROOM not in members
    assert members.may_exist(ROOM)
    assert await announced(members)
