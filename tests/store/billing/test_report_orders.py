"""The ledger stays sound for payment reports in any order and with any repetition."""

import sqlite3
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from chatbot.payments.gateways.gateway import PaymentReport
from store.billing import payments, statements
from store.database import Tx
from store.drivers.migrate import migrate
from store.drivers.sqlite import SqliteTx
from tests.bills import (
    MORNING,
    a_link,
    a_payment,
    asked,
    balance,
    entries,
    everything,
    invoice_state,
    owe,
    record,
    report,
)
from tests.store.billing.checkout_model import CheckoutModel

T = TypeVar("T")
OWED = 4250


def in_memory(scenario: Callable[[Tx], T]) -> T:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma foreign_keys = on")
    tx = SqliteTx(connection, Path(":memory:"))
    migrate(tx)
    try:
        return scenario(tx)
    finally:
        connection.close()


def check_ledger(tx: Tx, account: str) -> None:
    """Check the invariants of the ledger."""
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


def test_a_payment_is_booked_once_in_every_order_of_its_reports() -> None:
    def scenario(tx: Tx) -> None:
        for order in permutations(["pending", "failed", "cancelled", "paid", "paid again", "answer"]):
            bills = owe(tx)
            payment = a_payment(tx, everything(tx, bills))
            reports = {
                "pending": report(payment, "pending"),
                "failed": report(payment, "failed"),
                "cancelled": report(payment, "cancelled"),
                "paid": report(payment, "paid"),
                "paid again": report(payment, "paid"),
                "answer": asked(report(payment, "paid")),
            }
            for name in order:
                state = payments.read_payment(tx, payment.id).state
                record(tx, reports[name], polled_state=state if name == "answer" else None)
            assert entries(tx, bills.account) == [("payment", -4250)]
            assert payments.read_payment(tx, payment.id).state == "completed"
            assert invoice_state(tx, bills.second) == "paid"

    in_memory(scenario)


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


@given(STEPS)
def test_the_ledger_stays_sound_whatever_gateways_say(
    steps: list[tuple[str, str | None, int, str, str, int, int]],
) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        apart = [a_link(tx, bills, [(bills.first, 1750)]), a_link(tx, bills, [(bills.second, 2500)])]
        started = [a_payment(tx, link) for link in (*apart, everything(tx, bills))]
        for outcome, key, amount, currency, money, refunded, which in steps:
            payment = payments.read_payment(tx, started[which].id)
            changed_report = PaymentReport(
                outcome,
                payment.id,
                key,
                amount,
                currency,
                f"{money}-{payment.id}",
                refunded,  # type: ignore[arg-type]
            )
            record(tx, changed_report, polled_state=payment.state if key is None else None)
            check_ledger(tx, bills.account)

    in_memory(scenario)


MOVES = st.one_of(
    st.tuples(st.just("open"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["approve", "bounce", "close", "deliver"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["sweep"]), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 61])),
)
RARE_MOVES = st.tuples(st.sampled_from(["reinstate", "approve late"]), st.integers(0, 3))


def move(model: CheckoutModel, name: str, which: int) -> None:
    match name:
        case "open":
            model.open(which)
        case "approve":
            model.change(which, ("open",), "paid")
        case "bounce":
            model.change(which, ("paid",), "bounced")
        case "close":
            model.change(which, ("open",), "closed")
        case "reinstate":
            model.change(which, ("bounced",), "paid")
        case "approve late":
            model.change(which, ("open", "closed"), "paid")
        case "deliver":
            model.deliver(which)
        case "sweep":
            model.sweep()
        case "wait":
            model.wait(which)


@given(st.lists(st.one_of(MOVES, MOVES, RARE_MOVES), max_size=30))
def test_all_money_that_a_provider_took_is_booked_and_what_is_too_much_is_credit(moves: list[tuple[str, int]]) -> None:
    def scenario(tx: Tx) -> None:
        model = CheckoutModel(tx)
        for name, which in moves:
            move(model, name, which)
            check_ledger(tx, model.bills.account)
        model.settle()
        check_ledger(tx, model.bills.account)
        assert model.balance_minor == OWED - model.taken_minor
        if model.taken_minor > OWED:
            assert sum(applied.credit_minor for applied in model.applied) >= model.taken_minor - OWED

    in_memory(scenario)


@given(st.lists(MOVES, max_size=30))
def test_while_cancellations_work_no_provider_takes_more_than_is_owed(moves: list[tuple[str, int]]) -> None:
    def scenario(tx: Tx) -> None:
        model = CheckoutModel(tx)
        for name, which in moves:
            move(model, name, which)
            for webhook in model.webhooks[-1:]:
                model.apply(webhook, None)
            model.sweep()
            assert model.taken_minor <= OWED
        model.settle()
        assert model.balance_minor == OWED - model.taken_minor

    in_memory(scenario)
