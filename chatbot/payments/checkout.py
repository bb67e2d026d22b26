"""Hand-offs: from an open payment link to a gateway's hosted page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from chatbot.conversations.pay_url import pay_url
from chatbot.keys import token_hash
from chatbot.payments.gateway_timeout import with_timeout
from chatbot.payments.gateways.gateway import Checkout, CheckoutOrder, Gateway, Unreachable
from chatbot.service import Service
from store.billing import payment_links, payments
from store.billing.payment_links import LinkedInvoice, LinkStatus, PaymentLink
from store.billing.payments import Payment
from store.database import Tx

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkView:
    """The contents of a payment link's pages. `payment` is the link's newest, `locale` its conversation's."""

    link: PaymentLink
    status: LinkStatus
    invoices: list[LinkedInvoice]
    payment: Payment | None
    locale: str | None


@dataclass(frozen=True, slots=True)
class StartedPayment:
    """A payment that is on disk before the gateway knows of it, its link, and the link's conversation's locale."""

    payment: Payment
    link: PaymentLink
    locale: str | None


class Checkouts:
    """Hands customers over to gateways. `wake` announces a payment that must be polled later."""

    def __init__(self, service: Service, gateways: Mapping[str, Gateway], wake: Callable[[], None]) -> None:
        self._service = service
        self._gateways = gateways
        self._wake = wake

    async def view(self, token: str) -> LinkView | None:
        """Return the view of the link with this token; None if there is none."""
        now = self._service.local_now()
        return await self._service.database.read(lambda tx: _view(tx, token_hash(token), now))

    async def begin(self, token: str, method: str) -> Checkout | Unreachable | None:
        """Hand the customer over to a gateway; None if the link cannot be paid now, for the reason that its view shows.

        The payment is on disk before the gateway is called, so that no webhook can come too early.
        """
        gateway, now = self._gateways[method], self._service.local_now()
        if await self.view(token) is None:
            return None  # guessed tokens cause no write
        started = await self._service.database.write(lambda tx: _start(tx, token_hash(token), gateway.name, now))
        if started is None:
            return None
        payment = started.payment
        if payment.gateway_session is not None and payment.checkout_url is not None:
            return Checkout(payment.gateway_session, payment.checkout_url)
        return await self._create(gateway, started, now)

    async def _create(self, gateway: Gateway, started: StartedPayment, now: datetime) -> Checkout | Unreachable | None:
        payment = started.payment
        checkout = await with_timeout(gateway.create(self._order(started)))
        self._wake()
        if isinstance(checkout, Unreachable):
            log.warning("gateway_unreachable", gateway=gateway.name, payment=payment.id, why=checkout.why)
            self._service.metrics.payments.labels(gateway.name, "unreachable").inc()
            return checkout
        session, url = checkout.session, checkout.url
        is_payable = await self._service.database.write(lambda tx: _attach(tx, payment, session, url, now))
        return checkout if is_payable else None

    def _order(self, started: StartedPayment) -> CheckoutOrder:
        page, settings = pay_url(self._service, started.link.id), self._service.settings
        return CheckoutOrder(
            reference=started.payment.id,
            amount_minor=started.payment.amount_minor,
            currency=started.payment.currency,
            description=settings.brand.name,
            locale=started.locale or settings.languages.default,
            return_url=f"{page}/done",
            cancel_url=f"{page}/done?closed=1",
            expires_at=started.payment.checkout_expires_at or started.link.expires_at,
        )


def _view(tx: Tx, digest: str, now: datetime) -> LinkView | None:
    link = payment_links.find_link(tx, digest)
    if link is None:
        return None
    return LinkView(
        link=link,
        status=payment_links.link_status(tx, link, now),
        invoices=payment_links.invoices_of(tx, link.id),
        payment=payments.newest_payment(tx, link.id),
        locale=payment_links.locale_of(tx, link),
    )


def _start(tx: Tx, digest: str, gateway: str, now: datetime) -> StartedPayment | None:
    link = payment_links.find_link(tx, digest)
    if link is None or payment_links.link_status(tx, link, now) != "open":
        return None
    if payments.reusable_payment(tx, link, gateway, now) is None:
        link = payment_links.prolong(tx, link, now + payments.MIN_CHECKOUT_LIFETIME)
    return StartedPayment(payments.start_payment(tx, link, gateway, now), link, payment_links.locale_of(tx, link))


def _attach(tx: Tx, payment: Payment, session: str, url: str, now: datetime) -> bool:
    """Save a hosted page; False, and a check that cancels it, if its link was replaced or paid meanwhile."""
    payments.attach_checkout(tx, payment.id, session, url)
    if not payments.is_superseded(tx, payment.id, now):
        return True
    payments.schedule_check(tx, payment.id, now)
    return False
