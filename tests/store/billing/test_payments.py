"""Links, payments and booking: money is booked once, whatever order its news comes in."""

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.payments.gateways.gateway import PaymentReport
from store import Database
from store.billing import payment_links, payment_reports, payments, statements
from store.database import Tx
from store.drivers.migrate import migrate
from store.drivers.sqlite import SqliteTx
from tests.bills import (
    HOUR,
    MORNING,
    a_link,
    a_payment,
    asked,
    balance,
    bill,
    entries,
    everything,
    invoice_state,
    owe,
    record,
    report,
)

T = TypeVar("T")
MINUTE = timedelta(minutes=1)


# ── links ──


async def test_the_same_debt_asked_for_again_is_the_same_link_with_a_new_expiry(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        first = everything(tx, bills)
        again = everything(tx, bills, MORNING + 30 * MINUTE)
        assert again.id == first.id
        assert again.expires_at == first.expires_at + 30 * MINUTE

    await database.write(story)


async def test_a_link_that_shares_an_invoice_takes_the_place_of_the_older_one(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        old, apart = everything(tx, bills), a_link(tx, owe(tx), [])
        new = a_link(tx, bills, [(bills.first, 1750)])
        assert payment_links.link_status(tx, payment_links.read_link(tx, old.id), MORNING) == "revoked"
        assert payment_links.link_status(tx, new, MORNING) == "open"
        assert payment_links.read_link(tx, apart.id).state == "open"

    await database.write(story)


async def test_links_for_different_invoices_live_side_by_side(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        one, other = a_link(tx, bills, [(bills.first, 1750)]), a_link(tx, bills, [(bills.second, 2500)])
        assert [payment_links.link_status(tx, link, MORNING) for link in (one, other)] == ["open", "open"]

    await database.write(story)


async def test_a_link_runs_out(database: Database) -> None:
    def story(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        assert payment_links.expire_links(tx, MORNING + 59 * MINUTE, 10) == []
        assert payment_links.link_status(tx, link, MORNING + HOUR) == "expired"
        assert [each.id for each in payment_links.expire_links(tx, MORNING + HOUR, 10)] == [link.id]
        assert payment_links.expire(tx, link.id, MORNING + HOUR)
        assert not payment_links.expire(tx, link.id, MORNING + HOUR)
        assert payment_links.expire_links(tx, MORNING + HOUR, 10) == []

    await database.write(story)


async def test_a_link_whose_payment_is_being_confirmed_does_not_run_out(database: Database) -> None:
    def story(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        record(tx, report(a_payment(tx, link), "pending"))
        assert payment_links.next_expiry(tx, MORNING) == MORNING + HOUR
        assert payment_links.expire_links(tx, MORNING + HOUR, 10) == []
        assert payment_links.next_expiry(tx, MORNING + HOUR) is None
        assert payment_links.link_status(tx, link, MORNING + HOUR) == "confirming"

    await database.write(story)


async def test_a_link_that_asks_for_more_than_is_owed_by_now_cannot_be_paid(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        one = a_link(tx, bills, [(bills.first, 1750)])
        record(tx, report(a_payment(tx, one), "paid", amount=1000))
        late = everything(tx, bills)
        assert late.amount_minor == 3250
        tx.execute_count("update payment_links set amount_minor = 4250 where id = :id", {"id": late.id})
        assert payment_links.link_status(tx, payment_links.read_link(tx, late.id), MORNING) == "changed"

    await database.write(story)


# ── hand-offs ──


async def test_a_double_click_is_one_payment(database: Database) -> None:
    def story(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        assert a_payment(tx, link).id == a_payment(tx, link, MORNING + MINUTE).id

    await database.write(story)


async def test_after_a_decline_there_is_a_new_payment(database: Database) -> None:
    def story(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        declined = a_payment(tx, link)
        record(tx, report(declined, "failed"))
        assert a_payment(tx, link).id != declined.id

    await database.write(story)


async def test_a_payments_id_suits_every_gateway(database: Database) -> None:
    payment = await database.write(lambda tx: a_payment(tx, everything(tx, owe(tx))))
    assert payment.id.isalnum()
    assert len(payment.id) <= 40


async def test_the_gateway_is_asked_after_1_5_15_minutes_1_and_6_hours_and_then_daily(database: Database) -> None:
    def story(tx: Tx) -> list[timedelta]:
        a_payment(tx, everything(tx, owe(tx)))
        waits, before = [], MORNING
        while (at := payments.next_check(tx)) is not None:
            waits.append(at - before)
            before = at
            assert payments.due_checks(tx, at - MINUTE / 60, 10) == []
            assert len(payments.due_checks(tx, at, 10)) == 1
        return waits

    waits = await database.write(story)
    assert waits[:6] == [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR]
    assert set(waits[6:]) == {24 * HOUR}
    assert sum(waits, timedelta()) <= timedelta(days=30)


# ── booking ──


async def test_a_payment_pays_its_invoices_and_gets_a_receipt(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        recorded = record(tx, report(a_payment(tx, link), "paid"))
        assert recorded is not None
        assert (recorded.what, recorded.amount_minor, recorded.balance_minor) == ("completed", 4250, 0)
        assert recorded.alert is None
        assert recorded.payment.receipt is not None
        assert recorded.payment.receipt[:2] == "R-"
        assert len(recorded.payment.receipt) == len("R-XXXX-XXXX")
        assert entries(tx, bills.account) == [("payment", -4250)]
        assert invoice_state(tx, bills.first) == invoice_state(tx, bills.second) == "paid"
        assert payment_links.link_status(tx, payment_links.read_link(tx, link.id), MORNING) == "paid"
        assert payments.next_check(tx) is None

    await database.write(story)


async def test_while_the_gateway_confirms_the_invoices_are_in_progress(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, a_link(tx, bills, [(bills.first, 1750)]))
        assert invoice_state(tx, bills.first) == "open"
        record(tx, report(payment, "pending"))
        assert invoice_state(tx, bills.first) == "in_progress"
        assert invoice_state(tx, bills.second) == "open"
        assert statements.statement(tx, bills.account, MORNING.date()).pending_minor == 1750
        record(tx, report(payment, "failed"))
        assert invoice_state(tx, bills.first) == "open"

    await database.write(story)


@pytest.mark.parametrize("outcome", ["cancelled", "expired"])
async def test_giving_up_leaves_everything_open(database: Database, outcome: str) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        payment = a_payment(tx, link)
        recorded = record(tx, report(payment, "cancelled" if outcome == "cancelled" else "expired"))
        assert recorded is not None
        assert (recorded.what, recorded.balance_minor) == ("abandoned", 4250)
        assert payment_links.link_status(tx, link, MORNING) == "open"

    await database.write(story)


async def test_a_late_approval_after_a_decline_counts(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "failed"))
        recorded = record(tx, report(payment, "paid"), MORNING + HOUR)
        assert recorded is not None
        assert (recorded.what, recorded.balance_minor) == ("completed", 0)

    await database.write(story)


async def test_one_money_under_two_event_ids_is_booked_once(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        assert record(tx, report(payment, "paid", key="event-1")) is not None
        assert record(tx, report(payment, "paid", key="event-2")) is None
        assert record(tx, asked(report(payment, "paid")), asked_in="completed") is None
        assert entries(tx, bills.account) == [("payment", -4250)]

    await database.write(story)


async def test_two_charges_under_one_order_are_both_money_and_somebody_is_told(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        first = record(tx, report(payment, "paid", money="charge-1"))
        second = record(tx, report(payment, "paid", money="charge-2"))
        assert first is not None
        assert second is not None
        assert second.alert == "overpaid"
        assert second.balance_minor == -4250
        assert second.payment.id != first.payment.id
        assert second.payment.receipt != first.payment.receipt
        back = record(tx, report(payment, "refunded", money="charge-2", refunded=4250))
        assert back is not None
        assert (back.payment.id, back.balance_minor) == (second.payment.id, 0)
        assert invoice_state(tx, bills.first) == "paid"

    await database.write(story)


async def test_money_for_a_paid_invoice_becomes_credit_that_the_next_invoice_uses(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        older = a_link(tx, bills, [(bills.first, 1750)])
        early = a_payment(tx, older)
        record(tx, report(a_payment(tx, everything(tx, bills)), "paid"))
        recorded = record(tx, report(early, "paid"))
        assert recorded is not None
        assert (recorded.alert, recorded.balance_minor) == ("overpaid", -1750)
        bill(tx, bills.account, 2000, date(2027, 2, 1))
        assert statements.statement(tx, bills.account, MORNING.date()).owed_minor == 250

    await database.write(story)


async def test_too_little_is_booked_as_what_it_is_due_first(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        recorded = record(tx, report(a_payment(tx, everything(tx, bills)), "paid", amount=2000))
        assert recorded is not None
        assert (recorded.alert, recorded.amount_minor, recorded.balance_minor) == ("wrong_amount", 2000, 2250)
        assert (invoice_state(tx, bills.first), invoice_state(tx, bills.second)) == ("paid", "open")
        [left] = statements.statement(tx, bills.account, MORNING.date()).invoices
        assert (left.id, left.amount_minor) == (bills.second, 2250)
        assert tx.one("select 1 as one from audit where action = 'payment_wrong_amount'") is not None

    await database.write(story)


async def test_too_much_is_booked_as_what_it_is(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        recorded = record(tx, report(a_payment(tx, everything(tx, bills)), "paid", amount=5000))
        assert recorded is not None
        assert (recorded.alert, recorded.balance_minor) == ("wrong_amount", -750)

    await database.write(story)


async def test_another_currency_is_held_for_a_person_and_books_nothing(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        payment = a_payment(tx, link)
        recorded = record(tx, report(payment, "paid", currency="EUR"))
        assert recorded is not None
        assert (recorded.what, recorded.alert, recorded.balance_minor) == ("pending", "wrong_currency", 4250)
        assert entries(tx, bills.account) == []
        assert payment_links.link_status(tx, link, MORNING) == "confirming"
        assert record(tx, report(payment, "paid", currency="EUR")) is None

    await database.write(story)


async def test_a_payment_that_bounces_is_owed_again(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        payment = a_payment(tx, link)
        record(tx, report(payment, "paid"))
        doubt = record(tx, report(payment, "failed"))
        assert doubt is not None
        assert doubt.what == "doubtful"
        assert payments.next_check(tx) == MORNING
        recorded = record(tx, asked(report(payment, "failed")), MORNING + HOUR, asked_in="completed")
        assert recorded is not None
        assert (recorded.what, recorded.amount_minor, recorded.balance_minor) == ("reversed", 4250, 4250)
        assert entries(tx, bills.account) == [("payment", -4250), ("chargeback", 4250)]
        assert invoice_state(tx, bills.first) == invoice_state(tx, bills.second) == "open"
        assert payment_links.link_status(tx, payment_links.read_link(tx, link.id), MORNING) == "returned"
        assert record(tx, asked(report(payment, "failed")), asked_in="failed") is None
        assert record(tx, report(payment, "paid")) is None
        assert record(tx, report(payment, "pending")) is None
        assert payments.next_check(tx) is None

    await database.write(story)


async def test_the_late_news_of_an_earlier_decline_takes_nothing_back(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "paid"))
        record(tx, report(payment, "failed"))
        assert record(tx, asked(report(payment, "paid")), asked_in="completed") is None
        assert balance(tx, bills.account) == 0
        assert payments.next_check(tx) is None

    await database.write(story)


async def test_an_answer_that_was_overtaken_is_dropped(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "paid"))
        assert record(tx, asked(report(payment, "failed")), asked_in="created") is None
        assert balance(tx, bills.account) == 0

    await database.write(story)


async def test_refunds_are_booked_as_they_add_up(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "paid"))
        for refunded, again, owed in [(500, 0, 500), (2500, 1, 2500), (500, 2, 2500), (4250, 3, 4250), (4250, 4, 4250)]:
            record(tx, report(payment, "refunded", key=f"refund-{again}", refunded=refunded))
            assert balance(tx, bills.account) == owed
        assert payments.read_payment(tx, payment.id).state == "refunded"
        assert invoice_state(tx, bills.first) == "open"

    await database.write(story)


async def test_a_refund_whose_payment_we_never_heard_of_books_both(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "refunded", refunded=1000))
        record(tx, report(payment, "paid"))
        assert entries(tx, bills.account) == [("payment", -4250), ("refund", 1000)]
        assert statements.statement(tx, bills.account, MORNING.date()).owed_minor == 1000

    await database.write(story)


async def test_a_report_of_an_unknown_payment_is_kept_and_placed_when_it_comes_again(database: Database) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        early = report(payment, "paid", key="early")
        payment_reports.keep_unplaced(tx, "sandbox", early, MORNING)
        payment_reports.keep_unplaced(tx, "sandbox", early, MORNING)
        assert record(tx, early) is not None
        assert record(tx, early) is None
        rows = tx.all("select payment, outcome from gateway_events")
        assert [(row["payment"], row["outcome"]) for row in rows] == [(payment.id, "paid")]

    await database.write(story)


async def test_another_gateways_reference_is_not_ours(database: Database) -> None:
    def story(tx: Tx) -> None:
        payment = a_payment(tx, everything(tx, owe(tx)))
        assert payments.placed(tx, "sandbox", payment.id) is not None
        assert payments.placed(tx, "stripe", payment.id) is None

    await database.write(story)


# ── every order, every repetition ──


def in_memory(story: Callable[[Tx], T]) -> T:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma foreign_keys = on")
    tx = SqliteTx(connection, Path(":memory:"))
    migrate(tx)
    try:
        return story(tx)
    finally:
        connection.close()


def sound(tx: Tx, account: str) -> None:
    """Check what must hold after every step."""
    for row in tx.all(statements.UNPAID, {"account": account}):
        assert row["remains_minor"] >= 0
    shared = tx.all(
        """select p.id, p.amount_minor, sum(a.amount_minor) as given from payments p
        join allocations a on a.payment = p.id where p.state = 'completed' group by p.id, p.amount_minor"""
    )
    assert all(row["given"] <= row["amount_minor"] for row in shared)
    owed = statements.statement(tx, account, MORNING.date())
    assert owed.account.balance_minor == balance(tx, account)
    assert sum(invoice.amount_minor for invoice in owed.invoices) <= owed.owed_minor
    paid = tx.all("select amount_minor from payments where receipt is not null")
    booked = [minor for kind, minor in entries(tx, account) if kind == "payment"]
    assert sorted(-minor for minor in booked) == sorted(row["amount_minor"] for row in paid)


def test_a_payment_is_booked_once_in_every_order_of_its_news() -> None:
    def story(tx: Tx) -> None:
        for order in permutations(["pending", "failed", "cancelled", "paid", "paid again", "answer"]):
            bills = owe(tx)
            payment = a_payment(tx, everything(tx, bills))
            news = {
                "pending": report(payment, "pending"),
                "failed": report(payment, "failed"),
                "cancelled": report(payment, "cancelled"),
                "paid": report(payment, "paid"),
                "paid again": report(payment, "paid"),
                "answer": asked(report(payment, "paid")),
            }
            for name in order:
                state = payments.read_payment(tx, payment.id).state
                record(tx, news[name], asked_in=state if name == "answer" else None)
            assert entries(tx, bills.account) == [("payment", -4250)]
            assert payments.read_payment(tx, payment.id).state == "completed"
            assert invoice_state(tx, bills.second) == "paid"

    in_memory(story)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["paid", "pending", "failed", "cancelled", "expired", "refunded", "unknown"]),
        st.sampled_from(["event-1", "event-2", "event-3", None]),
        st.sampled_from([4250, 1750, 2500, 100, 9000]),
        st.sampled_from(["GBP", "GBP", "GBP", "EUR"]),
        st.sampled_from(["charge-1", "charge-1", "charge-2"]),
        st.sampled_from([0, 100, 4250]),
        st.integers(0, 2),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_the_ledger_stays_sound_whatever_gateways_say(
    steps: list[tuple[str, str | None, int, str, str, int, int]],
) -> None:
    def story(tx: Tx) -> None:
        bills = owe(tx)
        apart = [a_link(tx, bills, [(bills.first, 1750)]), a_link(tx, bills, [(bills.second, 2500)])]
        started = [a_payment(tx, link) for link in (*apart, everything(tx, bills))]
        for outcome, key, amount, currency, money, refunded, which in steps:
            payment = payments.read_payment(tx, started[which].id)
            told = PaymentReport(
                outcome,
                payment.id,
                key,
                amount,
                currency,
                f"{money}-{payment.id}",
                refunded,  # type: ignore[arg-type]
            )
            record(tx, told, asked_in=payment.state if key is None else None)
            sound(tx, bills.account)

    in_memory(story)
