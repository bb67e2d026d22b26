"""Customers, accounts, invoices and payments written straight into a database."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from store import Tx
from store.billing.accounts import add_account, add_contact
from store.billing.ledger import Entry, InvoiceToBook, book_entry, book_invoice
from store.ids import new_id
from store.times import stamp

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def customer(tx: Tx, email: str = "") -> str:
    """Add a contact; returns its id."""
    return add_contact(tx, "Ada Moss", [("email", email or f"{new_id().lower()}@example.com")], NOW)


def account(tx: Tx, *contacts: str, currency: str = "GBP") -> str:
    """Add an account of these contacts, or of a new one; returns its id."""
    return add_account(tx, f"NB-{new_id()}", "Home broadband", currency, contacts or (customer(tx),), NOW)


def invoice(tx: Tx, on: str, amount_minor: int, due_on: date = TODAY, number: str = "") -> str:
    """Book an invoice of one line; returns its id."""
    booked = InvoiceToBook(number or f"INV-{new_id()}", due_on, due_on, [("Fibre 65", amount_minor)])
    return book_invoice(tx, on, "GBP", booked, NOW)


def credit(tx: Tx, on: str, amount_minor: int) -> None:
    """Book a credit."""
    book_entry(tx, Entry(on, "credit", -amount_minor, "GBP", new_id()), NOW)


def fee(tx: Tx, on: str, amount_minor: int) -> None:
    """Book a charge without an invoice."""
    book_entry(tx, Entry(on, "fee", amount_minor, "GBP", new_id()), NOW)


def payment(tx: Tx, on: str, amount_minor: int, state: str, allocated: Mapping[str, int] | None = None) -> str:
    """Write a payment in a state, with its allocations; a completed one is booked. Returns its id."""
    paid = new_id()
    tx.execute_count(
        "insert into payments (id, account, gateway, state, amount_minor, currency, created_at, checks)"
        " values (:id, :account, 'sandbox', :state, :amount, 'GBP', :now, 0)",
        {"id": paid, "account": on, "state": state, "amount": amount_minor, "now": stamp(NOW)},
    )
    for invoice_id, amount in (allocated or {}).items():
        tx.execute_count(
            "insert into allocations (payment, invoice, amount_minor) values (:payment, :invoice, :amount)",
            {"payment": paid, "invoice": invoice_id, "amount": amount},
        )
    if state == "completed":
        book_entry(tx, Entry(on, "payment", -amount_minor, "GBP", paid, payment=paid), NOW)
    return paid


def set_state(tx: Tx, invoice_id: str, state: str) -> None:
    """Set the state of an invoice."""
    tx.execute_count("update invoices set state = :state where id = :id", {"id": invoice_id, "state": state})
