"""Imports on both databases: credits that name their invoice, and the bounds of an account."""

from datetime import timedelta

import pytest

from store import Database, Tx
from store.billing import imports
from store.billing.imports import ImportOutcome, RecordRefused, save_credit, save_invoice
from store.billing.ledger import MAX_MINOR, InvoiceToBook, cancel_invoice
from store.billing.statements import statement
from tests.store import bills
from tests.store.bills import NOW, TODAY

SOON = TODAY + timedelta(days=9)


def opened(tx: Tx) -> str:
    """Save an account with INV-1 of 1000, due first, and INV-2 of 2000; returns the account's id."""
    imports.save_customer(tx, "C-1", "Ada Moss", None, [], NOW)
    for number in ("BB-1", "BB-2"):
        imports.save_account(tx, number, "Home broadband", "GBP", ["C-1"], NOW)
    save_invoice(tx, "BB-1", InvoiceToBook("INV-1", TODAY, TODAY, [("Fibre", 1000)]), False, NOW)
    save_invoice(tx, "BB-1", InvoiceToBook("INV-2", TODAY, SOON, [("Fibre", 2000)]), False, NOW)
    return str(tx.all("select id from accounts where number = 'BB-1'")[0]["id"])


def owed(tx: Tx, account: str) -> dict[str, int]:
    found = statement(tx, account, TODAY)
    assert sum(invoice.amount_minor for invoice in found.invoices) == found.owed_minor
    return {invoice.number: invoice.amount_minor for invoice in found.invoices}


def states(tx: Tx) -> dict[str, str]:
    return {row["number"]: row["state"] for row in tx.all("select number, state from invoices")}


async def test_a_credit_pays_the_invoice_that_it_names_before_those_due_first(database: Database) -> None:
    def act(tx: Tx) -> None:
        account = opened(tx)
        assert save_credit(tx, "BACS-1", "BB-1", 500, NOW, "INV-2") == ImportOutcome.ADDED
        assert owed(tx, account) == {"INV-1": 1000, "INV-2": 1500}
        save_credit(tx, "BACS-2", "BB-1", 1500, NOW, "INV-2")
        assert owed(tx, account) == {"INV-1": 1000}
        assert states(tx) == {"INV-1": "open", "INV-2": "paid"}

    await database.write(act)


async def test_what_is_left_of_a_credit_covers_the_invoices_due_first(database: Database) -> None:
    def act(tx: Tx) -> None:
        account = opened(tx)
        save_credit(tx, "BACS-1", "BB-1", 2300, NOW, "INV-2")
        assert owed(tx, account) == {"INV-1": 700}
        save_credit(tx, "BACS-2", "BB-1", 700, NOW)
        assert set(states(tx).values()) == {"paid"}
        save_credit(tx, "BACS-3", "BB-1", 400, NOW, "INV-1")
        assert statement(tx, account, TODAY).account.balance_minor == -400

    await database.write(act)


async def test_a_credit_for_an_invoice_that_other_credit_had_paid_covers_the_next(database: Database) -> None:
    def act(tx: Tx) -> None:
        account = opened(tx)
        save_credit(tx, "BACS-1", "BB-1", 1000, NOW)
        assert states(tx)["INV-1"] == "paid"
        save_credit(tx, "BACS-2", "BB-1", 1000, NOW, "INV-1")
        assert owed(tx, account) == {"INV-2": 1000}

    await database.write(act)


async def test_a_payment_and_a_credit_for_the_same_invoice_leave_the_rest_as_credit(database: Database) -> None:
    def act(tx: Tx) -> None:
        account = opened(tx)
        (second,) = [row["id"] for row in tx.all("select id from invoices where number = 'INV-2'")]
        bills.payment(tx, account, 2000, "completed", {second: 2000})
        save_credit(tx, "BACS-1", "BB-1", 600, NOW, "INV-2")
        assert owed(tx, account) == {"INV-1": 400}

    await database.write(act)


async def test_the_credit_of_a_cancelled_invoice_covers_the_others(database: Database) -> None:
    def act(tx: Tx) -> None:
        account = opened(tx)
        save_credit(tx, "BACS-1", "BB-1", 600, NOW, "INV-2")
        (second,) = [row["id"] for row in tx.all("select id from invoices where number = 'INV-2'")]
        cancel_invoice(tx, second, NOW)
        assert owed(tx, account) == {"INV-1": 400}

    await database.write(act)


async def test_a_credit_is_booked_once_and_for_one_invoice(database: Database) -> None:
    def act(tx: Tx) -> None:
        account = opened(tx)
        save_credit(tx, "BACS-1", "BB-1", 500, NOW, "INV-2")
        assert save_credit(tx, "BACS-1", "BB-1", 500, NOW, "INV-2") == ImportOutcome.UNCHANGED
        for other in ("INV-1", None):
            with pytest.raises(RecordRefused, match="credit BACS-1 was booked for another invoice or for none"):
                save_credit(tx, "BACS-1", "BB-1", 500, NOW, other)
        with pytest.raises(RecordRefused, match="there is no invoice INV-9; put the invoice's line above"):
            save_credit(tx, "BACS-2", "BB-1", 500, NOW, "INV-9")
        with pytest.raises(RecordRefused, match="invoice INV-1 is of another account"):
            save_credit(tx, "BACS-2", "BB-2", 500, NOW, "INV-1")
        assert owed(tx, account) == {"INV-1": 1000, "INV-2": 1500}

    await database.write(act)


async def test_no_sum_of_an_account_leaves_the_bounds(database: Database) -> None:
    def act(tx: Tx) -> None:
        account = opened(tx)
        largest = InvoiceToBook("INV-3", TODAY, SOON, [("Fibre", MAX_MINOR - 3000)])
        save_invoice(tx, "BB-1", largest, False, NOW)
        with pytest.raises(RecordRefused, match="account BB-1 would come to more than 9007199254740992 minor units"):
            save_invoice(tx, "BB-1", InvoiceToBook("INV-4", TODAY, SOON, [("Fibre", 1)]), False, NOW)
        save_credit(tx, "BACS-1", "BB-1", MAX_MINOR, NOW)
        with pytest.raises(RecordRefused, match="account BB-1 would come to more than 9007199254740992 minor units"):
            save_credit(tx, "BACS-2", "BB-1", 1, NOW)
        assert owed(tx, account) == {}

    await database.write(act)
