"""The effect of a gateway's report on a payment, the ledger and the invoices: once, in whichever order reports come.

Rules. A report that fits no legal step is recorded and never raised: the bank's facts stand. Money is booked as it
arrived, even where another amount was asked for, and a person is alerted. Money without an invoice is credit on the
account. Two keys keep a booking from happening twice: the event's (gateway, key), and the money's (kind of entry,
gateway and its payment id).
"""

import json
from collections.abc import Callable
from datetime import datetime
from secrets import choice
from typing import Any, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from store.billing import allocations, payment_links, payments
from store.billing.ledger import Entry, book_entry
from store.billing.payments import CHECK_AFTER, Payment
from store.database import Tx
from store.ids import ALPHABET, new_id
from store.times import stamp

PaymentChange = Literal["completed", "pending", "failed", "abandoned", "reversed", "refunded", "doubtful", "alert"]
PaymentAlert = Literal["wrong_amount", "wrong_currency", "overpaid"]

UNPLACED = "unplaced"


class GatewayReport(Protocol):
    """A gateway's report of a payment; `amount_minor` was paid and `refunded_minor` refunded, both in total."""

    @property
    def outcome(self) -> str: ...  # noqa: D102
    @property
    def key(self) -> str | None: ...  # noqa: D102
    @property
    def reference(self) -> str: ...  # noqa: D102
    @property
    def amount_minor(self) -> int: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def gateway_payment(self) -> str | None: ...  # noqa: D102
    @property
    def refunded_minor(self) -> int: ...  # noqa: D102


class AppliedReport(Struct, frozen=True):
    """The change a report made: the payment after it, the amount concerned, and the account's new balance.

    `doubtful`: nothing was changed; only a status check can tell a returned payment from a late report of an earlier
    attempt. `alert`: a person should look at the payment.
    """

    change: PaymentChange
    payment: Payment
    amount_minor: int
    balance_minor: int
    alert: PaymentAlert | None = None


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
    tx.lock_rows(
        "select id from accounts where id = (select account from payments where id = :payment)",
        {"payment": report.reference},
    )
    payment = payments.find_payment(tx, gateway, report.reference)
    if payment is None:
        raise LookupError("no payment has this reference")
    if polled_state not in (None, payment.state) or not _save_event(tx, payment, report, now):
        return None
    if polled_state is not None and payment.state not in ("created", "pending"):
        payments.schedule_check(tx, payment.id, None)  # the reason for the check is settled
    if report.outcome == "failed" and payment.state == "completed":
        return _book_chargeback(tx, payment, now) if polled_state else _doubt(tx, payment, now)
    apply = OUTCOMES.get(report.outcome)
    return None if apply is None else apply(tx, payment, report, now)


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


def _book_payment(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    if report.currency != payment.currency:
        return _hold_foreign_currency(tx, payment, now)
    first = payment.receipt is None
    ordered = payment.amount_minor
    if not first:  # a second charge under one order is money too, with a row and a receipt of its own
        payment = replace(payment, id=new_id(), receipt=None, created_at=now)
    if not _book(tx, payment, "payment", -report.amount_minor, _source(payment, report), now):
        return None
    if not first:
        payments.insert(tx, payment, next_check_at=None)
    payment = _complete(tx, payment, report, now)
    rest = allocations.allocate(tx, payment)
    if payment.link is not None:
        payment_links.mark_paid(tx, payment.link)
    allocations.update_invoice_states(tx, payment)
    alert: PaymentAlert | None = "wrong_amount" if report.amount_minor != ordered else "overpaid" if rest else None
    return _applied(tx, "completed", payment, report.amount_minor, now, alert)


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


def _hold_foreign_currency(tx: Tx, payment: Payment, now: datetime) -> AppliedReport | None:
    """Hold a payment in another currency than the account's as pending: a person decides its value."""
    if payment.state not in ("created", "failed", "cancelled"):
        return None
    held = _set_state(tx, payment, "pending", now)
    return _applied(tx, "pending", held, held.amount_minor, now, "wrong_currency")


def _receipt_number(tx: Tx) -> str:
    """Draw a unique receipt number to read out: eight letters and digits of Crockford's alphabet."""
    while True:
        drawn = "".join(choice(ALPHABET) for _ in range(8))
        number = f"R-{drawn[:4]}-{drawn[4:]}"
        if tx.one("select 1 as one from payments where receipt = :number", {"number": number}) is None:
            return number


# ── money that goes back ────────────────────────────────────────────────────────────────────────────────────


def _book_refund(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    """Book the amount refunded since the last report, after the payment itself where it is not booked yet."""
    booked = _book_payment(tx, payment, report, now)
    if report.currency != payment.currency:
        return booked
    payment = booked.payment if booked else _payment_of_charge(tx, payment, report)
    unrefunded = _unrefunded(tx, payment)
    amount = min(unrefunded, report.refunded_minor - (payment.amount_minor - unrefunded))
    source = f"{_source(payment, report)}:{report.refunded_minor}"
    if amount <= 0 or not _book(tx, payment, "refund", amount, source, now):
        return booked
    allocations.deallocate(tx, payment, unrefunded - amount)
    if amount == unrefunded:
        payment = _set_state(tx, payment, "refunded", now)
    allocations.reopen_invoices(tx, payment.account)
    allocations.update_invoice_states(tx, payment)
    return _applied(tx, "refunded", payment, amount, now, booked.alert if booked else None)


def _doubt(tx: Tx, payment: Payment, now: datetime) -> AppliedReport:
    """Have the gateway asked at once whether a completed payment failed."""
    payments.schedule_check(tx, payment.id, now)
    return _applied(tx, "doubtful", payment, 0, now)


def _book_chargeback(tx: Tx, payment: Payment, now: datetime) -> AppliedReport | None:
    unrefunded = _unrefunded(tx, payment)
    source = f"{payment.gateway}:{payment.gateway_payment}"
    if unrefunded <= 0 or not _book(tx, payment, "chargeback", unrefunded, source, now):
        return None
    failed = _set_state(tx, payment, "failed", now)
    allocations.reopen_invoices(tx, payment.account)
    allocations.update_invoice_states(tx, failed)
    return _applied(tx, "reversed", failed, unrefunded, now)


def _payment_of_charge(tx: Tx, payment: Payment, report: GatewayReport) -> Payment:
    """Return the payment that a charge was booked for: the order's own, or the one of a second charge."""
    row = tx.one(
        "select payment from entries where kind = 'payment' and source = :source", {"source": _source(payment, report)}
    )
    return payment if row is None else payments.read_payment(tx, row["payment"])


def _unrefunded(tx: Tx, payment: Payment) -> int:
    row = tx.one(
        "select -coalesce(sum(amount_minor), 0) as minor from entries where account = :account and payment = :payment",
        {"account": payment.account, "payment": payment.id},
    )
    return 0 if row is None else int(row["minor"])


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
    changed = _set_state(tx, payment, state, now)
    allocations.update_invoice_states(tx, changed)
    return _applied(tx, change, changed, changed.amount_minor, now)


OUTCOMES: dict[str, Callable[[Tx, Payment, GatewayReport, datetime], AppliedReport | None]] = {
    "paid": _book_payment,
    "refunded": _book_refund,
    **dict.fromkeys(STATE_CHANGES, _change_state),
}


# ── the rows ────────────────────────────────────────────────────────────────────────────────────────────────


def _source(payment: Payment, report: GatewayReport) -> str:
    return f"{payment.gateway}:{report.gateway_payment}"


def _book(tx: Tx, payment: Payment, kind: str, amount: int, source: str, now: datetime) -> bool:
    """Write a ledger entry; False when its source was booked before."""
    return book_entry(tx, Entry(payment.account, kind, amount, payment.currency, source, payment=payment.id), now)


def _set_state(tx: Tx, payment: Payment, state: str, now: datetime) -> Payment:
    tx.execute("update payments set state = :state where id = :id", {"id": payment.id, "state": state})
    payments.schedule_check(tx, payment.id, now + CHECK_AFTER[0] if state == "pending" else None)
    return replace(payment, state=state)


def _balance(tx: Tx, account: str) -> int:
    row = tx.one("select coalesce(sum(amount_minor), 0) as minor from entries where account = :id", {"id": account})
    return 0 if row is None else int(row["minor"])


def _applied(
    tx: Tx, change: PaymentChange, payment: Payment, amount: int, now: datetime, alert: PaymentAlert | None = None
) -> AppliedReport:
    if alert is not None:
        _save_alert(tx, payment, alert, amount, now)
    return AppliedReport(change, payment, amount, _balance(tx, payment.account), alert)


def _save_alert(tx: Tx, payment: Payment, alert: PaymentAlert, amount: int, now: datetime) -> None:
    """Write an audit row for a payment that a person should look at."""
    detail: dict[str, Any] = {"amount_minor": amount, "currency": payment.currency, "link": payment.link is not None}
    tx.execute(
        """insert into audit (id, at, actor, action, subject, detail)
        values (:id, :at, :actor, :action, :subject, :detail)""",
        {
            "id": new_id(),
            "at": stamp(now),
            "actor": f"gateway:{payment.gateway}",
            "action": f"payment_{alert}",
            "subject": payment.id,
            "detail": json.dumps(detail),
        },
    )
