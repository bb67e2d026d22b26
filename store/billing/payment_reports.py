"""The effect of a gateway's report on a payment, the ledger and the invoices: once, in whichever order reports come.

Rules. A report that fits no legal step is recorded and never raised: the bank's facts stand. Money is booked as it
arrived, whenever it arrives and even where another amount was asked for, or a person is alerted; nothing is dropped in
silence. Money without an invoice is credit on the account. Two keys keep a booking from happening twice: the event's
(gateway, key), and the money's (kind of entry, gateway and its payment id).
"""

from datetime import datetime
from secrets import choice

from msgspec.structs import replace

from store.billing import allocations, payment_links, payments
from store.billing.applied_reports import (
    AppliedReport,
    GatewayReport,
    PaymentAlert,
    PaymentChange,
    account_balance,
    alert_once,
    applied_report,
    book,
    doubt,
    payment_of_charge,
    save_alert,
    set_state,
    source_of,
)
from store.billing.payments import Payment
from store.billing.returned_money import book_again, book_chargeback, book_refund
from store.database import Tx
from store.ids import ALPHABET, new_id
from store.times import stamp

UNPLACED = "unplaced"


def save_unplaced(tx: Tx, gateway: str, report: GatewayReport, now: datetime) -> None:
    """Save a report without a known payment (yet); the gateway is asked to send it again."""
    tx.execute(
        """insert into gateway_events (gateway, key, payment, outcome, received_at)
        values (:gateway, :key, null, :outcome, :now) on conflict (gateway, key) do nothing""",
        {
            "gateway": gateway,
            "key": report.key or f"{UNPLACED}:{report.reference}:{report.outcome}",
            "outcome": UNPLACED,
            "now": stamp(now),
        },
    )


def apply_report(
    tx: Tx, gateway: str, report: GatewayReport, now: datetime, polled_state: str | None = None
) -> AppliedReport | None:
    """Book a report of a payment that `payments.find_payment` finds; None when it changes nothing.

    `polled_state` marks the answer to a status check: the payment's state when the check began. The answer is dropped
    when the state has changed since, because it may be older than the change. Reports for one account are booked one
    after the other. Raises LookupError for an unknown payment.
    """
    payments.lock_account_of(tx, report.reference)
    payment = payments.find_payment(tx, gateway, report.reference)
    if payment is None:
        raise LookupError("no payment has this reference")
    is_stale = polled_state not in (None, payment.state)
    if (is_stale and not _is_unbooked_money(tx, payment, report)) or not _save_event(tx, payment, report, now):
        return None
    if polled_state is not None and report.outcome != "unknown" and payment.state not in ("created", "pending"):
        payments.schedule_check(tx, payment.id, None)  # the reason for the check is settled
    if report.outcome == "failed" and (failed := payment_of_charge(tx, payment, report)).state == "completed":
        return book_chargeback(tx, failed, now) if polled_state else doubt(tx, payment, now)
    if report.outcome in ("paid", "refunded"):
        return _apply_money(tx, payment, report, now, polled=polled_state is not None and not is_stale)
    return _change_state(tx, payment, report, now) if report.outcome in STATE_CHANGES else None


def alert_undecided(tx: Tx, payment: str, now: datetime) -> AppliedReport | None:
    """Alert a person of money whose status checks have ended without an answer; None if nothing is left undecided."""
    payments.lock_account_of(tx, payment)
    found = payments.read_payment(tx, payment)
    if not payments.checks_are_over(tx, payment) or (found.state != "pending" and found.receipt is None):
        return None
    return applied_report(tx, "alert", found, found.amount_minor, now, "undecided")


def _is_unbooked_money(tx: Tx, payment: Payment, report: GatewayReport) -> bool:
    """Tell whether a report is of a charge not booked yet: money, however old the report is."""
    if report.outcome not in ("paid", "refunded") or report.currency != payment.currency:
        return False
    source = source_of(payment, report)
    return (
        tx.one("select 1 as one from entries where kind = 'payment' and source = :source", {"source": source}) is None
    )


def _save_event(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> bool:
    """Save a webhook's event; False for one applied before. An event saved as unplaced may be applied now."""
    if report.key is None:
        return True
    saved = tx.execute_count(
        """insert into gateway_events (gateway, key, payment, outcome, received_at)
        values (:gateway, :key, :payment, :outcome, :now)
        on conflict (gateway, key) do update set payment = excluded.payment, outcome = excluded.outcome
        where gateway_events.payment is null""",
        {
            "gateway": payment.gateway,
            "key": report.key,
            "payment": payment.id,
            "outcome": report.outcome,
            "now": stamp(now),
        },
    )
    return saved == 1


# ── money that arrives ──────────────────────────────────────────────────────────────────────────────────────


def _apply_money(tx: Tx, payment: Payment, report: GatewayReport, now: datetime, polled: bool) -> AppliedReport | None:
    """Book a charge, and the part of it that was refunded; what was booked before is compared with the report."""
    if report.currency != payment.currency:
        return _hold_foreign_currency(tx, payment, report, now)
    booked = _book_charge(tx, payment, report, now)
    if booked is not None and payment.state == "failed" and not polled:
        # A late approval, or an early report that the money went back: the next answer tells.
        payments.schedule_check(tx, payment.id, now)
    refund = book_refund(tx, payment, report, now) if report.refunded_minor > 0 else None
    if refund is not None:
        return refund if booked is None else replace(refund, alert=booked.alert, credit_minor=booked.credit_minor)
    return booked or book_again(tx, payment, report, now, polled)


def _book_charge(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    """Book a charge; None for one booked before."""
    first = payment.receipt is None
    ordered = payment.amount_minor
    if not first:  # a second charge under one order is money too, with a row and a receipt of its own
        payment = replace(payment, id=new_id(), receipt=None, created_at=now)
    if not book(tx, payment, "payment", -report.amount_minor, source_of(payment, report), now):
        return None
    if not first:
        payments.insert(tx, payment, next_check_at=None)
    payment = _complete(tx, payment, report, now)
    rest = allocations.allocate(tx, payment)
    if payment.link is not None:
        payment_links.mark_paid(tx, payment.link)
    allocations.update_invoice_states(tx, payment)
    payments.check_others(tx, payment, now)
    # Credit from elsewhere may cover the invoices that the money was allocated to.
    credit = max(rest, min(report.amount_minor, -account_balance(tx, payment.account)))
    wrong = report.amount_minor != ordered
    alert: PaymentAlert | None = "wrong_amount" if wrong else "overpaid" if credit > 0 else None
    return applied_report(tx, "completed", payment, report.amount_minor, now, alert, credit)


def _complete(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> Payment:
    done = replace(
        payment,
        state="completed",
        amount_minor=report.amount_minor,
        gateway_payment=report.gateway_payment,
        receipt=_receipt_number(tx),
        completed_at=now,
    )
    tx.execute(
        """update payments set state = 'completed', amount_minor = :amount, gateway_payment = :gateway_payment,
            receipt = :receipt, completed_at = :now, next_check_at = null where id = :id""",
        {
            "id": done.id,
            "amount": done.amount_minor,
            "gateway_payment": done.gateway_payment,
            "receipt": done.receipt,
            "now": stamp(now),
        },
    )
    return done


def _hold_foreign_currency(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    """Alert a person of money in another currency than the account's, and hold its payment as pending."""
    if payment.receipt is not None or payment.state == "pending":
        return alert_once(tx, payment, "wrong_currency", report, now)
    held = set_state(tx, payment, "pending", now)
    save_alert(tx, held, "wrong_currency", report.amount_minor, report.currency, now)
    return AppliedReport("pending", held, held.amount_minor, account_balance(tx, held.account), "wrong_currency")


def _receipt_number(tx: Tx) -> str:
    """Draw a unique receipt number to read out: eight letters and digits of Crockford's alphabet."""
    while True:
        drawn = "".join(choice(ALPHABET) for _ in range(8))
        number = f"R-{drawn[:4]}-{drawn[4:]}"
        if tx.one("select 1 as one from payments where receipt = :number", {"number": number}) is None:
            return number


# ── no money yet ────────────────────────────────────────────────────────────────────────────────────────────

# outcome → (states it may follow, new state, name of the change)
STATE_CHANGES: dict[str, tuple[tuple[str, ...], str, PaymentChange]] = {
    "pending": (("created", "failed", "cancelled"), "pending", "pending"),
    "failed": (("created", "pending", "cancelled"), "failed", "failed"),
    "cancelled": (("created", "pending"), "cancelled", "abandoned"),
    "expired": (("created", "pending"), "cancelled", "abandoned"),
}


def _change_state(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    follows, state, change = STATE_CHANGES[report.outcome]
    if payment.state not in follows or payment.receipt is not None:
        return None
    changed = set_state(tx, payment, state, now)
    allocations.update_invoice_states(tx, changed)
    return applied_report(tx, change, changed, changed.amount_minor, now)
