"""The ledger: invoices, credits and whatever else changes what an account owes. Lines are added, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from store.billing.statements import lock_account, statement
from store.database import Tx
from store.ids import new_id
from store.times import stamp


@dataclass(frozen=True, slots=True)
class InvoiceToBook:
    """An invoice as the company's billing issued it: dates, and lines of (description, amount in minor units)."""

    number: str
    issued_on: date
    due_on: date
    lines: Sequence[tuple[str, int]]

    @property
    def total_minor(self) -> int:
        """What the lines, tax included, add up to."""
        return sum(amount for _, amount in self.lines)


def book_invoice(tx: Tx, account: str, currency: str, invoice: InvoiceToBook, at: datetime) -> str:
    """Write an invoice, its lines and its entry; returns the id. Raises Conflict for a number that is already there."""
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
    """Take an invoice back: what it asked for is credited whole, so money already paid for it becomes credit."""
    row = tx.one("select account, total_minor, currency from invoices where id = :id", {"id": invoice})
    if row is None:
        raise LookupError("no such invoice")
    entry = Entry(row["account"], "credit", -row["total_minor"], row["currency"], f"cancelled:{invoice}", invoice)
    if book_entry(tx, entry, at):
        tx.execute("update invoices set state = 'cancelled' where id = :id", {"id": invoice})


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger: what the customer owes more (positive) or less (negative), and what caused it.

    kind: invoice, payment, refund, chargeback, credit or fee. (kind, source) is booked once, however often it is tried.
    """

    account: str
    kind: str
    amount_minor: int
    currency: str
    source: str
    invoice: str | None = None
    payment: str | None = None


def book_entry(tx: Tx, entry: Entry, at: datetime) -> bool:
    """Add a line to the ledger; False when this source was booked before."""
    return bool(
        tx.execute_count(
            "insert into entries (id, account, kind, amount_minor, currency, invoice, payment, source, booked_at)"
            " values (:id, :account, :kind, :amount_minor, :currency, :invoice, :payment, :source, :booked_at)"
            " on conflict (kind, source) do nothing",
            {
                "id": new_id(),
                "account": entry.account,
                "kind": entry.kind,
                "amount_minor": entry.amount_minor,
                "currency": entry.currency,
                "invoice": entry.invoice,
                "payment": entry.payment,
                "source": entry.source,
                "booked_at": stamp(at),
            },
        )
    )


def settle(tx: Tx, account: str) -> None:
    """Mark the open invoices as paid that credit on the account covers; waits while a payment is under way."""
    credited = tx.one(
        "select 1 from entries where account = :account and amount_minor < 0 limit 1", {"account": account}
    )
    if credited is None:
        return
    if _covered(tx, account):  # seldom, so an import holds few accounts however long it takes
        lock_account(tx, account)
        for invoice in _covered(tx, account):
            tx.execute("update invoices set state = 'paid' where id = :id", {"id": invoice})


def _covered(tx: Tx, account: str) -> list[str]:
    stand = statement(tx, account, date.min)
    if stand.pending_minor:
        return []
    owed = {invoice.id for invoice in stand.invoices}
    rows = tx.all("select id from invoices where account = :account and state = 'open'", {"account": account})
    return [row["id"] for row in rows if row["id"] not in owed]
