"""Events for the conversation of a payment link: the progress of its payment, and its expiry."""

from collections.abc import Callable, Mapping
from datetime import datetime

from flows.events import Event
from store.billing import accounts, payment_links, payments, statements
from store.billing.applied_reports import AppliedReport, PaymentChange
from store.billing.payment_links import PaymentLink
from store.billing.payments import Payment
from store.chats import conversations
from store.database import Tx
from store.times import stamp

# Refunds and doubts are left out: customers are not told of them in the chat.
EVENTS: Mapping[PaymentChange, str] = {
    "completed": "payment_completed",
    "pending": "payment_pending",
    "failed": "payment_failed",
    "abandoned": "payment_abandoned",
    "reversed": "payment_reversed",
    "reinstated": "payment_completed",
}


def payment_event(tx: Tx, applied: AppliedReport, now: datetime) -> Event | None:
    """Return the event that tells the conversation of an applied report; None if it stays silent.

    Silent if the conversation has another customer by now, or none, or if the closed page is not the newest of a
    payable link. The amount left to pay is told to an owner of the account only. `now` is in the company's time zone.
    """
    name, payment = EVENTS.get(applied.change), applied.payment
    if name is None:
        return None
    link = None if payment.link is None else payment_links.read_link(tx, payment.link)
    if link is not None and not _has_same_customer(tx, link):
        return None
    if applied.change == "abandoned" and not _is_newest_page(tx, link, payment, now):
        return None
    facts = _facts(tx, applied, now)
    if link is not None and "left_minor" in facts and not payment_links.is_of_owner(tx, link):
        facts |= {"left_minor": 0, "credit_minor": 0}
    return Event(name, facts)


def expire_link(link: PaymentLink, now: datetime) -> Callable[[Tx], Event | None]:
    """Return a unit of work that expires a link and returns the event for its conversation, if it has to be told."""

    def expire(tx: Tx) -> Event | None:
        accounts.lock_account(tx, link.account)  # a renewal or a payment has committed, or will see the expired link
        settled = payment_links.link_status(tx, link, now) == "settled"
        if not payment_links.expire(tx, link.id, now) or settled or not _has_same_customer(tx, link):
            return None
        return Event("link_expired", {"amount_minor": link.amount_minor, "currency": link.currency})

    return expire


def _facts(tx: Tx, applied: AppliedReport, now: datetime) -> dict[str, object]:
    payment = applied.payment
    facts: dict[str, object] = {
        "amount_minor": applied.amount_minor,
        "currency": payment.currency,
        "link": payment.link,
    }
    if payment.completed_at is not None and applied.change in ("completed", "reinstated"):
        facts |= {
            "payment": payment.id,
            "reference": payment.receipt,
            "paid_at": stamp(payment.completed_at),
            "left_minor": statements.statement(tx, payment.account, now.date()).payable_minor,
            "overpaid": applied.credit_minor > 0,
            "credit_minor": applied.credit_minor,
            "reinstated": applied.change == "reinstated",
        }
    return facts


def _is_newest_page(tx: Tx, link: PaymentLink | None, payment: Payment, now: datetime) -> bool:
    """Return whether a link can be paid, and no other page than this payment's was opened for it since."""
    if link is None or payment_links.link_status(tx, link, now) != "open":
        return False
    newest = payments.newest_payment(tx, link.id)
    return newest is not None and newest.id == payment.id


def _has_same_customer(tx: Tx, link: PaymentLink) -> bool:
    """Return whether a link's conversation still belongs to its customer: another one may have verified since."""
    return link.conversation is None or conversations.proven_contact(tx, link.conversation) == link.contact
