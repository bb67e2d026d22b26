"""The web channel alone, as a service runs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from chatbot.channels.web.namespace import WebChannel
from tests.ports import free_port
from tests.service_fixture import ServiceFixture


@asynccontextmanager
async def serving(billchat: ServiceFixture) -> AsyncIterator[tuple[WebChannel, str]]:
    """The web channel alone, behind a server as the service runs it; it has stopped when this ends."""
    channel, app = WebChannel(billchat.service, billchat.turns), web.Application()
    channel.attach(app)
    runner = web.AppRunner(app, shutdown_timeout=2)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield channel, f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
