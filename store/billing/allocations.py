"""Which invoices a payment's money pays, and what that makes of the invoices: open, in progress or paid."""

from store.billing import payment_links, statements
from store.billing.ledger import settle
from store.billing.payments import Payment
from store.database import Tx

# How much money stands behind an invoice.
BEHIND = """coalesce((select sum(a.amount_minor) from allocations a join payments p on p.id = a.payment
    where a.invoice = invoices.id and p.state = 'completed'), 0)"""


def allocate(tx: Tx, payment: Payment) -> int:
    """Give the money to the link's invoices, due first, each no more than was asked for it and still remains.

    Returns what neither an invoice nor a charge that the link asked for took; it is credit on the account.
    """
    if payment.link is None:
        return 0
    asked = payment_links.invoices_of(tx, payment.link)
    remains = {row["id"]: row["remains_minor"] for row in tx.all(statements.UNPAID, {"account": payment.account})}
    left = payment.amount_minor
    for invoice in asked:
        amount = min(left, invoice.amount_minor, remains.get(invoice.id, 0))
        if amount > 0:
            left -= amount
            tx.execute(
                "insert into allocations (payment, invoice, amount_minor) values (:payment, :invoice, :amount)",
                {"payment": payment.id, "invoice": invoice.id, "amount": amount},
            )
    link = payment_links.read_link(tx, payment.link)
    charges = link.amount_minor - sum(invoice.amount_minor for invoice in asked) if link.state != "paid" else 0
    return max(0, left - charges)


def take_back(tx: Tx, payment: Payment, kept: int) -> None:
    """Shrink the payment's allocations to the money that is left, from the invoices that were due last."""
    rows = tx.all(
        """select a.invoice, a.amount_minor from allocations a join invoices i on i.id = a.invoice
        where a.payment = :payment order by i.due_on, i.number""",
        {"payment": payment.id},
    )
    for row in rows:
        amount = min(kept, row["amount_minor"])
        kept -= amount
        tx.execute(
            "update allocations set amount_minor = :amount where payment = :payment and invoice = :invoice",
            {"amount": amount, "payment": payment.id, "invoice": row["invoice"]},
        )


def reopen(tx: Tx, account: str) -> None:
    """Open the paid invoices that no money stands behind any more; those that credit covers are paid again at once."""
    tx.execute(
        f"update invoices set state = 'open' where account = :account and state = 'paid' and total_minor > {BEHIND}",
        {"account": account},
    )


def restate(tx: Tx, payment: Payment) -> None:
    """Set the invoices' states anew: in_progress while money for them is under way, paid where nothing is due."""
    if payment.link is not None:
        tx.execute(
            """update invoices set state = case when exists (
                    select 1 from payments p join payment_link_invoices o on o.link = p.link
                    where p.account = :account and p.state = 'pending' and o.invoice = invoices.id
                ) then 'in_progress' else 'open' end
            where state in ('open', 'in_progress')
                and id in (select invoice from payment_link_invoices where link = :link)""",
            {"link": payment.link, "account": payment.account},
        )
        tx.execute(
            f"""update invoices set state = 'paid' where state = 'open' and total_minor <= {BEHIND}
                and id in (select invoice from payment_link_invoices where link = :link)""",
            {"link": payment.link},
        )
    settle(tx, payment.account)
