"""Receipts: a completed payment and the invoices it paid."""

from datetime import datetime

from msgspec import Struct

from store.database import Tx
from store.records import records
from store.times import parse


class PaidInvoice(Struct, frozen=True):
    """An invoice and its share of a payment, in minor units."""

    number: str
    amount_minor: int


class Receipt(Struct, frozen=True):
    """The receipt of a completed payment. Amounts without an invoice stay as credit on the account."""

    reference: str
    amount_minor: int
    currency: str
    paid_at: datetime
    account_number: str
    account_name: str
    invoices: tuple[PaidInvoice, ...]

    @property
    def on_account_minor(self) -> int:
        """The amount that no invoice took."""
        return self.amount_minor - sum(invoice.amount_minor for invoice in self.invoices)


def read_receipt(tx: Tx, payment: str) -> Receipt | None:
    """Return a payment's receipt; None unless the payment is completed now."""
    row = tx.one(
        """select p.receipt, p.amount_minor, p.currency, p.completed_at, a.number, a.name
        from payments p join accounts a on a.id = p.account
        where p.id = :id and p.state = 'completed' and p.receipt is not null""",
        {"id": payment},
    )
    if row is None:
        return None
    invoices = tx.all(
        """select i.number, l.amount_minor from allocations l join invoices i on i.id = l.invoice
        where l.payment = :id and l.amount_minor > 0 order by i.due_on, i.number""",
        {"id": payment},
    )
    return Receipt(
        reference=row["receipt"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        paid_at=parse(row["completed_at"]),
        account_number=row["number"],
        account_name=row["name"],
        invoices=tuple(records(invoices, PaidInvoice)),
    )
