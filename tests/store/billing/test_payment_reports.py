"""Payment reports: money is booked once, and invoices, links and receipts follow."""

from datetime import date

import pytest

from store import Database
from store.billing import payment_links, payment_reports, payments, statements
from store.billing.ledger import Entry, book_entry
from store.database import Tx
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


async def test_a_payment_pays_its_invoices_and_gets_a_receipt(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        recorded = record(tx, report(a_payment(tx, link), "paid"))
        assert recorded is not None
        assert (recorded.change, recorded.amount_minor, recorded.balance_minor) == ("completed", 4250, 0)
        assert recorded.alert is None
        assert recorded.payment.receipt is not None
        assert recorded.payment.receipt[:2] == "R-"
        assert len(recorded.payment.receipt) == len("R-XXXX-XXXX")
        assert entries(tx, bills.account) == [("payment", -4250)]
        assert invoice_state(tx, bills.first) == invoice_state(tx, bills.second) == "paid"
        assert payment_links.link_status(tx, payment_links.read_link(tx, link.id), MORNING) == "paid"
        assert payments.next_check(tx) is None

    await database.write(scenario)


async def test_while_the_gateway_confirms_the_invoices_are_in_progress(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, a_link(tx, bills, [(bills.first, 1750)]))
        assert invoice_state(tx, bills.first) == "open"
        record(tx, report(payment, "pending"))
        assert invoice_state(tx, bills.first) == "in_progress"
        assert invoice_state(tx, bills.second) == "open"
        assert statements.statement(tx, bills.account, MORNING.date()).pending_minor == 1750
        record(tx, report(payment, "failed"))
        assert invoice_state(tx, bills.first) == "open"

    await database.write(scenario)


@pytest.mark.parametrize("outcome", ["cancelled", "expired"])
async def test_an_abandoned_checkout_leaves_the_invoices_open(database: Database, outcome: str) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        payment = a_payment(tx, link)
        recorded = record(tx, report(payment, "cancelled" if outcome == "cancelled" else "expired"))
        assert recorded is not None
        assert (recorded.change, recorded.balance_minor) == ("abandoned", 4250)
        assert payment_links.link_status(tx, link, MORNING) == "open"

    await database.write(scenario)


async def test_a_late_approval_after_a_decline_counts(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "failed"))
        recorded = record(tx, report(payment, "paid"), MORNING + HOUR)
        assert recorded is not None
        assert (recorded.change, recorded.balance_minor) == ("completed", 0)

    await database.write(scenario)


async def test_one_charge_under_two_event_ids_is_booked_once(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        assert record(tx, report(payment, "paid", key="event-1")) is not None
        assert record(tx, report(payment, "paid", key="event-2")) is None
        assert record(tx, asked(report(payment, "paid")), polled_state="completed") is None
        assert entries(tx, bills.account) == [("payment", -4250)]

    await database.write(scenario)


async def test_two_charges_under_one_order_are_both_booked_and_raise_an_alert(database: Database) -> None:
    def scenario(tx: Tx) -> None:
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

    await database.write(scenario)


async def test_money_for_a_paid_invoice_becomes_credit_that_the_next_invoice_uses(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        older = a_link(tx, bills, [(bills.first, 1750)])
        early = a_payment(tx, older)
        record(tx, report(a_payment(tx, everything(tx, bills)), "paid"))
        recorded = record(tx, report(early, "paid"))
        assert recorded is not None
        assert (recorded.alert, recorded.balance_minor) == ("overpaid", -1750)
        bill(tx, bills.account, 2000, date(2027, 2, 1))
        assert statements.statement(tx, bills.account, MORNING.date()).owed_minor == 250

    await database.write(scenario)


async def test_an_underpayment_pays_the_invoice_due_first(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        recorded = record(tx, report(a_payment(tx, everything(tx, bills)), "paid", amount=2000))
        assert recorded is not None
        assert (recorded.alert, recorded.amount_minor, recorded.balance_minor) == ("wrong_amount", 2000, 2250)
        assert (invoice_state(tx, bills.first), invoice_state(tx, bills.second)) == ("paid", "open")
        [left] = statements.statement(tx, bills.account, MORNING.date()).invoices
        assert (left.id, left.amount_minor) == (bills.second, 2250)
        assert tx.one("select 1 as one from audit where action = 'payment_wrong_amount'") is not None

    await database.write(scenario)


async def test_an_overpayment_becomes_credit(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        recorded = record(tx, report(a_payment(tx, everything(tx, bills)), "paid", amount=5000))
        assert recorded is not None
        assert (recorded.alert, recorded.balance_minor) == ("wrong_amount", -750)

    await database.write(scenario)


async def test_another_currency_is_held_for_a_person_and_books_nothing(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        payment = a_payment(tx, link)
        recorded = record(tx, report(payment, "paid", currency="EUR"))
        assert recorded is not None
        assert (recorded.change, recorded.alert, recorded.balance_minor) == ("pending", "wrong_currency", 4250)
        assert entries(tx, bills.account) == []
        assert payment_links.link_status(tx, link, MORNING) == "confirming"
        assert record(tx, report(payment, "paid", currency="EUR")) is None

    await database.write(scenario)


async def test_a_returned_payment_is_owed_again(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        link = everything(tx, bills)
        payment = a_payment(tx, link)
        record(tx, report(payment, "paid"))
        doubt = record(tx, report(payment, "failed"))
        assert doubt is not None
        assert doubt.change == "doubtful"
        assert payments.next_check(tx) == MORNING
        recorded = record(tx, asked(report(payment, "failed")), MORNING + HOUR, polled_state="completed")
        assert recorded is not None
        assert (recorded.change, recorded.amount_minor, recorded.balance_minor) == ("reversed", 4250, 4250)
        assert entries(tx, bills.account) == [("payment", -4250), ("chargeback", 4250)]
        assert invoice_state(tx, bills.first) == invoice_state(tx, bills.second) == "open"
        assert payment_links.link_status(tx, payment_links.read_link(tx, link.id), MORNING) == "returned"
        assert record(tx, asked(report(payment, "failed")), polled_state="failed") is None
        assert record(tx, report(payment, "pending")) is None
        assert payments.next_check(tx) is None

    await database.write(scenario)


async def test_a_late_report_of_an_earlier_decline_reverses_nothing(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "paid"))
        record(tx, report(payment, "failed"))
        assert record(tx, asked(report(payment, "paid")), polled_state="completed") is None
        assert balance(tx, bills.account) == 0
        assert payments.next_check(tx) is None

    await database.write(scenario)


async def test_the_answer_to_a_status_check_is_dropped_after_a_newer_report(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "paid"))
        assert record(tx, asked(report(payment, "failed")), polled_state="created") is None
        assert balance(tx, bills.account) == 0

    await database.write(scenario)


async def test_refunds_are_booked_by_their_growing_total(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "paid"))
        for refunded, again, owed in [(500, 0, 500), (2500, 1, 2500), (500, 2, 2500), (4250, 3, 4250), (4250, 4, 4250)]:
            record(tx, report(payment, "refunded", key=f"refund-{again}", refunded=refunded))
            assert balance(tx, bills.account) == owed
        assert payments.read_payment(tx, payment.id).state == "refunded"
        assert invoice_state(tx, bills.first) == "open"

    await database.write(scenario)


async def test_a_refund_without_a_known_charge_books_both(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "refunded", refunded=1000))
        record(tx, report(payment, "paid"))
        assert entries(tx, bills.account) == [("payment", -4250), ("refund", 1000)]
        assert statements.statement(tx, bills.account, MORNING.date()).owed_minor == 1000

    await database.write(scenario)


async def test_an_unplaced_report_is_saved_and_applied_when_it_comes_again(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        early = report(payment, "paid", key="early")
        payment_reports.save_unplaced(tx, "sandbox", early, MORNING)
        payment_reports.save_unplaced(tx, "sandbox", early, MORNING)
        assert record(tx, early) is not None
        assert record(tx, early) is None
        rows = tx.all("select payment, outcome from gateway_events")
        assert [(row["payment"], row["outcome"]) for row in rows] == [(payment.id, "paid")]

    await database.write(scenario)


async def test_a_late_report_of_money_that_went_back_is_booked_only_if_the_gateway_has_it(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "paid"))
        record(tx, asked(report(payment, "failed")), polled_state="completed")
        late = record(tx, report(payment, "paid"))
        assert late is not None
        assert (late.change, payments.next_check(tx)) == ("doubtful", MORNING)
        assert record(tx, asked(report(payment, "failed")), polled_state="failed") is None
        assert (balance(tx, bills.account), payments.next_check(tx)) == (4250, None)
        record(tx, report(payment, "paid"))
        again = record(tx, asked(report(payment, "paid")), polled_state="failed")
        assert again is not None
        assert (again.change, again.balance_minor, again.credit_minor) == ("reinstated", 0, 0)
        assert record(tx, asked(report(payment, "paid")), polled_state="failed") is None
        assert entries(tx, bills.account) == [("payment", -4250), ("chargeback", 4250), ("reinstatement", -4250)]
        assert invoice_state(tx, bills.first) == invoice_state(tx, bills.second) == "paid"

    await database.write(scenario)


async def test_a_refund_that_comes_back_is_booked_again(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        for _ in range(2):
            record(tx, report(payment, "refunded", refunded=4250))
            assert balance(tx, bills.account) == 4250
            record(tx, report(payment, "paid"))
            record(tx, asked(report(payment, "paid")), polled_state="refunded")
            assert balance(tx, bills.account) == 0

    await database.write(scenario)


async def test_a_refund_in_part_that_may_have_come_back_alarms_a_person_once(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "refunded", refunded=1000))
        for _ in range(2):
            record(tx, report(payment, "paid"))
            record(tx, asked(report(payment, "paid")), polled_state="completed")
        assert balance(tx, bills.account) == 1000
        assert alerts(tx) == ["payment_wrong_amount"]

    await database.write(scenario)


@pytest.mark.parametrize("before", ["pending", "paid", "refunded"])
async def test_money_in_another_currency_alarms_a_person_once_whatever_came_before(
    database: Database, before: str
) -> None:
    def scenario(tx: Tx) -> None:
        payment = a_payment(tx, everything(tx, owe(tx)))
        record(tx, report(payment, before, refunded=4250 if before == "refunded" else 0))  # type: ignore[arg-type]
        foreign = record(tx, report(payment, "paid", currency="EUR", money="charge-2"))
        assert foreign is not None
        assert (foreign.change, foreign.alert) == ("alert", "wrong_currency")
        assert record(tx, report(payment, "paid", currency="EUR", money="charge-2")) is None
        assert alerts(tx) == ["payment_wrong_currency"]

    await database.write(scenario)


async def test_more_money_of_a_known_charge_alarms_a_person(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        payment = a_payment(tx, everything(tx, owe(tx)))
        record(tx, report(payment, "paid", amount=1000))
        grown = record(tx, report(payment, "paid", amount=4250))
        assert grown is not None
        assert (grown.change, grown.alert) == ("alert", "wrong_amount")

    await database.write(scenario)


async def test_money_in_an_answer_is_booked_though_a_report_overtook_it(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        record(tx, report(payment, "failed"))
        record(tx, asked(report(payment, "paid")), polled_state="created")
        assert balance(tx, bills.account) == 0

    await database.write(scenario)


async def test_credit_that_came_meanwhile_makes_a_payment_too_much(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        payment = a_payment(tx, everything(tx, bills))
        book_entry(tx, Entry(bills.account, "credit", -1000, "GBP", "a kindness"), MORNING)
        recorded = record(tx, report(payment, "paid"))
        assert recorded is not None
        assert (recorded.credit_minor, recorded.alert) == (1000, "overpaid")

    await database.write(scenario)


def alerts(tx: Tx) -> list[str]:
    return [row["action"] for row in tx.all("select action from audit order by id")]
