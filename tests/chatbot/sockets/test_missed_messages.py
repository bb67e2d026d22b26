"""Messages that Redis did not bring, from the database."""

from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from chatbot.sockets.missed_messages import MissedMessagePoller
from chatbot.sockets.redis_fanout import RedisFanout
from store.chats.conversations import ConversationAccess, Message
from tests.service_fixture import ServiceFixture

NO_REDIS = "redis://127.0.0.1:1/0"


async def test_missed_messages_are_delivered_once_and_to_local_sessions_only(billchat: ServiceFixture) -> None:
    delivered: list[tuple[str, str, list[int]]] = []

    async def deliver(session: str, conversation: str, messages: list[Message], access: ConversationAccess) -> None:
        delivered.append((session, conversation, [message.seq for message in messages]))

    here, elsewhere = await billchat.visitor(), await billchat.visitor()
    fanout = RedisFanout(NO_REDIS, "billchat-test", Gauge("up", "", registry=CollectorRegistry()))
    poller = MissedMessagePoller(billchat.service, fanout, lambda: [here.session], deliver)
    since: Any = billchat.clock.now() - timedelta(seconds=10)
    await poller.poll(since)
    first = delivered.pop()
    assert first[:2] == (here.session, here.conversation)
    await elsewhere.say("hello")
    await poller.poll(since)
    assert delivered == []
    answer = await here.say("hello")
    await poller.poll(since)
    assert delivered == [(here.session, here.conversation, [message.seq for message in answer.messages])]
    billchat.clock.forward(minutes=1)
    await poller.poll(billchat.clock.now() - timedelta(seconds=10))
    assert len(delivered) == 1
