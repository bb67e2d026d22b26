"""Statements: one payable figure, in whichever way money came and went."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import Database, Tx
from store.billing.accounts import find_account
from store.billing.statements import statement, statements_of
from tests.store import bills
from tests.store.bills import TODAY

LATER = TODAY + timedelta(days=9)
EARLIER = TODAY - timedelta(days=5)


async def test_a_contact_has_a_statement_for_each_account_the_largest_balance_first(database: Database) -> None:
    def ask(tx: Tx) -> None:
        ada, other = bills.customer(tx), bills.customer(tx)
        clear, owing, _ = bills.account(tx, ada), bills.account(tx, ada, other), bills.account(tx, other)
        bills.invoice(tx, owing, 4250)
        found = statements_of(tx, ada, TODAY)
        assert [(each.account.id, each.account.balance_minor) for each in found] == [(owing, 4250), (clear, 0)]
        assert found == [statement(tx, owing, TODAY), statement(tx, clear, TODAY)]
        assert find_account(tx, owing) == found[0].account

    await database.write(ask)


async def test_a_statement_lists_invoices_by_due_date_and_marks_the_overdue_ones(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        later = bills.invoice(tx, account, 1370, LATER, "INV-2")
        late = bills.invoice(tx, account, 2880, EARLIER, "INV-1")
        today = bills.invoice(tx, account, 100, TODAY, "INV-3")
        facts = statement(tx, account, TODAY).as_facts()
        assert facts["balance_minor"] == 4350
        assert [(i["id"], i["amount_minor"], i["overdue"]) for i in facts["invoices"]] == [
            (late, 2880, True),
            (today, 100, False),
            (later, 1370, False),
        ]
        assert facts["invoices"][0] == {
            "id": late,
            "number": "INV-1",
            "due_on": EARLIER.isoformat(),
            "amount_minor": 2880,
            "overdue": True,
        }
        assert (facts["pending_minor"], facts["in_progress"], facts["mandate"]) == (0, [], None)

    await database.write(ask)


async def test_a_part_payment_leaves_the_rest_of_its_invoice(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        invoice = bills.invoice(tx, account, 5000)
        bills.payment(tx, account, 2000, "completed", {invoice: 2000})
        bills.payment(tx, account, 3000, "failed", {invoice: 3000})
        found = statement(tx, account, TODAY)
        assert [i.amount_minor for i in found.invoices] == [3000]
        assert found.account.balance_minor == found.owed_minor == 3000

    await database.write(ask)


async def test_a_pending_payment_is_shown_apart_and_not_asked_for_again(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        bills.credit(tx, account, 1000)
        pending = bills.invoice(tx, account, 4250, EARLIER)
        bills.invoice(tx, account, 2000, LATER)
        bills.set_state(tx, pending, "in_progress")
        bills.payment(tx, account, 3250, "pending")
        found = statement(tx, account, TODAY)
        assert found.account.balance_minor == 5250
        assert found.pending_minor == 3250
        assert [i.amount_minor for i in found.in_progress] == [3250]
        assert [i.amount_minor for i in found.invoices] == [2000]
        assert found.owed_minor == 2000

    await database.write(ask)


async def test_credit_is_a_negative_balance_and_nothing_is_asked_for(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        bills.invoice(tx, account, 1000)
        bills.credit(tx, account, 1500)
        found = statement(tx, account, TODAY)
        assert (found.account.balance_minor, found.owed_minor, found.invoices) == (-500, 0, ())

    await database.write(ask)


@pytest.mark.parametrize(
    ("state", "next_on", "expected"),
    [
        ("active", LATER, {"next_on": LATER.isoformat(), "next_minor": 3480, "currency": "GBP"}),
        ("active", TODAY, {"next_on": TODAY.isoformat(), "next_minor": 3480, "currency": "GBP"}),
        ("active", EARLIER, {"next_on": None, "next_minor": None, "currency": "GBP"}),
        ("active", None, {"next_on": None, "next_minor": None, "currency": "GBP"}),
        ("pending", LATER, None),
        ("cancelled", LATER, None),
        ("failed", LATER, None),
    ],
)
async def test_only_an_active_direct_debit_collects_and_never_in_the_past(
    database: Database, state: str, next_on: date | None, expected: dict[str, Any] | None
) -> None:
    def ask(tx: Tx) -> Any:
        account = bills.account(tx)
        tx.execute_count(
            "insert into mandates (id, account, reference, state, next_on, next_minor, currency)"
            " values ('m', :account, 'DD-1', :state, :next_on, 3480, 'GBP')",
            {"account": account, "state": state, "next_on": next_on.isoformat() if next_on else None},
        )
        return statement(tx, account, TODAY).as_facts()["mandate"]

    assert await database.write(ask) == expected


# ── against a model ──

amounts = st.integers(1, 10_000)
due_days = st.integers(-30, 30)
invoices = st.lists(st.tuples(due_days, amounts, st.sampled_from(["open", "open", "in_progress"]), st.integers(0, 100)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(billed=invoices, credited=st.lists(amounts, max_size=3), fees=st.lists(amounts, max_size=2))
async def test_a_statement_is_the_balance_less_pending_payments_with_credit_on_the_oldest(
    database: Database, billed: list[tuple[int, int, str, int]], credited: list[int], fees: list[int]
) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        open_ones: list[list[Any]] = []
        balance = sum(fees) - sum(credited)
        pending = 0
        for position, (days, amount, state, percent_paid) in enumerate(billed):
            invoice = bills.invoice(tx, account, amount, TODAY + timedelta(days=days), f"{account}-{position:03}")
            if paid := amount * percent_paid // 100:
                bills.payment(tx, account, paid, "completed", {invoice: paid})
            balance += amount - paid
            if state == "in_progress":
                pending += amount - paid
                bills.set_state(tx, invoice, state)
                bills.payment(tx, account, amount - paid, "pending")
            else:
                open_ones.append([days, position, invoice, amount - paid])
        for amount in credited:
            bills.credit(tx, account, amount)
        for amount in fees:
            bills.fee(tx, account, amount)

        # Fees stand on no invoice and use up credit first; the rest of it covers the invoices due first.
        spare = max(0, sum(credited) - sum(fees))
        expected = []
        for _, _, invoice, remains in sorted(open_ones):
            covered = min(spare, remains)
            spare -= covered
            if remains > covered:
                expected.append((invoice, remains - covered))

        found = statement(tx, account, TODAY)
        assert found.account.balance_minor == balance
        assert found.pending_minor == sum(invoice.amount_minor for invoice in found.in_progress) == pending
        assert [(invoice.id, invoice.amount_minor) for invoice in found.invoices] == expected
        assert found.owed_minor == max(0, balance - pending)
        assert all(invoice.overdue == (invoice.due_on < TODAY.isoformat()) for invoice in found.invoices)

    await database.write(ask)
