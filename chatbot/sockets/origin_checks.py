"""Keeps other sites' pages away from the socket."""

from collections.abc import Awaitable, Callable

from aiohttp import web


@web.middleware
async def refuse_other_sites(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Keep other sites' pages away from the socket where Socket.IO itself would let them in.

    A request without an Origin passes Socket.IO's own check. Browsers leave Origin out of simple GETs, but then they
    say with Sec-Fetch-Site where those come from; programs that are no browser say neither and need the session's
    token like anybody else. JSONP (`j=`) exists only to be read across sites.
    """
    if request.path.startswith("/socket.io/"):
        crossing = (
            "Origin" not in request.headers and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"
        )
        if crossing or "j" in request.query:
            return web.Response(status=403, text="This address serves our own pages only.")
    return await handler(request)
