"""Runs a web application until Ctrl-C or SIGTERM."""

from collections.abc import Callable

from aiohttp import web

from chatbot.cli.event_loop import new_event_loop
from chatbot.config.settings import ServerSettings
from chatbot.operations.listening import refuse_taken
from chatbot.operations.worker import WorkerContext


def run_app(
    app: web.Application,
    server: ServerSettings,
    *,
    on_started: Callable[[], None] = lambda: None,
    context: WorkerContext | None = None,
) -> None:
    """Serve at the server's host and port, or as a worker on the sockets of its context. Raises AddressTakenError.

    There is no access log: the addresses of payment links hold tokens.
    """

    async def started(app: web.Application) -> None:
        on_started()

    app.on_startup.append(started)
    if context is None:
        refuse_taken(server.host, server.port)
    else:
        context.attach(app)
    web.run_app(
        app,
        host=server.host if context is None else None,
        port=server.port if context is None else None,
        sock=None if context is None else context.listeners,
        access_log=None,
        print=None,
        shutdown_timeout=5,
        loop=new_event_loop(),
    )
