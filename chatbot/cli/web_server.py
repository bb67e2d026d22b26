"""Runs a web application until Ctrl-C or SIGTERM."""

from collections.abc import Callable

from aiohttp import web

from chatbot.cli.event_loop import new_event_loop
from chatbot.config.settings import ServerSettings
from chatbot.http import serving
from chatbot.http.connections import raise_descriptor_limit
from chatbot.operations.listening import refuse_taken
from chatbot.operations.load_limits import CONNECTION_GUARD
from chatbot.operations.worker import WorkerContext


def run_app(
    app: web.Application,
    server: ServerSettings,
    *,
    on_started: Callable[[], None] = lambda: None,
    context: WorkerContext | None = None,
) -> None:
    """Serve at the server's host and port, or as a worker on the sockets of its context. Raises AddressTakenError."""

    async def started(app: web.Application) -> None:
        on_started()

    app.on_startup.append(started)
    if context is None:
        refuse_taken(server.host, server.port)
        address = serving.Address(server.host, server.port)
    else:
        context.attach(app)
        address = serving.Address(sockets=context.listeners)
    guard = app[CONNECTION_GUARD]
    guard.capacity = raise_descriptor_limit()
    serving.run(app, guard, address, new_event_loop())
