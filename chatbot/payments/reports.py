"""Gateways' reports, by webhook, return page or poll: into the ledger and into the conversation of the link.

The store makes sure that money is booked once, in any number and order of reports.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from chatbot.keys import token_hash
from chatbot.payments.conversation_events import payment_event
from chatbot.payments.gateway_timeout import with_timeout
from chatbot.payments.gateways.gateway import Gateway, PaymentReport, Unreachable
from chatbot.service import Service
from flows.events import Event
from store.billing import payment_links, payment_reports, payments
from store.billing.applied_reports import AppliedReport
from store.billing.payments import Payment
from store.database import Tx

log = structlog.get_logger(__name__)

LOOK_UP_SHARED = timedelta(seconds=3)
"""For this time a gateway's answer about a payment serves every visit of the return page, which reloads after 5 s."""


class ExternalEvents(Protocol):
    """Applies events from outside to conversations; `chatbot.conversations.turns.Turns` implements it."""

    def apply_external_event(self, conversation: str | None, work: Callable[[Tx], Event | None]) -> Awaitable[None]:
        """Run `work` in a transaction; its event moves the conversation in the same transaction."""
        ...


class _ConversationChanged(Exception):
    """The link moved to another conversation meanwhile, so that the transaction is repeated for that one."""


class ReportHandler:
    """Applies gateways' reports and asks gateways for them. `wake` announces a payment that must be polled later."""

    def __init__(
        self, service: Service, turns: ExternalEvents, gateways: Mapping[str, Gateway], wake: Callable[[], None]
    ) -> None:
        self._service = service
        self._turns = turns
        self._gateways = gateways
        self._wake = wake
        self._lookups: dict[str, asyncio.Task[None]] = {}
        self._looked_up: dict[str, datetime] = {}

    async def apply(self, gateway: str, report: PaymentReport, polled_state: str | None = None) -> bool:
        """Book a report and inform the conversation. False if no payment has its reference (yet).

        `polled_state` is the payment's state when we asked the gateway; None for a webhook.
        """
        now, database = self._service.local_now(), self._service.database
        payment = await database.read(lambda tx: payments.find_payment(tx, gateway, report.reference))
        if payment is None:
            await database.write(lambda tx: payment_reports.save_unplaced(tx, gateway, report, now))
            log.error("payment_report_unplaced", gateway=gateway, outcome=report.outcome)
            self._count(gateway, payment_reports.UNPLACED)
            return False
        while True:
            try:
                applied = await self._book(payment, report, now, polled_state)
            except _ConversationChanged:
                continue
            break
        if applied is not None:
            await self._follow_up(applied)
        return True

    async def check(self, payment: Payment) -> None:
        """Ask the gateway about a payment and apply its answer. Concurrent calls share one request.

        A hosted page that may take no money any more is cancelled, which is answered in the same way.
        """
        lookup = self._lookups.get(payment.id)
        if lookup is None:
            lookup = asyncio.create_task(self._look_up(payment))
            self._lookups[payment.id] = lookup
            lookup.add_done_callback(lambda _: self._lookups.pop(payment.id, None))
        await asyncio.shield(lookup)

    async def give_up(self, payment: Payment) -> None:
        """Alert a person of money that the last status check left undecided."""
        now = self._service.clock.now()
        applied = await self._service.database.write(lambda tx: payment_reports.alert_undecided(tx, payment.id, now))
        if applied is not None:
            await self._follow_up(applied)

    async def check_link(self, token: str) -> None:
        """Ask the gateways about the undecided payments of a link, whose customer has come back.

        However often the page is loaded, a gateway is asked about a payment once in LOOK_UP_SHARED.
        """
        digest = token_hash(token)
        undecided = await self._service.database.read(lambda tx: _undecided(tx, digest))
        now = self._service.clock.now()
        self._looked_up = {payment: at for payment, at in self._looked_up.items() if now - at < LOOK_UP_SHARED}
        await asyncio.gather(*(self._check_for_customer(payment, now) for payment in undecided))

    async def _check_for_customer(self, payment: Payment, now: datetime) -> None:
        if payment.id in self._looked_up and payment.id not in self._lookups:
            return
        self._looked_up.setdefault(payment.id, now)
        await self.check(payment)

    async def _book(
        self, payment: Payment, report: PaymentReport, now: datetime, polled_state: str | None
    ) -> AppliedReport | None:
        """Apply a report in one transaction with its event. Raises _ConversationChanged: nothing was written."""
        conversation = await self._service.database.read(lambda tx: payments.conversation_of(tx, payment.id))
        applied: AppliedReport | None = None

        def book(tx: Tx) -> Event | None:
            nonlocal applied
            applied = payment_reports.apply_report(tx, payment.gateway, report, now, polled_state)
            if payments.conversation_of(tx, payment.id) != conversation:
                raise _ConversationChanged
            # A page that runs out by itself was not left by the customer.
            return None if applied is None or report.outcome == "expired" else payment_event(tx, applied, now)

        await self._turns.apply_external_event(conversation, book)
        return applied

    async def _follow_up(self, applied: AppliedReport) -> None:
        payment = applied.payment
        if applied.change != "alert":
            self._count(payment.gateway, applied.change)
            log.info("payment_reported", gateway=payment.gateway, payment=payment.id, what=applied.change)
        if applied.alert is not None:
            self._count(payment.gateway, applied.alert)
            log.error("payment_needs_attention", gateway=payment.gateway, payment=payment.id, alert=applied.alert)
        if applied.change == "doubtful":
            while lookup := self._lookups.get(payment.id):
                await asyncio.wait([lookup])  # it began before the doubt, so that its answer cannot settle it
            await self.check(payment)
        self._wake()

    async def _look_up(self, payment: Payment) -> None:
        gateway = self._gateways.get(payment.gateway)
        if gateway is None:
            log.error("payment_gateway_switched_off", gateway=payment.gateway, payment=payment.id)
            return
        now = self._service.local_now()
        is_superseded = await self._service.database.read(lambda tx: payments.is_superseded(tx, payment.id, now))
        ask = gateway.cancel if is_superseded else gateway.look_up
        report = await with_timeout(ask(payment.id, payment.gateway_session))
        if isinstance(report, Unreachable):
            log.warning("gateway_unreachable", gateway=payment.gateway, payment=payment.id, why=report.why)
            return
        await self.apply(payment.gateway, report, polled_state=payment.state)

    def _count(self, gateway: str, outcome: str) -> None:
        self._service.metrics.payments.labels(gateway, outcome).inc()


def _undecided(tx: Tx, digest: str) -> list[Payment]:
    link = payment_links.find_link(tx, digest)
    return [] if link is None else payments.undecided_payments(tx, link.id)
