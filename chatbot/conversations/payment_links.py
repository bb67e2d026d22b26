"""Payment links for the dialogue."""

from datetime import timedelta
from typing import Literal

from chatbot.conversations.turn import Turn
from chatbot.keys import new_secret_id, token_hash
from store.billing import payment_links
from store.billing.payment_links import PaymentLink

NoLink = Literal["not_theirs", "nothing_to_pay"]


def other_ways(turn: Turn) -> str:
    """Return the company's other ways to pay, in the customer's language or else the default one; "" without any."""
    settings = turn.service.settings
    ways = settings.payments.other_ways
    return ways.get(turn.conversation.locale) or ways.get(settings.languages.default) or ""


def make_link(turn: Turn, account: str, invoices: tuple[str, ...]) -> PaymentLink | NoLink:
    """Make a link for these invoices (ids) of an account, or for everything payable when none are named.

    Every way to a link comes here. Amounts are read anew. Invoices that are paid, being paid, collected by direct debit
    or of another account add nothing.
    """
    service, contact, now = turn.service, turn.conversation.contact, turn.now
    terms = payment_links.lock_terms(turn.tx, contact, account, turn.today, now) if contact else None
    if terms is None:
        return "not_theirs"
    statement = terms.statement
    chosen = [invoice for invoice in statement.payable if not invoices or invoice.id in invoices]
    amount = sum(invoice.amount_minor for invoice in chosen) if invoices else statement.payable_minor
    if amount <= 0:
        return "nothing_to_pay"
    link = PaymentLink(
        id=new_secret_id(),
        conversation=turn.conversation.id,
        account=account,
        contact=contact,
        currency=statement.account.currency,
        amount_minor=amount,
        state="open",
        created_at=now,
        expires_at=now + timedelta(minutes=service.settings.payments.link_minutes),
    )
    amounts = [(invoice.id, invoice.amount_minor) for invoice in chosen]
    made = payment_links.make_link(
        turn.tx, link, lambda link_id: token_hash(service.keys.link_token(link_id)), amounts, terms.open_links
    )
    # A new link may have taken the place of others, whose hosted pages have to be cancelled.
    turn.payments_due = turn.payments_due or (made.id == link.id and bool(terms.open_links))
    return made
