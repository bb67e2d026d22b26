"""What tests of delivery share: a dispatcher that runs for a while, and waiting for what it does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from chatbot.delivery.dispatcher import Dispatcher
from chatbot.delivery.sender import Sender
from tests.service_fixture import ServiceFixture


@contextlib.asynccontextmanager
async def dispatching(billchat: ServiceFixture, senders: Mapping[str, Sender]) -> AsyncIterator[Dispatcher]:
    """Run a dispatcher until the block ends, then stop it as the service would."""
    dispatcher = Dispatcher(billchat.service, senders)
    running = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that real sockets take their time for; pytest's own limit ends what never happens."""
    while not await happened():
        await asyncio.sleep(0.005)
