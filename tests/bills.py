"""A customer with unpaid invoices, for tests of payments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chatbot.payments.gateways.gateway import PaymentOutcome, PaymentReport
from store.billing import payment_links, payment_reports, payments, statements
from store.billing.accounts import add_account, add_contact
from store.billing.applied_reports import AppliedReport
from store.billing.ledger import InvoiceToBook, book_invoice
from store.billing.payment_links import PaymentLink
from store.billing.payments import Payment
from store.database import Tx
from store.ids import new_id

MORNING = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bills:
    """A contact with an account that owes £42.50: £17.50 due on 1 December and £25.00 due on 1 January."""

    contact: str
    account: str
    first: str
    second: str


def owe(tx: Tx, now: datetime = MORNING) -> Bills:
    contact = add_contact(tx, "Olive Owes", [("email", f"{new_id().lower()}@example.com")], now)
    account = add_account(tx, new_id()[-8:], "Home broadband", "GBP", [contact], now)
    first = bill(tx, account, 1750, date(2026, 12, 1), now)
    second = bill(tx, account, 2500, date(2027, 1, 1), now)
    return Bills(contact, account, first, second)


def bill(tx: Tx, account: str, amount: int, due_on: date, now: datetime = MORNING) -> str:
    invoice = InvoiceToBook(f"INV-{new_id()[-10:]}", now.date(), due_on, [("Broadband", amount)])
    return book_invoice(tx, account, "GBP", invoice, now)


def a_link(
    tx: Tx, bills: Bills, invoices: list[tuple[str, int]], now: datetime = MORNING, expires: timedelta = HOUR
) -> PaymentLink:
    secret = new_id()
    link = PaymentLink(
        secret,
        None,
        bills.account,
        bills.contact,
        "GBP",
        sum(amount for _, amount in invoices),
        "open",
        now,
        now + expires,
    )
    return payment_links.make_link(
        tx, link, lambda id_: f"hash-of-{id_}", invoices, payment_links.open_links(tx, bills.account, now)
    )


def everything(tx: Tx, bills: Bills, now: datetime = MORNING) -> PaymentLink:
    owed = statements.statement(tx, bills.account, now.date())
    return a_link(tx, bills, [(invoice.id, invoice.amount_minor) for invoice in owed.invoices], now)


def a_payment(tx: Tx, link: PaymentLink, now: datetime = MORNING) -> Payment:
    return payments.start_payment(tx, link, "sandbox", now)


def report(
    payment: Payment,
    outcome: PaymentOutcome,
    *,
    key: str | None = None,
    amount: int | None = None,
    currency: str = "GBP",
    money: str | None = None,
    refunded: int = 0,
) -> PaymentReport:
    return PaymentReport(
        outcome=outcome,
        reference=payment.id,
        key=key if key is not None else new_id(),
        amount_minor=payment.amount_minor if amount is None else amount,
        currency=currency,
        gateway_payment=money or f"pay-{payment.id}",
        refunded_minor=refunded,
    )


def asked(given: PaymentReport) -> PaymentReport:
    """Return the same report as an answer to `look_up`, which has no event key."""
    return PaymentReport(
        given.outcome,
        given.reference,
        None,
        given.amount_minor,
        given.currency,
        given.gateway_payment,
        given.refunded_minor,
    )


def record(
    tx: Tx, given: PaymentReport, now: datetime = MORNING, polled_state: str | None = None
) -> AppliedReport | None:
    return payment_reports.apply_report(tx, "sandbox", given, now, polled_state)


def balance(tx: Tx, account: str) -> int:
    row = tx.one("select coalesce(sum(amount_minor), 0) as minor from entries where account = :id", {"id": account})
    return 0 if row is None else int(row["minor"])


def invoice_state(tx: Tx, invoice: str) -> str:
    row = tx.one("select state from invoices where id = :id", {"id": invoice})
    return "" if row is None else str(row["state"])


def entries(tx: Tx, account: str) -> list[tuple[str, int]]:
    rows = tx.all("select kind, amount_minor from entries where account = :id order by id", {"id": account})
    return [(row["kind"], row["amount_minor"]) for row in rows if row["kind"] != "invoice"]
