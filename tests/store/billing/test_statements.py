"""What is owed: one figure, however the money came and went."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import Conflict, Database, Tx
from store.billing.accounts import add_contact
from store.billing.ledger import Entry, InvoiceToBook, book_entry, book_invoice, cancel_invoice, settle
from store.billing.statements import contact_email, find_account, find_contact, owns, statement, statements_of
from tests.store import bills
from tests.store.bills import NOW, TODAY

LATER = TODAY + timedelta(days=9)
EARLIER = TODAY - timedelta(days=5)


async def test_a_contact_is_found_by_exactly_its_identifiers(database: Database) -> None:
    def ask(tx: Tx) -> list[Any]:
        ada = add_contact(tx, "Ada", [("email", "ada@example.com"), ("mobile", "+447700900001")], NOW)
        return [
            find_contact(tx, "email", "ada@example.com") == ada,
            find_contact(tx, "mobile", "+447700900001") == ada,
            find_contact(tx, "mobile", "ada@example.com"),
            find_contact(tx, "email", "Ada@example.com"),
            contact_email(tx, ada),
            contact_email(tx, add_contact(tx, "Bo", [("mobile", "+447700900002")], NOW)),
        ]

    assert await database.write(ask) == [True, True, None, None, "ada@example.com", None]


async def test_an_identifier_belongs_to_one_contact(database: Database) -> None:
    await database.write(lambda tx: bills.customer(tx, "ada@example.com"))
    with pytest.raises(Conflict):
        await database.write(lambda tx: bills.customer(tx, "ada@example.com"))


async def test_a_contacts_statements_are_those_of_each_account_those_that_owe_first(database: Database) -> None:
    def ask(tx: Tx) -> None:
        ada, other = bills.customer(tx), bills.customer(tx)
        clear, owing, foreign = bills.account(tx, ada), bills.account(tx, ada, other), bills.account(tx, other)
        bills.invoice(tx, owing, 4250)
        found = statements_of(tx, ada, TODAY)
        assert [(each.account.id, each.account.balance_minor) for each in found] == [(owing, 4250), (clear, 0)]
        assert found == [statement(tx, owing, TODAY), statement(tx, clear, TODAY)]
        assert find_account(tx, owing) == found[0].account
        assert find_account(tx, "none") is None
        assert owns(tx, other, owing)
        assert not owns(tx, ada, foreign)

    await database.write(ask)


async def test_a_statement_lists_what_is_due_first_and_says_what_is_overdue(database: Database) -> None:
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
        stand = statement(tx, account, TODAY)
        assert [i.amount_minor for i in stand.invoices] == [3000]
        assert stand.account.balance_minor == stand.owed_minor == 3000

    await database.write(ask)


async def test_a_pending_payment_is_shown_apart_and_not_asked_for_again(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        bills.credit(tx, account, 1000)
        under_way = bills.invoice(tx, account, 4250, EARLIER)
        bills.invoice(tx, account, 2000, LATER)
        bills.set_state(tx, under_way, "in_progress")
        bills.payment(tx, account, 3250, "pending")
        stand = statement(tx, account, TODAY)
        assert stand.account.balance_minor == 5250
        assert stand.pending_minor == 3250
        assert [i.amount_minor for i in stand.in_progress] == [3250]
        assert [i.amount_minor for i in stand.invoices] == [2000]
        assert stand.owed_minor == 2000

    await database.write(ask)


async def test_credit_is_a_negative_balance_and_nothing_is_asked_for(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        bills.invoice(tx, account, 1000)
        bills.credit(tx, account, 1500)
        stand = statement(tx, account, TODAY)
        assert (stand.account.balance_minor, stand.owed_minor, stand.invoices) == (-500, 0, ())

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


async def test_a_cancelled_invoice_gives_back_what_was_paid_for_it(database: Database) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        invoice = bills.invoice(tx, account, 3000)
        bills.payment(tx, account, 1000, "completed", {invoice: 1000})
        cancel_invoice(tx, invoice, NOW)
        cancel_invoice(tx, invoice, NOW)
        stand = statement(tx, account, TODAY)
        assert (stand.account.balance_minor, stand.invoices) == (-1000, ())

    await database.write(ask)


async def test_settling_marks_what_credit_covers_and_nothing_more(database: Database) -> None:
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


# ── against a model ──

amounts = st.integers(1, 10_000)
due_days = st.integers(-30, 30)
invoices = st.lists(st.tuples(due_days, amounts, st.sampled_from(["open", "open", "in_progress"]), st.integers(0, 100)))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(billed=invoices, credited=st.lists(amounts, max_size=3), fees=st.lists(amounts, max_size=2))
async def test_a_statement_is_the_balance_less_what_is_under_way_with_credit_on_the_oldest(
    database: Database, billed: list[tuple[int, int, str, int]], credited: list[int], fees: list[int]
) -> None:
    def ask(tx: Tx) -> None:
        account = bills.account(tx)
        open_ones: list[list[Any]] = []
        balance = sum(fees) - sum(credited)
        under_way = 0
        for position, (days, amount, state, percent_paid) in enumerate(billed):
            invoice = bills.invoice(tx, account, amount, TODAY + timedelta(days=days), f"{account}-{position:03}")
            if paid := amount * percent_paid // 100:
                bills.payment(tx, account, paid, "completed", {invoice: paid})
            balance += amount - paid
            if state == "in_progress":
                under_way += amount - paid
                bills.set_state(tx, invoice, state)
                bills.payment(tx, account, amount - paid, "pending")
            else:
                open_ones.append([days, position, invoice, amount - paid])
        for amount in credited:
            bills.credit(tx, account, amount)
        for amount in fees:
            bills.fee(tx, account, amount)

        # What has no invoice to stand on: fees use up credit first, what is left covers the oldest due.
        spare = max(0, sum(credited) - sum(fees))
        expected = []
        for _, _, invoice, remains in sorted(open_ones):
            covered = min(spare, remains)
            spare -= covered
            if remains > covered:
                expected.append((invoice, remains - covered))

        stand = statement(tx, account, TODAY)
        assert stand.account.balance_minor == balance
        assert stand.pending_minor == sum(invoice.amount_minor for invoice in stand.in_progress) == under_way
        assert [(invoice.id, invoice.amount_minor) for invoice in stand.invoices] == expected
        assert stand.owed_minor == max(0, balance - under_way)
        assert all(invoice.overdue == (invoice.due_on < TODAY.isoformat()) for invoice in stand.invoices)

    await database.write(ask)
