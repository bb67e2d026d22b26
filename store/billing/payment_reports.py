"""What a gateway's report does to a payment, the ledger and the invoices: once, however often and in whatever order.

The rules. A report that fits no legal step is recorded, never raised: what happened at the bank has happened. What
arrived is booked as it arrived, also when it is not what was asked for, and a person is alerted. Money that no invoice
takes is credit on the account. Two keys keep a booking from happening twice: the event's, (gateway, key), and the
money's, (kind of entry, gateway and its payment id).
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import choice
from typing import Any, Literal, Protocol

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
    """What a gateway said of a payment; `amount_minor` was paid and `refunded_minor` has gone back, in all."""

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


@dataclass(frozen=True, slots=True)
class AppliedReport:
    """What a report changed: the payment as it is now, the amount concerned, and the account's balance after.

    `doubtful`: nothing was changed, because only the gateway's present word can tell a payment that bounced from the
    late news of an earlier try. `alert` says what a person should look at.
    """

    what: PaymentChange
    payment: Payment
    amount_minor: int
    balance_minor: int
    alert: PaymentAlert | None = None


def keep_unplaced(tx: Tx, gateway: str, report: GatewayReport, now: datetime) -> None:
    """Keep a report of which we know no payment (yet); the gateway is asked to send it again."""
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
    tx: Tx, gateway: str, report: GatewayReport, now: datetime, asked_in: str | None = None
) -> AppliedReport | None:
    """Book a report of a payment that `store.billing.payments.placed` finds; None when it changes nothing.

    `asked_in` is for an answer to our own question: the payment's state when we asked. An answer is dropped when the
    payment has moved on since, because it may be older than what moved it. Reports for one account are booked one after
    the other.
    """
    tx.lock_rows(
        "select id from accounts where id = (select account from payments where id = :payment)",
        {"payment": report.reference},
    )
    payment = payments.placed(tx, gateway, report.reference)
    if payment is None:
        raise LookupError("no payment has this reference")
    if asked_in not in (None, payment.state) or not _first_time(tx, payment, report, now):
        return None
    if asked_in is not None and payment.state not in ("created", "pending"):
        payments.check_at(tx, payment.id, None)  # what made us ask is answered
    match report.outcome:
        case "paid":
            return _arrived(tx, payment, report, now)
        case "refunded":
            return _went_back(tx, payment, report, now)
        case "failed" if payment.state == "completed":
            return _bounced(tx, payment, now) if asked_in else _doubtful(tx, payment, now)
        case "failed" | "pending" | "cancelled" | "expired":
            return _moved(tx, payment, report.outcome, now)
        case _:
            return None


def _first_time(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> bool:
    """Note a webhook's event; False if it was dealt with before. One that could not be placed then, may be now."""
    if report.key is None:
        return True
    noted = tx.execute_count(
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
    return noted == 1


# ── money that arrives ──────────────────────────────────────────────────────────────────────────────────────


def _arrived(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    if report.currency != payment.currency:
        return _in_another_currency(tx, payment, now)
    first = payment.receipt is None
    ordered = payment.amount_minor
    if not first:  # a second charge under one order is money too, with a row and a receipt of its own
        payment = replace(payment, id=new_id(), receipt=None, created_at=now)
    if not _enter(tx, payment, "payment", -report.amount_minor, _source(payment, report), now):
        return None
    if not first:
        payments.insert(tx, payment, next_check_at=None)
    payment = _complete(tx, payment, report, now)
    spare = allocations.allocate(tx, payment)
    if payment.link is not None:
        payment_links.mark_paid(tx, payment.link)
    allocations.restate(tx, payment)
    alert: PaymentAlert | None = "wrong_amount" if report.amount_minor != ordered else "overpaid" if spare else None
    return _recorded(tx, "completed", payment, report.amount_minor, now, alert)


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


def _in_another_currency(tx: Tx, payment: Payment, now: datetime) -> AppliedReport | None:
    """Hold a payment that came in a currency the account is not kept in: a person decides what it is worth."""
    if payment.state not in ("created", "failed", "cancelled"):
        return None
    held = _set_state(tx, payment, "pending", now)
    return _recorded(tx, "pending", held, held.amount_minor, now, "wrong_currency")


def _receipt_number(tx: Tx) -> str:
    """Draw a number that can be read out: eight letters and digits of Crockford's alphabet, no two receipts alike."""
    while True:
        drawn = "".join(choice(ALPHABET) for _ in range(8))
        number = f"R-{drawn[:4]}-{drawn[4:]}"
        if tx.one("select 1 as one from payments where receipt = :number", {"number": number}) is None:
            return number


# ── money that goes back ────────────────────────────────────────────────────────────────────────────────────


def _went_back(tx: Tx, payment: Payment, report: GatewayReport, now: datetime) -> AppliedReport | None:
    """Book what was refunded since the last report; a payment that we only hear of now is booked first."""
    arrived = _arrived(tx, payment, report, now)
    if report.currency != payment.currency:
        return arrived
    payment = arrived.payment if arrived else _holding(tx, payment, report)
    kept = _kept(tx, payment)
    amount = min(kept, report.refunded_minor - (payment.amount_minor - kept))
    source = f"{_source(payment, report)}:{report.refunded_minor}"
    if amount <= 0 or not _enter(tx, payment, "refund", amount, source, now):
        return arrived
    allocations.take_back(tx, payment, kept - amount)
    if amount == kept:
        payment = _set_state(tx, payment, "refunded", now)
    allocations.reopen(tx, payment.account)
    allocations.restate(tx, payment)
    return _recorded(tx, "refunded", payment, amount, now, arrived.alert if arrived else None)


def _doubtful(tx: Tx, payment: Payment, now: datetime) -> AppliedReport:
    payments.check_at(tx, payment.id, now)
    return _recorded(tx, "doubtful", payment, 0, now)


def _bounced(tx: Tx, payment: Payment, now: datetime) -> AppliedReport | None:
    kept = _kept(tx, payment)
    source = f"{payment.gateway}:{payment.gateway_payment}"
    if kept <= 0 or not _enter(tx, payment, "chargeback", kept, source, now):
        return None
    failed = _set_state(tx, payment, "failed", now)
    allocations.reopen(tx, payment.account)
    allocations.restate(tx, failed)
    return _recorded(tx, "reversed", failed, kept, now)


def _holding(tx: Tx, payment: Payment, report: GatewayReport) -> Payment:
    """Return the payment that holds this money: the order's own, or the one made for a second charge."""
    row = tx.one(
        "select payment from entries where kind = 'payment' and source = :source", {"source": _source(payment, report)}
    )
    return payment if row is None else payments.read_payment(tx, row["payment"])


def _kept(tx: Tx, payment: Payment) -> int:
    row = tx.one(
        "select -coalesce(sum(amount_minor), 0) as minor from entries where account = :account and payment = :payment",
        {"account": payment.account, "payment": payment.id},
    )
    return 0 if row is None else int(row["minor"])


# ── no money yet ────────────────────────────────────────────────────────────────────────────────────────────

# outcome → (states it may follow, the state it leads to, what that is called)
STEPS: dict[str, tuple[tuple[str, ...], str, PaymentChange]] = {
    "pending": (("created", "failed", "cancelled"), "pending", "pending"),
    "failed": (("created", "pending", "cancelled"), "failed", "failed"),
    "cancelled": (("created", "pending"), "cancelled", "abandoned"),
    "expired": (("created", "pending"), "cancelled", "abandoned"),
}


def _moved(tx: Tx, payment: Payment, outcome: str, now: datetime) -> AppliedReport | None:
    follows, state, what = STEPS[outcome]
    if payment.state not in follows or payment.receipt is not None:
        return None
    moved = _set_state(tx, payment, state, now)
    allocations.restate(tx, moved)
    return _recorded(tx, what, moved, moved.amount_minor, now)


# ── the rows ────────────────────────────────────────────────────────────────────────────────────────────────


def _source(payment: Payment, report: GatewayReport) -> str:
    return f"{payment.gateway}:{report.gateway_payment}"


def _enter(tx: Tx, payment: Payment, kind: str, amount: int, source: str, now: datetime) -> bool:
    """Write a ledger entry; False when this money was booked before."""
    return book_entry(tx, Entry(payment.account, kind, amount, payment.currency, source, payment=payment.id), now)


def _set_state(tx: Tx, payment: Payment, state: str, now: datetime) -> Payment:
    tx.execute("update payments set state = :state where id = :id", {"id": payment.id, "state": state})
    payments.check_at(tx, payment.id, now + CHECK_AFTER[0] if state == "pending" else None)
    return replace(payment, state=state)


def _balance(tx: Tx, account: str) -> int:
    row = tx.one("select coalesce(sum(amount_minor), 0) as minor from entries where account = :id", {"id": account})
    return 0 if row is None else int(row["minor"])


def _recorded(
    tx: Tx, what: PaymentChange, payment: Payment, amount: int, now: datetime, alert: PaymentAlert | None = None
) -> AppliedReport:
    if alert is not None:
        _alert(tx, payment, alert, amount, now)
    return AppliedReport(what, payment, amount, _balance(tx, payment.account), alert)


def _alert(tx: Tx, payment: Payment, alert: PaymentAlert, amount: int, now: datetime) -> None:
    """Leave a lasting note of what a person should look at."""
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
