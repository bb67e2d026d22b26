"""Serving an application until it is told to stop, with every connection under a ConnectionGuard."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp.web_runner import GracefulExit

from chatbot.http.connections import ConnectionGuard, GuardedServer

SHUTDOWN_TIMEOUT_S = 5
# An idle connection is kept longer than proxies keep theirs, so that none is closed under a request.
KEEPALIVE_TIMEOUT_S = 75.0
# How long the rest of a refused body is read, so that the refusal arrives.
LINGERING_S = 2.0
# What may arrive of a body before anything reads it.
READ_BUFFER_BYTES = 32 * 1024
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: a host and port, or sockets that listen already."""

    host: str = ""
    port: int = 0
    sockets: Sequence[socket.socket] = ()


class GuardedRunner(web.AppRunner):
    """Runs an application whose connections are guarded. Nothing logs addresses: those of payment links hold tokens."""

    def __init__(self, app: web.Application, guard: ConnectionGuard, *, handle_signals: bool = False) -> None:
        super().__init__(
            app,
            handle_signals=handle_signals,
            access_log=None,
            shutdown_timeout=SHUTDOWN_TIMEOUT_S,
            keepalive_timeout=KEEPALIVE_TIMEOUT_S,
            lingering_time=LINGERING_S,
            read_bufsize=READ_BUFFER_BYTES,
        )
        self._guard = guard

    async def _make_server(self) -> web.Server:
        return GuardedServer(await super()._make_server(), self._guard)


def run(app: web.Application, guard: ConnectionGuard, address: Address, loop: asyncio.AbstractEventLoop) -> None:
    """Serve until SIGINT or SIGTERM, then finish in good order and close the loop."""
    serving = loop.create_task(_serve(app, guard, address))
    asyncio.set_event_loop(loop)
    try:
        with contextlib.suppress(GracefulExit, KeyboardInterrupt):
            loop.run_until_complete(serving)
    finally:
        try:
            if not serving.done():
                serving.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    loop.run_until_complete(serving)
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            asyncio.set_event_loop(None)


async def _serve(app: web.Application, guard: ConnectionGuard, address: Address) -> None:
    runner = GuardedRunner(app, guard, handle_signals=True)
    await runner.setup()
    try:
        sites: list[web.BaseSite] = [web.SockSite(runner, each, backlog=BACKLOG) for each in address.sockets]
        if not sites:
            sites = [web.TCPSite(runner, address.host, address.port, backlog=BACKLOG)]
        for site in sites:
            await site.start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
