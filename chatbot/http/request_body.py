"""Reading request bodies. An unreadable body is the client's error: 400, or 413 for one above the limit."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError


async def read_body(request: web.Request, max_bytes: int) -> bytes:
    """Return the body. Raises HTTPBadRequest if it breaks off or is badly compressed, 413 above `max_bytes`."""
    try:
        return await request.clone(client_max_size=max_bytes).read()
    except (HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest(text="The body cannot be read.") from error


async def read_form(request: web.Request) -> Mapping[str, str]:
    """Return a form's text fields, the first of each name. Raises HTTPBadRequest if the body is not a form."""
    try:
        fields = await request.post()
    except (ValueError, LookupError, HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest(text="The form cannot be read.") from error
    return {name: value for name, value in reversed(list(fields.items())) if isinstance(value, str)}
