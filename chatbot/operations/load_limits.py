"""Puts the limits on what one network address, or all together, may take of the process in front of an application."""

from aiohttp import web

from chatbot.http.connections import SERVER_NAME, ConnectionGuard
from chatbot.http.rate_shaper import RateShaper
from chatbot.http.request_body import BODY_BUDGET, BodyBudget, BodyLimits
from chatbot.http.request_spacing import space_out_requests
from chatbot.service import Service

# The part of a second's requests that an address may make at once.
BURST = 0.2
KIB, MIB = 1024, 1024 * 1024

CONNECTION_GUARD = web.AppKey("connection_guard", ConnectionGuard)


def install(app: web.Application, service: Service) -> None:
    """Limit requests, bodies and connections. What serves the application puts `app[CONNECTION_GUARD]` to use."""
    limits, trusted_proxies = service.settings.limits, service.settings.server.trusted_proxies
    refusals, rate = service.refusals, limits.requests_per_address_per_second
    app.middlewares.append(
        space_out_requests(RateShaper(rate, max(1.0, BURST * rate)), trusted_proxies, refusals.of_address)
    )
    app[BODY_BUDGET] = BodyBudget(
        BodyLimits(limits.bodies_megabytes * MIB, limits.bodies_per_address, limits.body_seconds),
        trusted_proxies,
        refusals.of_address,
        refusals.of_all,
    )
    app[CONNECTION_GUARD] = ConnectionGuard(
        per_address=2 * limits.connections_per_address,  # those above the limit proper are told so as they join
        bytes_per_second=limits.kilobytes_per_address_per_second * KIB,
        trusted_proxies=trusted_proxies,
        refusals=refusals,
    )
    app.on_response_prepare.append(_name_no_version)


async def _name_no_version(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER_NAME
