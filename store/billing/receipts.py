"""What letters tell beside what their outbox row names: a payment's receipt, and who left a message."""

from dataclasses import dataclass
from datetime import datetime

from store.database import Tx
from store.times import parse


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """An invoice and how much of a payment went to it, in minor units."""

    number: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A completed payment as its payer is told of it. What no invoice took stays as credit on the account."""

    reference: str
    amount_minor: int
    currency: str
    paid_at: datetime
    account_number: str
    account_name: str
    invoices: tuple[PaidInvoice, ...]

    @property
    def on_account_minor(self) -> int:
        """What no invoice took."""
        return self.amount_minor - sum(invoice.amount_minor for invoice in self.invoices)


def read_receipt(tx: Tx, payment: str) -> Receipt | None:
    """Return a payment's receipt; None when the payment is not completed, or not any longer."""
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
        invoices=tuple(PaidInvoice(invoice["number"], invoice["amount_minor"]) for invoice in invoices),
    )


def proven_name(tx: Tx, conversation: str) -> str | None:
    """Return the name of the customer that a right code proved in a conversation; None when there was none."""
    row = tx.one(
        "select k.name from conversations c join contacts k on k.id = c.contact where c.id = :id", {"id": conversation}
    )
    return None if row is None else str(row["name"])
