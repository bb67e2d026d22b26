"""Checks on requests to /socket.io/: the origin of the page, and the transport."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

log = structlog.get_logger(__name__)

PATH = "/socket.io/"


class OriginCheck:
    """Accepts pages of our own origin only. The panel has it, whichever site embeds the panel.

    For Socket.IO's `cors_allowed_origins`, which asks about requests with an Origin header.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self._warned = False

    def __call__(self, origin: str | None, environ: Mapping[str, Any]) -> bool:
        """Tell whether an origin is `server.public_url` or the host that the request was sent to."""
        if origin is None:
            return False
        try:
            host = urlsplit(origin).netloc
        except ValueError:
            return False
        is_ours = origin == self._public_url or host == environ.get("HTTP_HOST")
        if not is_ours and not self._warned:
            self._warned = True  # once: clients must not decide the number of log lines
            log.warning("a socket was refused; if the page was ours, set server.public_url to its address")
        return is_ours


@web.middleware
async def refuse_cross_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse cross-site requests that pass Socket.IO's own check, since they have no Origin header.

    Browsers omit Origin in simple GETs, but then send Sec-Fetch-Site. Programs other than browsers send neither, and
    need the session's token. JSONP (`j=`) exists only to be read across sites.
    """
    if request.path.startswith(PATH):
        is_cross_site = (
            "Origin" not in request.headers and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"
        )
        if is_cross_site or "j" in request.query:
            return web.Response(status=403, text="This address serves our own pages only.")
    return await handler(request)


def refuse_polling(app: web.Application) -> None:
    """Refuse long polling at a client's first request; for several processes behind one address.

    A client's requests would reach different processes: it would connect by chance and be disconnected at its next
    request, again and again.
    """
    warned = False

    @web.middleware
    async def require_websocket(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal warned
        if not request.path.startswith(PATH) or request.query.get("transport") == "websocket":
            return await handler(request)
        if not warned:
            warned = True  # once: clients must not decide the number of log lines
            log.warning("long polling was refused: it needs processes that are started without --workers")
        return web.Response(status=400, text="Long polling is not served here. Please connect by WebSocket.")

    app.middlewares.append(require_websocket)
