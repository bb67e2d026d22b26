"""Reads what a request carries. A body that cannot be read is its sender's fault, and answered so: 400 or 413."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError


async def read_body(request: web.Request, most: int) -> bytes:
    """Return the body; raises HTTPBadRequest for one that breaks off or is badly packed, 413 above `most` bytes."""
    try:
        return await request.clone(client_max_size=most).read()
    except (HttpProcessingError, web.RequestPayloadError, ConnectionError) as fault:
        raise web.HTTPBadRequest(text="The body cannot be read.") from fault


async def read_form(request: web.Request) -> Mapping[str, str]:
    """Return a form's fields, the first of each name; raises HTTPBadRequest for what is no form."""
    try:
        fields = await request.post()
    except (ValueError, LookupError, HttpProcessingError, web.RequestPayloadError, ConnectionError) as fault:
        raise web.HTTPBadRequest(text="The form cannot be read.") from fault
    return {name: value for name, value in reversed(list(fields.items())) if isinstance(value, str)}
