"""The address of gateways' webhooks."""

import structlog
from aiohttp import web

from chatbot.http.client_address import client_address
from chatbot.http.rate_limit import FixedWindowLimit
from chatbot.http.request_body import read_body
from chatbot.payments.gateways.gateway import BadSignature
from chatbot.payments.parts import Payments

log = structlog.get_logger(__name__)

# Errors of adapters that read a body: no JSON or form, fields that are missing or of another type, numbers out of range
# (Infinity, 10^400), nesting deeper than the parser goes.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)

MAX_WEBHOOK_BYTES = 1024 * 1024
MINUTE_S = 60


class Webhooks:
    """Receives the webhooks of all gateways."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments
        self._service = payments.service
        self._forgeries = FixedWindowLimit(self._service.settings.limits.bad_webhooks_per_address_per_minute, MINUTE_S)

    async def receive(self, request: web.Request) -> web.Response:
        """Apply the reports of a webhook. An unknown reference is answered 503, so that the gateway sends it again."""
        gateway = self._payments.gateways.get(request.match_info["gateway"])
        if gateway is None:
            raise web.HTTPNotFound
        address = client_address(request, self._service.settings.server.trusted_proxies)
        if self._forgeries.is_used_up(address):
            self._service.refusals.of_address("bad_webhooks_per_address_per_minute")
            raise web.HTTPTooManyRequests(text="Too many bad signatures.", headers={"Retry-After": str(MINUTE_S)})
        body = await read_body(request, MAX_WEBHOOK_BYTES)
        try:
            reports = await gateway.read_webhook(request.headers, body, self._service.clock.now())
        except BadSignature as error:
            self._forgeries.allows(address)
            log.warning("webhook_refused", gateway=gateway.name, why=str(error))
            return web.Response(status=400, text="The signature does not fit.")
        except UNREADABLE as error:
            log.error("webhook_unreadable", gateway=gateway.name, why=type(error).__name__)
            return web.Response(status=400, text="The body cannot be read.")
        placed = [await self._payments.reports.apply(gateway.name, report) for report in reports]
        if not all(placed):
            return web.Response(status=503, text="Not known yet; send it again.", headers={"Retry-After": "60"})
        return web.Response(text="ok")
