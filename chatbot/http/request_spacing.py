"""Spaces out the requests of one network address, so that they leave time for everybody else's."""

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from chatbot.http.client_address import client_address
from chatbot.http.rate_shaper import RateShaper

MAX_WAIT_S = 10.0
# A refusal is given slowly: whoever repeats it at once gains nothing.
REFUSAL_DELAY_S = 1.0


def space_out_requests(
    shaper: RateShaper, trusted_proxies: Sequence[str], slowed_down: Callable[[str], None]
) -> Middleware:
    """Make a middleware: above the shaper's rate a request waits, and is answered 429 where it would wait too long.

    `slowed_down` hears the name of the limit.
    """

    @web.middleware
    async def spaced_out(request: web.Request, handler: Handler) -> web.StreamResponse:
        address = client_address(request, trusted_proxies)
        if shaper.backlog_s(address) > MAX_WAIT_S:
            slowed_down("requests_per_address_per_second")
            await asyncio.sleep(REFUSAL_DELAY_S)
            refusal = web.HTTPTooManyRequests(text="Too many requests.", headers={"Retry-After": f"{MAX_WAIT_S:.0f}"})
            refusal.force_close()
            raise refusal
        if wait := shaper.wait_s(address):
            slowed_down("requests_per_address_per_second")
            await asyncio.sleep(wait)
        return await handler(request)

    return spaced_out
