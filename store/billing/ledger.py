"""The ledger: invoices, credits and every other change of an account's debt. Entries are added, never changed."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from store.billing.accounts import lock_account
from store.billing.statements import statement
from store.database import Tx
from store.ids import new_id
from store.records import params
from store.times import stamp

MAX_MINOR = 2**53
"""The largest amount, and the largest sum of an account's debits or credits, in minor units.

Up to it every program keeps an integer exact (JSON in a browser does not beyond), and sums stay far below 64 bits.
"""


class InvoiceToBook(Struct, frozen=True):
    """An invoice as the company's billing issued it: dates, and lines of (description, amount in minor units)."""

    number: str
    issued_on: date
    due_on: date
    lines: Sequence[tuple[str, int]]

    @property
    def total_minor(self) -> int:
        """The sum of the lines, tax included."""
        return sum(amount for _, amount in self.lines)


def book_invoice(tx: Tx, account: str, currency: str, invoice: InvoiceToBook, at: datetime) -> str:
    """Write an invoice, its lines and its entry; returns the id. Raises Conflict for a number already in use."""
    if invoice.total_minor < 0:
        raise ValueError("an invoice of less than nothing is a credit")
    booked = new_id()
    tx.execute(
        "insert into invoices (id, account, number, issued_on, due_on, currency, total_minor, state)"
        " values (:id, :account, :number, :issued_on, :due_on, :currency, :total_minor, :state)",
        {
            "id": booked,
            "account": account,
            "number": invoice.number,
            "issued_on": invoice.issued_on.isoformat(),
            "due_on": invoice.due_on.isoformat(),
            "currency": currency,
            "total_minor": invoice.total_minor,
            "state": "open" if invoice.total_minor else "paid",
        },
    )
    tx.execute_many(
        "insert into invoice_lines (invoice, position, description, amount_minor)"
        " values (:invoice, :position, :description, :amount_minor)",
        [
            {"invoice": booked, "position": position, "description": description, "amount_minor": amount}
            for position, (description, amount) in enumerate(invoice.lines, start=1)
        ],
    )
    entry = Entry(account, "invoice", invoice.total_minor, currency, source=invoice.number, invoice=booked)
    book_entry(tx, entry, at)
    return booked


def cancel_invoice(tx: Tx, invoice: str, at: datetime) -> None:
    """Cancel an invoice and credit its total, so that money already paid for it becomes credit."""
    row = tx.one("select account, total_minor, currency from invoices where id = :id", {"id": invoice})
    if row is None:
        raise LookupError("no such invoice")
    entry = Entry(row["account"], "credit", -row["total_minor"], row["currency"], f"cancelled:{invoice}", invoice)
    if book_entry(tx, entry, at):
        tx.execute("update invoices set state = 'cancelled' where id = :id", {"id": invoice})


class Entry(Struct, frozen=True):
    """A line of the ledger: an amount that raises (positive) or lowers (negative) the debt, and its cause.

    kind: invoice, payment, refund, chargeback, reinstatement, credit or fee. Each (kind, source) is booked once.
    """

    account: str
    kind: str
    amount_minor: int
    currency: str
    source: str
    invoice: str | None = None
    payment: str | None = None


def book_entry(tx: Tx, entry: Entry, at: datetime) -> bool:
    """Add an entry; False when its source was booked before."""
    return bool(
        tx.execute_count(
            "insert into entries (id, account, kind, amount_minor, currency, invoice, payment, source, booked_at)"
            " values (:id, :account, :kind, :amount_minor, :currency, :invoice, :payment, :source, :booked_at)"
            " on conflict (kind, source) do nothing",
            {**params(entry), "id": new_id(), "booked_at": stamp(at)},
        )
    )


def settle(tx: Tx, account: str) -> None:
    """Mark the open invoices that credit covers as paid; does nothing while a payment is pending."""
    credited = tx.one(
        "select 1 from entries where account = :account and amount_minor < 0 limit 1", {"account": account}
    )
    if credited is None:
        return
    if _covered(tx, account):  # seldom, so that a long import locks few accounts
        lock_account(tx, account)
        for invoice in _covered(tx, account):
            tx.execute("update invoices set state = 'paid' where id = :id", {"id": invoice})


def _covered(tx: Tx, account: str) -> list[str]:
    """Return the open invoices that credit covers."""
    found = statement(tx, account, date.min)
    if found.pending_minor:
        return []
    owed = {invoice.id for invoice in found.invoices}
    rows = tx.all("select id from invoices where account = :account and state = 'open'", {"account": account})
    return [row["id"] for row in rows if row["id"] not in owed]
