"""Payments: one row for each hand-off to a gateway, and when to ask the gateway about it again.

A payment's id is the gateway's reference and idempotency key, so an order that is sent again is the same order.
What a report does to a payment and to the ledger is in `store.billing.payment_reports`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store.billing.payment_links import PaymentLink
from store.database import Row, Tx
from store.ids import new_id
from store.times import parse, stamp

# How long after one look the poller looks again, while the gateway has not decided; after the last, daily.
CHECK_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
# Bank debits settle within days; what a gateway has not decided by then is for a person to find out.
WATCHED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Payment:
    """One hand-off. States: created | pending | completed | failed | cancelled | refunded.

    `amount_minor` is what was ordered, and what arrived once it is completed.
    """

    id: str
    link: str | None
    account: str
    gateway: str
    gateway_session: str | None
    gateway_payment: str | None
    checkout_url: str | None
    state: str
    amount_minor: int
    currency: str
    receipt: str | None
    created_at: datetime
    completed_at: datetime | None
    checks: int


def start_payment(tx: Tx, link: PaymentLink, gateway: str, now: datetime) -> Payment:
    """Return the hand-off of a link to a gateway: the open one (a double click, a second tab), or a new one.

    The caller has made sure that the link may be paid, and holds its account (`links.find_link` does).
    """
    row = tx.one(
        """select * from payments where link = :link and gateway = :gateway and state = 'created'
        order by id desc limit 1""",
        {"link": link.id, "gateway": gateway},
    )
    if row is not None:
        return _payment(row)
    payment = Payment(
        id=new_id(),
        link=link.id,
        account=link.account,
        gateway=gateway,
        gateway_session=None,
        gateway_payment=None,
        checkout_url=None,
        state="created",
        amount_minor=link.amount_minor,
        currency=link.currency,
        receipt=None,
        created_at=now,
        completed_at=None,
        checks=0,
    )
    insert(tx, payment, next_check_at=now + CHECK_AFTER[0])
    return payment


def insert(tx: Tx, payment: Payment, next_check_at: datetime | None) -> None:
    """Write a new payment."""
    tx.execute(
        """insert into payments (id, link, account, gateway, gateway_session, gateway_payment, checkout_url, state,
            amount_minor, currency, receipt, created_at, completed_at, next_check_at, checks)
        values (:id, :link, :account, :gateway, :session, :gateway_payment, :checkout_url, :state,
            :amount, :currency, :receipt, :created_at, :completed_at, :next_check_at, :checks)""",
        {
            "id": payment.id,
            "link": payment.link,
            "account": payment.account,
            "gateway": payment.gateway,
            "session": payment.gateway_session,
            "gateway_payment": payment.gateway_payment,
            "checkout_url": payment.checkout_url,
            "state": payment.state,
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "receipt": payment.receipt,
            "created_at": stamp(payment.created_at),
            "completed_at": _stamp(payment.completed_at),
            "next_check_at": _stamp(next_check_at),
            "checks": payment.checks,
        },
    )


def attach_checkout(tx: Tx, payment: str, session: str, url: str) -> None:
    """Remember the gateway's hosted page for a payment."""
    tx.execute(
        "update payments set gateway_session = :session, checkout_url = :url where id = :id",
        {"id": payment, "session": session, "url": url},
    )


def read_payment(tx: Tx, payment: str) -> Payment:
    """Return a payment by its id; LookupError if there is none."""
    row = tx.one("select * from payments where id = :id", {"id": payment})
    if row is None:
        raise LookupError("no such payment")
    return _payment(row)


def newest_payment(tx: Tx, link: str) -> Payment | None:
    """Return a link's newest payment; one that brought money goes before one that did not."""
    row = tx.one(
        "select * from payments where link = :link order by receipt is null, id desc limit 1",
        {"link": link},
    )
    return None if row is None else _payment(row)


def undecided(tx: Tx, link: str) -> list[Payment]:
    """Return a link's payments of which the gateway has not said the last word."""
    rows = tx.all("select * from payments where link = :link and state in ('created', 'pending')", {"link": link})
    return [_payment(row) for row in rows]


def placed(tx: Tx, gateway: str, reference: str) -> Payment | None:
    """Return the payment that a gateway's reference names. Another gateway's payment is never it."""
    row = tx.one("select * from payments where id = :id and gateway = :gateway", {"id": reference, "gateway": gateway})
    return None if row is None else _payment(row)


def conversation_of(tx: Tx, payment: str) -> str | None:
    """Return the conversation that asked for a payment's link."""
    row = tx.one(
        "select l.conversation from payments p join payment_links l on l.id = p.link where p.id = :id", {"id": payment}
    )
    return None if row is None else row["conversation"]


def due_checks(tx: Tx, now: datetime, limit: int) -> list[Payment]:
    """Claim payments that it is time to ask the gateway about, and set when to ask the next time.

    Processes claim one after the other, so that each gets others.
    """
    tx.lock("payment checks")
    rows = tx.all(
        "select * from payments where next_check_at <= :now order by next_check_at limit :limit",
        {"now": stamp(now), "limit": limit},
    )
    return [payment for payment in map(_payment, rows) if _claim_check(tx, payment, now)]


def _claim_check(tx: Tx, payment: Payment, now: datetime) -> bool:
    """Set when to ask about a payment the next time; False when another process was faster."""
    later = now + CHECK_AFTER[min(payment.checks + 1, len(CHECK_AFTER) - 1)]
    watched = later <= payment.created_at + WATCHED_FOR
    claimed = tx.execute_count(
        """update payments set checks = checks + 1, next_check_at = :at
        where id = :id and checks = :checks and next_check_at <= :now""",
        {"id": payment.id, "checks": payment.checks, "now": stamp(now), "at": stamp(later) if watched else None},
    )
    return claimed == 1


def next_check(tx: Tx) -> datetime | None:
    """Return when a gateway is to be asked next."""
    row = tx.one("select min(next_check_at) as at from payments")
    return None if row is None or row["at"] is None else parse(row["at"])


def check_at(tx: Tx, payment: str, at: datetime | None) -> None:
    """Set when the gateway is asked about a payment, starting the waits anew; None: no more."""
    tx.execute(
        "update payments set checks = 0, next_check_at = :at where id = :id",
        {"id": payment, "at": _stamp(at)},
    )


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _payment(row: Row) -> Payment:
    return Payment(
        id=row["id"],
        link=row["link"],
        account=row["account"],
        gateway=row["gateway"],
        gateway_session=row["gateway_session"],
        gateway_payment=row["gateway_payment"],
        checkout_url=row["checkout_url"],
        state=row["state"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        receipt=row["receipt"],
        created_at=parse(row["created_at"]),
        completed_at=None if row["completed_at"] is None else parse(row["completed_at"]),
        checks=row["checks"],
    )
