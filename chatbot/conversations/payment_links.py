"""Payment links for the dialogue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from chatbot.keys import new_secret_id, token_hash
from chatbot.service import Service
from store.billing import payment_links
from store.billing.payment_links import PaymentLink
from store.database import Tx


@dataclass(frozen=True, slots=True)
class LinkMade:
    """A payment link, ready to be paid."""

    link: str
    amount_minor: int
    currency: str
    expires_at: datetime


NotMade = Literal["not_theirs", "nothing_to_pay"]


def make_link(
    tx: Tx,
    service: Service,
    *,
    conversation: str,
    contact: str | None,
    account: str,
    invoices: tuple[str, ...],
    now: datetime,
) -> LinkMade | NotMade:
    """Make a link for these invoices of an account, for everything owed when none are named.

    The amounts are read anew here. What is not the account's, is paid or is under way counts for nothing.
    """
    terms = (
        payment_links.terms(tx, contact, account, now.astimezone(service.settings.zone).date(), now)
        if contact
        else None
    )
    if terms is None:
        return "not_theirs"
    statement = terms.statement
    chosen = [invoice for invoice in statement.invoices if not invoices or invoice.id in invoices]
    amount = sum(invoice.amount_minor for invoice in chosen) if invoices else statement.owed_minor
    if amount <= 0:
        return "nothing_to_pay"
    secret = new_secret_id()
    link = PaymentLink(
        id=secret,
        conversation=conversation,
        account=account,
        contact=contact,
        currency=statement.account.currency,
        amount_minor=amount,
        state="open",
        created_at=now,
        expires_at=now + timedelta(minutes=service.settings.payments.link_minutes),
    )
    asked = [(invoice.id, invoice.amount_minor) for invoice in chosen]
    made = payment_links.make_link(
        tx, link, lambda id_: token_hash(service.keys.link_token(id_)), asked, terms.open_links
    )
    return LinkMade(made.id, made.amount_minor, made.currency, made.expires_at)
