"""The payment page and its return page.

They need no script. Only the pay button starts a payment. A customer's return proves no payment: we ask the gateway.
"""

import structlog
from aiohttp import web

from chatbot.http.request_body import read_form
from chatbot.pages.page import Page
from chatbot.pages.templating import preferred_locale
from chatbot.payments.checkout import LinkView
from chatbot.payments.copied_address import clean_address
from chatbot.payments.gateways.gateway import Gateway, Unreachable
from chatbot.payments.outcome_pages import OUTCOME_OF_STATE, OUTCOME_PAGES
from chatbot.payments.parts import Payments

log = structlog.get_logger(__name__)

REFRESH_S = 5


def _redirect_if_copied(request: web.Request) -> None:
    """Redirect to the address without the punctuation that was copied with it, whether or not its token is known."""
    address = clean_address(request.path)
    if address is not None:
        raise web.HTTPSeeOther(address)


class PaymentPages:
    """The pages at a payment link's address."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments
        self._service = payments.service

    async def show(self, request: web.Request) -> web.Response:
        """Show the amount and the methods of payment. A GET changes nothing."""
        token = request.match_info["token"]
        view = await self._payments.checkouts.view(token)
        if view is None:
            _redirect_if_copied(request)
        if view is None or view.status not in ("open", "confirming"):
            return self._outcome(request, view, "unknown" if view is None else view.status)
        if view.status == "confirming":
            raise web.HTTPSeeOther(f"/pay/{token}/done")
        methods = list(self._payments.gateways.values())
        if not methods:
            log.error("a payment page was opened while no gateway is on")
            return self._outcome(request, view, "no-methods")
        return self._methods(request, view, methods)

    async def begin(self, request: web.Request) -> web.Response:
        """Redirect the customer to the gateway that they chose."""
        token = request.match_info["token"]
        form = await read_form(request)
        gateway = self._payments.gateways.get(form.get("method", ""))
        if gateway is None:
            raise web.HTTPSeeOther(f"/pay/{token}")
        checkout = await self._payments.checkouts.begin(token, gateway.name)
        if checkout is None:
            raise web.HTTPSeeOther(f"/pay/{token}")
        if isinstance(checkout, Unreachable):
            view = await self._payments.checkouts.view(token)
            return self._outcome(request, view, "unreachable", method=gateway.label)
        raise web.HTTPSeeOther(checkout.url)

    async def done(self, request: web.Request) -> web.Response:
        """Show the payment's outcome, after asking the gateway if it is undecided. A prefetch or HEAD asks nothing."""
        token = request.match_info["token"]
        if request.method != "HEAD" and "prefetch" not in request.headers.get("Sec-Purpose", ""):
            await self._payments.reports.check_link(token)
        view = await self._payments.checkouts.view(token)
        if view is None:
            _redirect_if_copied(request)
        if view is None or view.status != "open":
            return self._outcome(request, view, "unknown" if view is None else view.status)
        state = None if view.payment is None else view.payment.state
        if state == "created" and "closed" in request.query:
            state = "cancelled"
        outcome = OUTCOME_OF_STATE.get(state or "")
        if outcome is None:
            raise web.HTTPSeeOther(f"/pay/{token}")
        return self._outcome(request, view, outcome)

    def _methods(self, request: web.Request, view: LinkView, methods: list[Gateway]) -> web.Response:
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

    def _outcome(self, request: web.Request, view: LinkView | None, name: str, method: str = "") -> web.Response:
        outcome = OUTCOME_PAGES[name]
        waiting = name == "confirming" and "still" not in request.query
        refresh_s = REFRESH_S if waiting else None
        page = Page(self._service, self._locale(request, view), outcome.status, refresh_s=refresh_s)
        address = f"/pay/{request.match_info['token']}"
        return page.respond(
            request,
            "ending.html",
            name=name,
            ending=outcome,
            view=view,
            method=method,
            address=address,
            waiting=waiting,
        )

    def _locale(self, request: web.Request, view: LinkView | None) -> str:
        if view is not None and view.locale is not None:
            return self._service.words.best(view.locale)
        return preferred_locale(request, self._service)
