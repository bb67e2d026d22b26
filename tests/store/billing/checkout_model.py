"""A provider's hosted pages for one debt, beside the books: what a person, a bank and a network may do to them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chatbot.payments.gateways.gateway import PaymentOutcome, PaymentReport
from store.billing import payment_links, payments, statements
from store.billing.applied_reports import AppliedReport
from store.billing.payment_links import PaymentLink
from store.billing.payments import Payment
from store.database import Tx
from tests.bills import MORNING, Bills, a_link, balance, owe, record

OUTCOMES: dict[str, PaymentOutcome] = {"open": "unknown", "paid": "paid", "bounced": "failed", "closed": "cancelled"}


@dataclass
class Page:
    """A hosted page at the provider: open, paid, bounced or closed."""

    payment: str
    amount_minor: int
    state: str = "open"

    def report(self, key: str | None) -> PaymentReport:
        return PaymentReport(
            OUTCOMES[self.state], self.payment, key, self.amount_minor, "GBP", f"charge-{self.payment}"
        )


@dataclass
class CheckoutModel:
    """An account that owes £42.50, its links and pages, and the provider's webhooks, delivered in any order."""

    tx: Tx
    bills: Bills = field(init=False)
    now: datetime = MORNING
    pages: list[Page] = field(default_factory=list)
    webhooks: list[PaymentReport] = field(default_factory=list)
    applied: list[AppliedReport] = field(default_factory=list)
    link: PaymentLink | None = None

    def __post_init__(self) -> None:
        self.bills = owe(self.tx)

    def open(self, invoices: int) -> None:
        """Ask for a link, for the first invoices or for everything, and open its page."""
        payable = statements.statement(self.tx, self.bills.account, self.now.date()).payable[: invoices or None]
        if payable:
            self.link = a_link(self.tx, self.bills, [(each.id, each.amount_minor) for each in payable], self.now)
        if self.link is None:
            return
        link = payment_links.read_link(self.tx, self.link.id)
        if payment_links.link_status(self.tx, link, self.now) == "open":
            payment = payments.start_payment(self.tx, link, "sandbox", self.now)
            if not any(page.payment == payment.id for page in self.pages):
                self.pages.append(Page(payment.id, payment.amount_minor))

    def change(self, which: int, source: tuple[str, ...], target: str) -> None:
        """Change a page, if it is in one of the source states, and send a webhook of it."""
        if self.pages and (page := self.pages[which % len(self.pages)]).state in source:
            page.state = target
            self.webhooks.append(page.report(f"event-{len(self.webhooks)}"))

    def deliver(self, which: int) -> None:
        """Deliver a webhook, perhaps for the second time."""
        if self.webhooks:
            self.apply(self.webhooks[which % len(self.webhooks)], None)

    def sweep(self) -> None:
        """Do the checks that are due: cancel pages that may take no money, and ask about others."""
        for payment in payments.due_checks(self.tx, self.now, 100):
            self.check(payment)

    def check(self, payment: Payment) -> None:
        [page] = [page for page in self.pages if page.payment == payment.id]
        if payments.is_superseded(self.tx, payment.id, self.now) and page.state == "open":
            page.state = "closed"
        state = payments.read_payment(self.tx, payment.id).state
        self.apply(page.report(None), state)

    def apply(self, report: PaymentReport, polled_state: str | None) -> None:
        applied = record(self.tx, report, self.now, polled_state)
        if applied is None:
            return
        self.applied.append(applied)
        if applied.change in ("completed", "reinstated"):
            too_much = max(0, -applied.balance_minor)
            assert applied.credit_minor >= min(applied.amount_minor, too_much)
            assert (applied.credit_minor > 0) == (applied.alert == "overpaid")
        if applied.change == "doubtful":
            self.check(applied.payment)

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def settle(self) -> None:
        """Let everything arrive that is under way."""
        for webhook in self.webhooks:
            self.apply(webhook, None)
        while (at := payments.next_check(self.tx)) is not None:
            self.now = max(self.now, at)
            self.sweep()

    @property
    def taken_minor(self) -> int:
        """The money that the provider has taken and not given back."""
        return sum(page.amount_minor for page in self.pages if page.state == "paid")

    @property
    def balance_minor(self) -> int:
        return balance(self.tx, self.bills.account)
