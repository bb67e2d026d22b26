"""Paying: hand-offs to gateways, and what the gateways say became of them.

Webhook, return page and poller all end in `Payments.report`; the store makes sure that money is booked once.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog

from chatbot.conversations.pay_url import pay_url
from chatbot.keys import token_hash
from chatbot.payments.gateways.gateway import Checkout, CheckoutOrder, Gateway, PaymentReport, Unreachable
from chatbot.service import Service
from flows.events import Event
from store.billing import payment_links, payment_reports, payments, statements
from store.billing.payment_links import LinkedInvoice, LinkStatus, PaymentLink
from store.billing.payment_reports import AppliedReport
from store.billing.payments import Payment
from store.chats import codes
from store.database import StoreError, Tx
from store.times import stamp

T = TypeVar("T")

log = structlog.get_logger(__name__)

# Gateways keep a hosted page open for half an hour at the least, however soon the link runs out.
SHORTEST_CHECKOUT = timedelta(minutes=30)
AT_ONCE = 20
LONGEST_ANSWER_S = 20.0
LONGEST_SLEEP_S = 60.0
# How long to wait after a sweep that failed.
SWEEP_AGAIN_S = 5.0

EVENTS = {
    "completed": "payment_completed",
    "pending": "payment_pending",
    "failed": "payment_failed",
    "abandoned": "payment_abandoned",
    "reversed": "payment_reversed",
}


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a payment link's pages show. `payment` is the link's newest, `locale` its conversation's."""

    link: PaymentLink
    status: LinkStatus
    invoices: list[LinkedInvoice]
    payment: Payment | None
    locale: str | None


@dataclass(frozen=True, slots=True)
class StartedPayment:
    """A hand-off that is on disk: its payment, the link it pays and the language of the link's conversation."""

    payment: Payment
    link: PaymentLink
    locale: str | None


class ExternalEvents(Protocol):
    """Takes what happens outside into a conversation; `chatbot.conversations.turns.Turns` does."""

    def apply_external_event(self, conversation: str | None, work: Callable[[Tx], Event | None]) -> Awaitable[None]:
        """Do `work` in a transaction; its event moves the conversation in the same one."""
        ...


class _MovedError(Exception):
    """Another conversation has asked for the link meanwhile, so that it is the one to be told."""


class Payments:
    """Hands customers over to gateways and books what comes of it."""

    def __init__(self, service: Service, turns: ExternalEvents, gateways: Mapping[str, Gateway]) -> None:
        self.service = service
        self.gateways = gateways
        self._turns = turns
        self._woken = asyncio.Event()
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def view(self, token: str) -> LinkView | None:
        """Return what the link with this token stands for; None if no link has it."""
        now = self.service.clock.now()
        return await self.service.database.read(lambda tx: _view(tx, token_hash(token), now))

    async def begin(self, token: str, method: str) -> Checkout | Unreachable | None:
        """Hand the customer over to a gateway; None if the link cannot be paid (now), which its view explains.

        The payment is on disk before the gateway hears of it, so that no webhook can come too early.
        """
        gateway, now = self.gateways[method], self.service.clock.now()
        database = self.service.database
        if await self.view(token) is None:
            return None  # what nobody asked us to pay is not worth a write
        started = await database.write(lambda tx: _start(tx, token_hash(token), gateway.name, now))
        if started is None:
            return None
        payment = started.payment
        if payment.gateway_session is not None and payment.checkout_url is not None:
            return Checkout(payment.gateway_session, payment.checkout_url)
        checkout = await _within_limits(gateway.create(self._order(started, now)))
        self.wake()
        if isinstance(checkout, Unreachable):
            log.warning("gateway_unreachable", gateway=gateway.name, payment=payment.id, why=checkout.why)
            self._count(gateway.name, "unreachable")
            return checkout
        session, url = checkout.session, checkout.url
        await database.write(lambda tx: payments.attach_checkout(tx, payment.id, session, url))
        return checkout

    def _order(self, started: StartedPayment, now: datetime) -> CheckoutOrder:
        page, settings = pay_url(self.service, started.link.id), self.service.settings
        return CheckoutOrder(
            reference=started.payment.id,
            amount_minor=started.payment.amount_minor,
            currency=started.payment.currency,
            description=settings.brand.name,
            locale=started.locale or settings.languages.default,
            return_url=f"{page}/done",
            cancel_url=f"{page}/done?closed=1",
            expires_at=max(started.link.expires_at, now + SHORTEST_CHECKOUT),
        )

    async def returned(self, token: str) -> LinkView | None:
        """Ask the gateways what became of a link's payments, since its customer is back; then return the view."""
        digest = token_hash(token)
        waiting = await self.service.database.read(lambda tx: _undecided(tx, digest))
        await asyncio.gather(*(self._check(payment) for payment in waiting))
        return await self.view(token)

    async def report(self, gateway: str, report: PaymentReport, asked_in: str | None = None) -> bool:
        """Book what a gateway reports, and let the conversation know. False if we know no such payment (yet).

        `asked_in` is the payment's state when we asked, None for what the gateway sent by itself.
        """
        now = self.service.clock.now()
        database = self.service.database
        payment = await database.read(lambda tx: payments.placed(tx, gateway, report.reference))
        if payment is None:
            await database.write(lambda tx: payment_reports.keep_unplaced(tx, gateway, report, now))
            log.error("payment_report_unplaced", gateway=gateway, outcome=report.outcome)
            self._count(gateway, payment_reports.UNPLACED)
            return False
        recorded: AppliedReport | None = None
        conversation: str | None

        def book(tx: Tx) -> Event | None:
            nonlocal recorded
            recorded = payment_reports.apply_report(tx, gateway, report, now, asked_in)
            if payments.conversation_of(tx, payment.id) != conversation:
                raise _MovedError
            return None if recorded is None else _event(tx, recorded, now)

        while True:
            conversation = await database.read(lambda tx: payments.conversation_of(tx, payment.id))
            try:
                await self._turns.apply_external_event(conversation, book)
            except _MovedError:
                continue
            break
        if recorded is not None:
            await self._follow_up(recorded)
        return True

    async def _follow_up(self, recorded: AppliedReport) -> None:
        payment = recorded.payment
        self._count(payment.gateway, recorded.what)
        log.info("payment_reported", gateway=payment.gateway, payment=payment.id, what=recorded.what)
        if recorded.alert is not None:
            self._count(payment.gateway, recorded.alert)
            log.error("payment_needs_attention", gateway=payment.gateway, payment=payment.id, alert=recorded.alert)
        if recorded.what == "doubtful":
            while asking := self._asking.get(payment.id):
                await asyncio.wait([asking])  # its answer may be older than this doubt, so that it settles nothing
            await self._check(payment)
        self.wake()

    async def _check(self, payment: Payment) -> None:
        """Ask the gateway about a payment. Who asks while somebody is asking, waits for the same answer."""
        asking = self._asking.get(payment.id)
        if asking is None:
            asking = asyncio.create_task(self._ask(payment))
            self._asking[payment.id] = asking
            asking.add_done_callback(lambda _: self._asking.pop(payment.id, None))
        await asyncio.shield(asking)

    async def _ask(self, payment: Payment) -> None:
        gateway = self.gateways.get(payment.gateway)
        if gateway is None:
            log.error("payment_gateway_switched_off", gateway=payment.gateway, payment=payment.id)
            return
        answer = await _within_limits(gateway.look_up(payment.id, payment.gateway_session))
        if isinstance(answer, Unreachable):
            log.warning("gateway_unreachable", gateway=payment.gateway, payment=payment.id, why=answer.why)
            return
        await self.report(payment.gateway, answer, asked_in=payment.state)

    # ── what is due by the clock ────────────────────────────────────────────────────────────────────────────

    def wake(self) -> None:
        """Let `run` look again at what is due."""
        self._woken.set()

    async def run(self) -> None:
        """Ask gateways about payments and end links, each when it is due, until cancelled."""
        while True:
            self._woken.clear()
            looked = self.service.clock.now()
            try:
                await self.sweep()
                wait_s = await self._until_due(looked)
            except Exception:
                log.exception("payment_sweep_failed")
                wait_s = SWEEP_AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()

    async def sweep(self) -> None:
        """Do all that is due now. Gateways take their time, so links are looked at before each round of questions."""
        await self._end_links()
        while await self._ask_about_some():
            await self._end_links()

    async def _ask_about_some(self) -> bool:
        """Ask about payments that are due, not all at once; False when none was."""
        now, database = self.service.clock.now(), self.service.database
        next_check = await database.read(payments.next_check)
        if next_check is None or next_check > now:
            return False
        due = await database.write(lambda tx: payments.due_checks(tx, now, AT_ONCE))
        await asyncio.gather(*(self._check(payment) for payment in due))
        return bool(due)

    async def _end_links(self) -> None:
        now, database = self.service.clock.now(), self.service.database
        while expired := await database.read(lambda tx: payment_links.expire_links(tx, now, AT_ONCE)):
            for link in expired:
                await self._end(link, now)

    async def _end(self, link: PaymentLink, now: datetime) -> None:
        """End a link in its conversation; where that is broken, without a word there, so that the others' end too."""
        try:
            await self._turns.apply_external_event(link.conversation, _ending(link, now))
        except StoreError:
            raise
        except Exception:
            log.exception("link_ended_in_silence", conversation=link.conversation)
            await self.service.database.write(lambda tx: payment_links.expire(tx, link.id, now))

    async def _until_due(self, looked: datetime) -> float:
        """Seconds until something is due that was not when the sweep before began to look."""
        due = await self.service.database.read(
            lambda tx: (payments.next_check(tx), payment_links.next_expiry(tx, looked))
        )
        waits = [(at - self.service.clock.now()).total_seconds() for at in due if at is not None]
        return min(LONGEST_SLEEP_S, *(max(1.0, wait) for wait in waits), LONGEST_SLEEP_S)

    def _count(self, gateway: str, outcome: str) -> None:
        self.service.metrics.payments.labels(gateway, outcome).inc()


async def _within_limits(asked: Awaitable[T]) -> T | Unreachable:
    """Wait for a gateway's answer, but not for ever: a customer waits too, and what else is due by the clock."""
    try:
        async with asyncio.timeout(LONGEST_ANSWER_S):
            return await asked
    except TimeoutError:
        return Unreachable("timeout")


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
    return StartedPayment(payments.start_payment(tx, link, gateway, now), link, payment_links.locale_of(tx, link))


def _undecided(tx: Tx, digest: str) -> list[Payment]:
    link = payment_links.find_link(tx, digest)
    return [] if link is None else payments.undecided(tx, link.id)


def _event(tx: Tx, recorded: AppliedReport, now: datetime) -> Event | None:
    """Tell the conversation what was recorded; a refund and a doubt are not for the customer's ears."""
    name, payment = EVENTS.get(recorded.what), recorded.payment
    if name is None or (
        payment.link is not None and not _is_still_theirs(tx, payment_links.read_link(tx, payment.link))
    ):
        return None
    if recorded.what == "abandoned" and not _still_open(tx, payment, now):
        return None  # the gateway's page closed by itself, long after the link did
    data: dict[str, object] = {"amount_minor": recorded.amount_minor, "currency": payment.currency}
    if payment.completed_at is not None and recorded.what == "completed":
        data |= {
            "payment": payment.id,
            "reference": payment.receipt,
            "paid_at": stamp(payment.completed_at),
            "balance_minor": recorded.balance_minor,
        }
    return Event(name, data)


def _still_open(tx: Tx, payment: Payment, now: datetime) -> bool:
    return (
        payment.link is not None
        and payment_links.link_status(tx, payment_links.read_link(tx, payment.link), now) == "open"
    )


def _is_still_theirs(tx: Tx, link: PaymentLink) -> bool:
    """Tell whether a link's conversation is still its customer's, and not gone over to another email or mobile."""
    newest = None if link.conversation is None else codes.newest(tx, link.conversation)
    return newest is None or newest.contact == link.contact


def _ending(link: PaymentLink, now: datetime) -> Callable[[Tx], Event | None]:
    def end(tx: Tx) -> Event | None:
        statements.lock_account(
            tx, link.account
        )  # who renews the link or pays it has done so by now, or finds it ended
        settled = payment_links.link_status(tx, link, now) == "settled"
        if not payment_links.expire(tx, link.id, now) or settled or not _is_still_theirs(tx, link):
            return None
        return Event("link_expired", {"amount_minor": link.amount_minor, "currency": link.currency})

    return end
