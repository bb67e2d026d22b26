"""Refuses long polling where one client's requests would reach different processes."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def refuse_polling(app: web.Application) -> None:
    """Refuse a long-polling client at its first request.

    It would be connected now and then, by chance, and thrown out at its next request, again and again.
    """
    has_said_so = False

    @web.middleware
    async def websockets_only(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal has_said_so
        if not request.path.startswith("/socket.io/") or request.query.get("transport") == "websocket":
            return await handler(request)
        if not has_said_so:
            has_said_so = True  # once: whoever asks decides how often
            log.warning("long polling was refused: it needs processes that are started without --workers")
        return web.Response(status=400, text="Long polling is not served here. Please connect by WebSocket.")

    app.middlewares.append(websockets_only)
