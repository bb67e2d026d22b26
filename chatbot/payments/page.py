"""The payment page, what follows it, and the address where gateways report.

Nothing here needs a script, nothing but the pay button starts anything, and coming back from a gateway proves nothing:
it only makes us ask.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from aiohttp import web

from chatbot.http.request_body import read_body, read_form
from chatbot.pages.page import Page
from chatbot.pages.templating import preferred_locale
from chatbot.pages.theme import stylesheet
from chatbot.payments.checkout import LinkView, Payments
from chatbot.payments.gateways.gateway import BadSignature, Gateway, Unreachable

log = structlog.get_logger(__name__)

WEBHOOK_LIMIT = 1024 * 1024
LOOK_AGAIN_S = 5
BRAND_CACHE = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """How a page that asks for nothing looks: its mark, its colour, its HTTP status and where it leads."""

    mark: str
    tone: str
    status: int = 200
    action: str | None = None


OUTCOME_PAGES = {
    "paid": OutcomePage("check", "good"),
    "settled": OutcomePage("check", "good"),
    "confirming": OutcomePage("clock", "plain"),
    "declined": OutcomePage("cross", "bad", action="page-try-again"),
    "closed": OutcomePage("back", "plain", action="page-back-to-payment"),
    "returned": OutcomePage("back", "warn"),
    "changed": OutcomePage("info", "warn"),
    "revoked": OutcomePage("info", "warn", status=410),
    "expired": OutcomePage("clock", "warn", status=410),
    "unreachable": OutcomePage("cross", "warn", status=503, action="page-try-again"),
    "no-methods": OutcomePage("info", "warn", status=503),
    "unknown": OutcomePage("info", "warn", status=404),
}


def routes(payments: Payments) -> Iterable[web.RouteDef]:
    """Yield the addresses of paying."""
    pages = PaymentPages(payments)
    tones = stylesheet(payments.service.settings.brand.colour)

    async def brand(_: web.Request) -> web.Response:
        return web.Response(text=tones, content_type="text/css", headers={"Cache-Control": BRAND_CACHE})

    yield web.get("/widget/brand.css", brand)
    yield web.get("/pay/{token}", pages.show)
    yield web.post("/pay/{token}", pages.begin)
    yield web.get("/pay/{token}/done", pages.done)
    yield web.post("/webhooks/{gateway}", Webhooks(payments).receive)


class PaymentPages:
    """What customers see of paying."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments
        self._service = payments.service

    async def show(self, request: web.Request) -> web.Response:
        """Show what is asked for, and how it can be paid. Reading it changes nothing."""
        token = request.match_info["token"]
        view = await self._payments.view(token)
        if view is None or view.status not in ("open", "confirming"):
            return self._end(request, view, "unknown" if view is None else view.status)
        if view.status == "confirming":
            raise web.HTTPSeeOther(f"/pay/{token}/done")
        methods = list(self._payments.gateways.values())
        if not methods:
            return self._end(request, view, "no-methods")
        return self._ask(request, view, methods)

    async def begin(self, request: web.Request) -> web.Response:
        """Hand the customer over to the gateway that they chose."""
        token = request.match_info["token"]
        form = await read_form(request)
        gateway = self._payments.gateways.get(form.get("method", ""))
        if gateway is None:
            raise web.HTTPSeeOther(f"/pay/{token}")
        checkout = await self._payments.begin(token, gateway.name)
        if checkout is None:
            raise web.HTTPSeeOther(f"/pay/{token}")
        if isinstance(checkout, Unreachable):
            return self._end(request, await self._payments.view(token), "unreachable", method=gateway.label)
        raise web.HTTPSeeOther(checkout.url)

    async def done(self, request: web.Request) -> web.Response:
        """Show what became of the payment, after asking the gateway if it has not told us yet."""
        token = request.match_info["token"]
        only_looking = request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", "")
        view = await (self._payments.view(token) if only_looking else self._payments.returned(token))
        if view is None or view.status != "open":
            return self._end(request, view, "unknown" if view is None else view.status)
        state = None if view.payment is None else view.payment.state
        if state == "created" and "closed" in request.query:
            state = "cancelled"
        ending = {"created": "confirming", "failed": "declined", "cancelled": "closed"}.get(state or "")
        if ending is None:
            raise web.HTTPSeeOther(f"/pay/{token}")
        return self._end(request, view, ending)

    def _ask(self, request: web.Request, view: LinkView, methods: list[Gateway]) -> web.Response:
        page = Page(self._service, self._locale(request, view), form_to=[method.origin for method in methods])
        invoiced = sum(invoice.amount_minor for invoice in view.invoices)
        return page.respond(
            request,
            "pay.html",
            view=view,
            amount=page.money(view.link.amount_minor, view.link.currency),
            other_minor=view.link.amount_minor - invoiced,
            methods=methods,
        )

    def _end(self, request: web.Request, view: LinkView | None, name: str, method: str = "") -> web.Response:
        ending = OUTCOME_PAGES[name]
        waiting = name == "confirming" and "still" not in request.query
        page = Page(
            self._service, self._locale(request, view), ending.status, refresh_s=LOOK_AGAIN_S if waiting else None
        )
        address = f"/pay/{request.match_info['token']}"
        return page.respond(
            request, "ending.html", name=name, ending=ending, view=view, method=method, address=address, waiting=waiting
        )

    def _locale(self, request: web.Request, view: LinkView | None) -> str:
        if view is not None and view.locale is not None:
            return self._service.words.best(view.locale)
        return preferred_locale(request, self._service)


class Webhooks:
    """Where gateways report."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    async def receive(self, request: web.Request) -> web.Response:
        """Book what a gateway reports. What we cannot place is answered 503, so that it is sent again."""
        gateway = self._payments.gateways.get(request.match_info["gateway"])
        if gateway is None:
            raise web.HTTPNotFound
        body = await read_body(request, WEBHOOK_LIMIT)
        try:
            reports = await gateway.read_webhook(request.headers, body, self._payments.service.clock.now())
        except BadSignature as fault:
            log.warning("webhook_refused", gateway=gateway.name, why=str(fault))
            return web.Response(status=400, text="The signature does not fit.")
        except (ValueError, LookupError, TypeError) as fault:
            log.error("webhook_unreadable", gateway=gateway.name, why=type(fault).__name__)
            return web.Response(status=400, text="The body cannot be read.")
        placed = [await self._payments.report(gateway.name, report) for report in reports]
        if not all(placed):
            return web.Response(status=503, text="Not known yet; send it again.", headers={"Retry-After": "60"})
        return web.Response(text="ok")
