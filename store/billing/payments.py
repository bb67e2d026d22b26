"""Payments: one row for each checkout at a gateway, and the times of status checks.

A payment's id is the gateway's reference and idempotency key, so a repeated order is the same order. The effect of a
gateway's report on a payment and on the ledger is in `store.billing.payment_reports`.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from store.billing import payment_links
from store.billing.payment_links import PaymentLink
from store.database import Tx
from store.ids import new_id
from store.records import params, record, records
from store.times import parse, stamp

# The waits between status checks while the gateway has not decided; the last one repeats daily.
CHECK_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
# Bank debits settle within days; a person has to look into a payment that is undecided after 30.
MAX_CHECKS = len(CHECK_AFTER) - 1 + 29

# Gateways keep a hosted page open for at least half an hour; one about to end is not shown again.
MIN_CHECKOUT_LIFETIME = timedelta(minutes=30)
MIN_REMAINING_LIFETIME = timedelta(minutes=15)


class Payment(Struct, frozen=True):
    """One checkout. States: created | pending | completed | failed | cancelled | refunded.

    `amount_minor` is the ordered amount, and once completed the amount that arrived. `checkout_expires_at` is the end
    of the hosted page.
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
    checkout_expires_at: datetime | None = None


def reusable_payment(tx: Tx, link: PaymentLink, gateway: str, now: datetime) -> Payment | None:
    """Return a link's newest payment if its hosted page at a gateway can be shown again (a double click, a second tab).

    A page that ends before its link does, because the link was renewed, is not.
    """
    row = tx.one("select * from payments where link = :link order by id desc limit 1", {"link": link.id})
    newest = None if row is None else record(row, Payment)
    if newest is None or newest.gateway != gateway or newest.state != "created":
        return None
    end = newest.checkout_expires_at
    return newest if end is not None and end >= max(link.expires_at, now + MIN_REMAINING_LIFETIME) else None


def start_payment(tx: Tx, link: PaymentLink, gateway: str, now: datetime) -> Payment:
    """Return a link's payment at a gateway: the reusable one, or a new one in place of all before.

    The caller has checked that the link is payable, and has locked its account (`payment_links.find_link` does).
    """
    reusable = reusable_payment(tx, link, gateway, now)
    if reusable is not None:
        return reusable
    payment_links.withdraw_checkouts(tx, link.id, now)
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
        checkout_expires_at=max(link.expires_at, now + MIN_REMAINING_LIFETIME),
    )
    insert(tx, payment, next_check_at=now + CHECK_AFTER[0])
    return payment


def insert(tx: Tx, payment: Payment, next_check_at: datetime | None) -> None:
    """Write a new payment."""
    tx.execute(
        """insert into payments (id, link, account, gateway, gateway_session, gateway_payment, checkout_url, state,
            amount_minor, currency, receipt, created_at, completed_at, next_check_at, checks, checkout_expires_at)
        values (:id, :link, :account, :gateway, :gateway_session, :gateway_payment, :checkout_url, :state,
            :amount_minor, :currency, :receipt, :created_at, :completed_at, :next_check_at, :checks,
            :checkout_expires_at)""",
        {**params(payment), "next_check_at": _stamp(next_check_at)},
    )


def attach_checkout(tx: Tx, payment: str, session: str, url: str) -> None:
    """Save the gateway's hosted page of a payment."""
    tx.execute(
        "update payments set gateway_session = :session, checkout_url = :url where id = :id",
        {"id": payment, "session": session, "url": url},
    )


def read_payment(tx: Tx, payment: str) -> Payment:
    """Return a payment by its id; LookupError if there is none."""
    row = tx.one("select * from payments where id = :id", {"id": payment})
    if row is None:
        raise LookupError("no such payment")
    return record(row, Payment)


def newest_payment(tx: Tx, link: str) -> Payment | None:
    """Return a link's newest payment; one with a receipt goes before one without."""
    row = tx.one(
        "select * from payments where link = :link order by receipt is null, id desc limit 1",
        {"link": link},
    )
    return None if row is None else record(row, Payment)


def undecided_payments(tx: Tx, link: str) -> list[Payment]:
    """Return a link's payments without a final state."""
    rows = tx.all("select * from payments where link = :link and state in ('created', 'pending')", {"link": link})
    return records(rows, Payment)


def is_superseded(tx: Tx, payment: str, now: datetime) -> bool:
    """Tell whether the hosted page of a payment has to be cancelled.

    Nothing was paid there, and its link cannot be paid now or has a newer page. `now` is in the company's time zone.
    """
    found = read_payment(tx, payment)
    if found.link is None or found.receipt is not None or found.state not in ("created", "failed"):
        return False
    newest = newest_payment(tx, found.link)
    if newest is not None and newest.id != found.id:
        return True
    return payment_links.link_status(tx, payment_links.read_link(tx, found.link), now) != "open"


def check_others(tx: Tx, payment: Payment, now: datetime) -> None:
    """Have the account's other unpaid hosted pages checked at once, because of a payment that changed the debt."""
    tx.execute(
        f"""update payments set checks = 0, next_check_at = :now
        where account = :account and {payment_links.UNPAID_CHECKOUT} and id <> :id""",
        {
            "account": payment.account,
            "id": payment.id,
            "now": stamp(now),
            "since": stamp(now - payment_links.MAX_CHECKOUT_LIFETIME),
        },
    )


def lock_account_of(tx: Tx, payment: str) -> None:
    """Lock the account of a payment until the transaction ends."""
    tx.lock_rows(
        "select id from accounts where id = (select account from payments where id = :payment)", {"payment": payment}
    )


def find_payment(tx: Tx, gateway: str, reference: str) -> Payment | None:
    """Return the payment with a gateway's reference; None for another gateway's payment."""
    row = tx.one("select * from payments where id = :id and gateway = :gateway", {"id": reference, "gateway": gateway})
    return None if row is None else record(row, Payment)


def conversation_of(tx: Tx, payment: str) -> str | None:
    """Return the conversation that asked for a payment's link."""
    row = tx.one(
        "select l.conversation from payments p join payment_links l on l.id = p.link where p.id = :id", {"id": payment}
    )
    return None if row is None else row["conversation"]


def due_checks(tx: Tx, now: datetime, limit: int) -> list[Payment]:
    """Claim payments with a status check due, and schedule the next check of each.

    Processes claim one after the other, so that each gets different ones.
    """
    tx.advisory_lock("payment checks")
    rows = tx.all(
        "select * from payments where next_check_at <= :now order by next_check_at limit :limit",
        {"now": stamp(now), "limit": limit},
    )
    return [payment for payment in records(rows, Payment) if _claim_check(tx, payment, now)]


def _claim_check(tx: Tx, payment: Payment, now: datetime) -> bool:
    """Schedule a payment's next check; False when another process was faster."""
    later = now + CHECK_AFTER[min(payment.checks + 1, len(CHECK_AFTER) - 1)]
    goes_on = not was_last_check(payment)
    claimed = tx.execute_count(
        """update payments set checks = checks + 1, next_check_at = :at
        where id = :id and checks = :checks and next_check_at <= :now""",
        {"id": payment.id, "checks": payment.checks, "now": stamp(now), "at": stamp(later) if goes_on else None},
    )
    return claimed == 1


def was_last_check(payment: Payment) -> bool:
    """Tell whether the claimed status check of a payment was its last."""
    return payment.checks + 1 >= MAX_CHECKS


def checks_are_over(tx: Tx, payment: str) -> bool:
    """Tell whether the last check of a payment was claimed and brought no answer."""
    query = "select 1 as one from payments where id = :id and next_check_at is null and checks >= :max"
    return tx.one(query, {"id": payment, "max": MAX_CHECKS}) is not None


def next_check(tx: Tx) -> datetime | None:
    """Return the time of the next status check."""
    row = tx.one("select min(next_check_at) as at from payments")
    return None if row is None or row["at"] is None else parse(row["at"])


def schedule_check(tx: Tx, payment: str, at: datetime | None) -> None:
    """Schedule a status check and start the waits anew; None ends the checks."""
    tx.execute(
        "update payments set checks = 0, next_check_at = :at where id = :id",
        {"id": payment, "at": _stamp(at)},
    )


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
