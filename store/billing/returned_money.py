"""Money of a booked payment that goes back, and money that had gone back and arrives after all.

A webhook may be late, so it is believed only where it cannot be older than what is booked; otherwise it raises a doubt,
and the gateway's answer to a status check is booked.
"""

from datetime import datetime

from msgspec.structs import replace

from store.billing import allocations, payments
from store.billing.applied_reports import (
    AppliedReport,
    GatewayReport,
    PaymentAlert,
    account_balance,
    alert_once,
    applied_report,
    book,
    doubt,
    payment_of_charge,
    set_state,
    source_of,
    unrefunded,
)
from store.billing.payments import Payment
from store.database import Tx


def book_refund(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    """Book the amount refunded since the last report; None if there is none."""
    payment = payment_of_charge(tx, payment, report)
    left = unrefunded(tx, payment)
    amount = min(left, report.refunded_minor - (payment.amount_minor - left))
    source = f"{source_of(payment, report)}:{report.refunded_minor}{_times_reinstated(tx, payment)}"
    if amount <= 0 or not book(tx, payment, "refund", amount, source, now):
        return None
    allocations.deallocate(tx, payment, left - amount)
    if amount == left:
        payment = set_state(tx, payment, "refunded", now)
    _reopen(tx, payment)
    return applied_report(tx, "refunded", payment, amount, now)


def book_chargeback(tx: Tx, payment: Payment, now: datetime) -> AppliedReport | None:
    """Book that all of a payment went back."""
    left = unrefunded(tx, payment)
    source = f"{payment.gateway}:{payment.gateway_payment}{_times_reinstated(tx, payment)}"
    if left <= 0 or not book(tx, payment, "chargeback", left, source, now):
        return None
    failed = set_state(tx, payment, "failed", now)
    _reopen(tx, failed)
    return applied_report(tx, "reversed", failed, left, now)


def book_again(tx: Tx, order: Payment, report: GatewayReport, now: datetime, polled: bool) -> AppliedReport | None:
    """Book money of a known charge that the gateway has and the ledger does not; None if the ledger has it.

    Such money had gone back and has arrived after all. In a payment that was never wholly returned, it cannot be told
    from a refund that was reported in between, so a person is alerted.
    """
    payment = payment_of_charge(tx, order, report)
    if report.amount_minor > payment.amount_minor:
        return alert_once(tx, payment, "wrong_amount", report, now)
    amount = payment.amount_minor - report.refunded_minor - unrefunded(tx, payment)
    if amount <= 0:
        return None
    if not polled:
        return doubt(tx, order, now)
    if payment.state == "completed":
        return alert_once(tx, payment, "wrong_amount", report, now)
    source = f"{payment.gateway}:{payment.gateway_payment}:{_reinstatements(tx, payment) + 1}"
    if not book(tx, payment, "reinstatement", -amount, source, now):
        return None
    tx.execute("update payments set state = 'completed' where id = :id", {"id": payment.id})
    payments.schedule_check(tx, payment.id, None)
    payment = replace(payment, state="completed")
    rest = allocations.allocate_again(tx, payment, amount)
    allocations.update_invoice_states(tx, payment)
    payments.check_others(tx, payment, now)
    credit = max(rest, min(amount, -account_balance(tx, payment.account)))
    alert: PaymentAlert | None = "overpaid" if credit > 0 else None
    return applied_report(tx, "reinstated", payment, amount, now, alert, credit)


def _reopen(tx: Tx, payment: Payment) -> None:
    allocations.reopen_invoices(tx, payment.account)
    allocations.update_invoice_states(tx, payment)


def _times_reinstated(tx: Tx, payment: Payment) -> str:
    """Return what tells money that goes back once more from the time before, for the source of its entry."""
    times = _reinstatements(tx, payment)
    return f":again{times}" if times else ""


def _reinstatements(tx: Tx, payment: Payment) -> int:
    row = tx.one(
        "select count(*) as times from entries where payment = :payment and kind = 'reinstatement'",
        {"payment": payment.id},
    )
    return 0 if row is None else int(row["times"])
