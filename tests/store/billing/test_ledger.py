"""The ledger: each source is booked once, and credit settles invoices."""

from datetime import timedelta

import pytest

from store import Conflict, Database, Tx
from store.billing.ledger import Entry, InvoiceToBook, book_entry, book_invoice, cancel_invoice, settle
from store.billing.statements import statement
from tests.store import bills
from tests.store.bills import NOW, TODAY

LATER = TODAY + timedelta(days=9)
EARLIER = TODAY - timedelta(days=5)


async def test_an_invoice_is_its_lines_and_is_booked_once(database: Database) -> None:
    lines = [("Fibre 65", 2400), ("Goodwill", -400), ("VAT 20%", 400)]

    def book(tx: Tx) -> str:
        return book_invoice(tx, account, "GBP", InvoiceToBook("INV-1", TODAY, LATER, lines), NOW)

    account = await database.write(bills.account)
    booked = await database.write(book)
    with pytest.raises(Conflict):
        await database.write(book)

    entries = await database.read(lambda tx: [dict(row) for row in tx.all("select * from entries")])
    assert [(e["kind"], e["amount_minor"], e["invoice"], e["source"]) for e in entries] == [
        ("invoice", 2400, booked, "INV-1")
    ]
    kept = await database.read(lambda tx: tx.all("select * from invoice_lines order by position"))
    assert [(row["description"], row["amount_minor"]) for row in kept] == lines


async def test_an_entry_is_booked_once_for_its_source(database: Database) -> None:
    account = await database.write(bills.account)
    entry = Entry(account, "credit", -500, "GBP", "voucher 7")
    assert await database.write(lambda tx: [book_entry(tx, entry, NOW), book_entry(tx, entry, NOW)]) == [True, False]


async def test_a_cancelled_invoice_becomes_credit_for_its_payments(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        invoice = bills.invoice(tx, account, 3000)
        bills.payment(tx, account, 1000, "completed", {invoice: 1000})
        cancel_invoice(tx, invoice, NOW)
        cancel_invoice(tx, invoice, NOW)
        found = statement(tx, account, TODAY)
        assert (found.account.balance_minor, found.invoices) == (-1000, ())

    await database.write(ask)


async def test_settling_marks_the_invoices_that_credit_covers_and_no_others(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        oldest, next_one = bills.invoice(tx, account, 1000, EARLIER), bills.invoice(tx, account, 2000, LATER)
        bills.credit(tx, account, 1500)
        before = statement(tx, account, TODAY)
        settle(tx, account)
        states = {row["id"]: row["state"] for row in tx.all("select id, state from invoices")}
        assert states == {oldest: "paid", next_one: "open"}
        assert statement(tx, account, TODAY) == before
        assert [i.amount_minor for i in before.invoices] == [1500]

    await database.write(ask)
