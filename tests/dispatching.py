"""Fixtures of the tests of delivery: a dispatcher that runs for a while, a fake sender, and the outbox's states."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from chatbot.delivery.dispatcher import Dispatcher
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Sender, SendResult, Sent
from store import Tx
from store.chats import outbox
from tests.service_fixture import ServiceFixture

KNOWN, UNKNOWN = "owes@example.com", "nobody@example.com"

Condition = Callable[[], Awaitable[bool]]


@dataclass
class FakeSender(Sender):
    """Records messages and returns `results` in order, then `Sent`. While `open` is not set, `send` hangs."""

    results: list[SendResult | Exception] = field(default_factory=list)
    messages: list[OutgoingMessage] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    maybe_sent: list[bool] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    imitated: list[OutgoingMessage] = field(default_factory=list)
    in_flight: int = 0
    max_in_flight: int = 0
    lookup_delay: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.open.set()

    async def send(self, message: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        self.messages.append(message)
        self.keys.append(key)
        self.maybe_sent.append(maybe_sent)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await self.open.wait()
        finally:
            self.in_flight -= 1
        result = self.results.pop(0) if self.results else Sent("an id")
        if isinstance(result, Exception):
            raise result
        return result

    async def imitate(self, message: OutgoingMessage, *, key: str) -> SendResult:
        del key
        self.imitated.append(message)
        return Sent()


@contextlib.asynccontextmanager
async def dispatching(billchat: ServiceFixture, senders: Mapping[str, Sender]) -> AsyncIterator[Dispatcher]:
    """Run a dispatcher until the block ends, then stop it as the service does."""
    dispatcher = Dispatcher(billchat.service, senders)
    running = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def request_code(billchat: ServiceFixture, identifier: str = KNOWN) -> str:
    """Request a code in a new conversation, which queues a letter; returns the conversation."""
    visitor = await billchat.visitor()
    await visitor.say(identifier)
    return visitor.conversation


async def queue_letters(billchat: ServiceFixture, count: int) -> None:
    """Queue letters to different recipients, due now."""
    args = {"conversation": (await billchat.visitor()).conversation, "text": "Hello", "reply_to": None}

    def queue(tx: Tx) -> None:
        for number in range(count):
            outbox.queue(
                tx, channel="email", recipient=f"{number}@x.example", kind="message_for_team", locale="en", args=args,
                now=billchat.clock.now(),
            )  # fmt: skip

    await billchat.service.database.write(queue)


async def states(billchat: ServiceFixture) -> list[str]:
    """The states of the outbox's rows, in the order of their queueing."""
    return [row["state"] for row in await billchat.rows("select state from outbox order by id")]


def states_are(billchat: ServiceFixture, *expected: str) -> Condition:
    async def condition() -> bool:
        return await states(billchat) == list(expected)

    return condition


def sent_at_least(billchat: ServiceFixture, count: int) -> Condition:
    async def condition() -> bool:
        return (await states(billchat)).count("sent") >= count

    return condition


def waits_for_retry(billchat: ServiceFixture) -> Condition:
    """The first row was tried and waits for its next try."""

    async def condition() -> bool:
        [first, *_] = await billchat.rows("select state, tries from outbox order by id")
        return bool(first["state"] == "waiting" and first["tries"] > 0)

    return condition


def tried(sender: FakeSender, times: int) -> Condition:
    async def condition() -> bool:
        return len(sender.messages) >= times

    return condition
