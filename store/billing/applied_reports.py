"""The change that a gateway's report made, and the rows that every kind of report writes: entries, states, alerts."""

import json
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from store.billing import payments
from store.billing.ledger import Entry, book_entry
from store.billing.payments import CHECK_AFTER, Payment
from store.database import Tx
from store.ids import new_id
from store.times import stamp

PaymentChange = Literal[
    "completed", "pending", "failed", "abandoned", "reversed", "reinstated", "refunded", "doubtful", "alert"
]
PaymentAlert = Literal["wrong_amount", "wrong_currency", "overpaid", "undecided"]


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

    `credit_minor` is the part of arrived money that nothing was owed for. `doubtful`: nothing was changed; only a
    status check can tell a new fact from a late report of an older one. `alert`: a person should look at the payment.
    """

    change: PaymentChange
    payment: Payment
    amount_minor: int
    balance_minor: int
    alert: PaymentAlert | None = None
    credit_minor: int = 0


def applied_report(
    tx: Tx,
    change: PaymentChange,
    payment: Payment,
    amount: int,
    now: datetime,
    alert: PaymentAlert | None = None,
    credit: int = 0,
) -> AppliedReport:
    """Return the change, and write its alert."""
    if alert is not None:
        save_alert(tx, payment, alert, amount, payment.currency, now)
    return AppliedReport(change, payment, amount, account_balance(tx, payment.account), alert, credit)


def doubt(tx: Tx, payment: Payment, now: datetime) -> AppliedReport:
    """Have the gateway asked at once about a payment."""
    payments.schedule_check(tx, payment.id, now)
    return applied_report(tx, "doubtful", payment, 0, now)


def alert_once(
    tx: Tx, payment: Payment, alert: PaymentAlert, report: GatewayReport, now: datetime
) -> AppliedReport | None:
    """Alert a person of money that is not booked; None if this money was alerted before."""
    row = tx.one(
        "select detail from audit where subject = :payment and action = :action and detail = :detail",
        {
            "payment": payment.id,
            "action": f"payment_{alert}",
            "detail": _detail(payment, report.amount_minor, report.currency),
        },
    )
    if row is not None:
        return None
    save_alert(tx, payment, alert, report.amount_minor, report.currency, now)
    return AppliedReport("alert", payment, report.amount_minor, account_balance(tx, payment.account), alert)


def save_alert(tx: Tx, payment: Payment, alert: PaymentAlert, amount: int, currency: str, now: datetime) -> None:
    """Write an audit row for a payment that a person should look at."""
    tx.execute(
        """insert into audit (id, at, actor, action, subject, detail)
        values (:id, :at, :actor, :action, :subject, :detail)""",
        {
            "id": new_id(),
            "at": stamp(now),
            "actor": f"gateway:{payment.gateway}",
            "action": f"payment_{alert}",
            "subject": payment.id,
            "detail": _detail(payment, amount, currency),
        },
    )


def _detail(payment: Payment, amount: int, currency: str) -> str:
    detail: dict[str, Any] = {"amount_minor": amount, "currency": currency, "link": payment.link is not None}
    return json.dumps(detail)


def source_of(payment: Payment, report: GatewayReport) -> str:
    """Return the source of a charge's entries."""
    return f"{payment.gateway}:{report.gateway_payment}"


def book(tx: Tx, payment: Payment, kind: str, amount: int, source: str, now: datetime) -> bool:
    """Write a ledger entry; False when its source was booked before."""
    return book_entry(tx, Entry(payment.account, kind, amount, payment.currency, source, payment=payment.id), now)


def payment_of_charge(tx: Tx, payment: Payment, report: GatewayReport) -> Payment:
    """Return the payment that a charge was booked for: the order's own, or the one of a second charge."""
    row = tx.one(
        "select payment from entries where kind = 'payment' and source = :source",
        {"source": source_of(payment, report)},
    )
    return payment if row is None else payments.read_payment(tx, row["payment"])


def unrefunded(tx: Tx, payment: Payment) -> int:
    """Return the amount of a payment that is booked and has not gone back."""
    row = tx.one(
        "select -coalesce(sum(amount_minor), 0) as minor from entries where account = :account and payment = :payment",
        {"account": payment.account, "payment": payment.id},
    )
    return 0 if row is None else int(row["minor"])


def set_state(tx: Tx, payment: Payment, state: str, now: datetime) -> Payment:
    """Set a payment's state; while one is pending, the account's other hosted pages are to be cancelled."""
    tx.execute("update payments set state = :state where id = :id", {"id": payment.id, "state": state})
    payments.schedule_check(tx, payment.id, now + CHECK_AFTER[0] if state == "pending" else None)
    if state == "pending":
        payments.check_others(tx, payment, now)
    return replace(payment, state=state)


def account_balance(tx: Tx, account: str) -> int:
    """Return the sum of an account's entries."""
    row = tx.one("select coalesce(sum(amount_minor), 0) as minor from entries where account = :id", {"id": account})
    return 0 if row is None else int(row["minor"])
