"""Allocations: the share of each payment that pays an invoice, and the invoice states that follow from them."""

from store.billing import payment_links, statements
from store.billing.ledger import settle
from store.billing.payments import Payment
from store.database import Tx

# The sum that completed payments have allocated to an invoice.
ALLOCATED = """coalesce((select sum(a.amount_minor) from allocations a join payments p on p.id = a.payment
    where a.invoice = invoices.id and p.state = 'completed'), 0)"""


def allocate(tx: Tx, payment: Payment) -> int:
    """Allocate a payment to its link's invoices, due first, each up to its linked and its remaining amount.

    Returns the rest, after the link's charges without an invoice; it is credit on the account.
    """
    if payment.link is None:
        return 0
    linked = payment_links.invoices_of(tx, payment.link)
    remains = {row["id"]: row["remains_minor"] for row in tx.all(statements.UNPAID, {"account": payment.account})}
    left = payment.amount_minor
    for invoice in linked:
        amount = min(left, invoice.amount_minor, remains.get(invoice.id, 0))
        if amount > 0:
            left -= amount
            tx.execute(
                "insert into allocations (payment, invoice, amount_minor) values (:payment, :invoice, :amount)",
                {"payment": payment.id, "invoice": invoice.id, "amount": amount},
            )
    link = payment_links.read_link(tx, payment.link)
    charges = link.amount_minor - sum(invoice.amount_minor for invoice in linked)
    return max(0, left if payment_links.was_paid_otherwise(tx, link.id, payment.id) else left - charges)


def allocate_again(tx: Tx, payment: Payment, amount: int) -> int:
    """Allocate a payment anew after it had gone back and `amount` of it arrived after all; returns the rest of that."""
    tx.execute("delete from allocations where payment = :payment", {"payment": payment.id})
    return min(amount, allocate(tx, payment))


def deallocate(tx: Tx, payment: Payment, unrefunded: int) -> None:
    """Shrink a payment's allocations to its unrefunded amount; the invoices due last lose theirs first."""
    rows = tx.all(
        """select a.invoice, a.amount_minor from allocations a join invoices i on i.id = a.invoice
        where a.payment = :payment order by i.due_on, i.number""",
        {"payment": payment.id},
    )
    left = unrefunded
    for row in rows:
        amount = min(left, row["amount_minor"])
        left -= amount
        tx.execute(
            "update allocations set amount_minor = :amount where payment = :payment and invoice = :invoice",
            {"amount": amount, "payment": payment.id, "invoice": row["invoice"]},
        )


def reopen_invoices(tx: Tx, account: str) -> None:
    """Open an account's paid invoices that allocations no longer cover; `settle` closes those that credit covers."""
    tx.execute(
        f"update invoices set state = 'open' where account = :account and state = 'paid' and total_minor > {ALLOCATED}",
        {"account": account},
    )


def update_invoice_states(tx: Tx, payment: Payment) -> None:
    """Set the states of a payment's invoices: in_progress while a payment is pending, paid where nothing remains."""
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
            f"""update invoices set state = 'paid' where state = 'open' and total_minor <= {ALLOCATED}
                and id in (select invoice from payment_link_invoices where link = :link)""",
            {"link": payment.link},
        )
    settle(tx, payment.account)
