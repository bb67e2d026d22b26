"""Effects about paying: a payment link, a copy of a receipt."""

from datetime import timedelta

from chatbot.conversations import payment_links
from chatbot.conversations.turn import Turn
from chatbot.conversations.verification import not_verified
from flows.effects import MakeLink, SendReceipt
from flows.events import Event
from store.billing import accounts, payments
from store.chats.sending_limits import RECEIPT_COPY, SendingLimit, record_sending, wait_until_allowed
from store.times import stamp

COPY_WAIT = timedelta(minutes=5)
"""For this time, asking again for a copy of the same receipt sends no second one."""


def make_link(turn: Turn, effect: MakeLink) -> Event:
    """Make a payment link. Answers: `link_made`, `nothing_to_pay`, or `not_verified` for another's account.

    While no gateway is on, nobody could pay by a link: `pay_otherwise`.
    """
    if not turn.service.has_gateway:
        return Event("pay_otherwise", {"other_ways": payment_links.other_ways(turn)})
    made = payment_links.make_link(turn, effect.account, effect.invoices)
    if made == "not_theirs":
        return not_verified(turn)
    if made == "nothing_to_pay":
        return Event("nothing_to_pay")
    return Event(
        "link_made",
        {
            "link": made.id,
            "amount_minor": made.amount_minor,
            "currency": made.currency,
            "expires_at": stamp(made.expires_at),
        },
    )


def send_receipt(turn: Turn, effect: SendReceipt) -> Event:
    """Email the receipt of a payment made in this conversation. Answers: `receipt_sent` or `receipt_impossible`."""
    contact = turn.conversation.contact
    email = _email_on_file(turn)
    if contact is None or email is None:
        return Event("receipt_impossible")
    payment = payments.read_payment(turn.tx, effect.payment)
    paid_here = payments.conversation_of(turn.tx, payment.id) == turn.conversation.id
    if not (paid_here and accounts.owns(turn.tx, contact, payment.account)):
        return Event("receipt_impossible")
    copies = [SendingLimit(f"payment {effect.payment}", 1, COPY_WAIT)]
    if wait_until_allowed(turn.tx, RECEIPT_COPY, copies, turn.now) > timedelta(0):
        return Event("receipt_sent")  # the copy asked for a moment ago
    record_sending(turn.tx, RECEIPT_COPY, copies, turn.now)
    turn.queue(
        "receipt",
        channel="email",
        recipient=email,
        locale=turn.conversation.locale,
        args={"payment": effect.payment},
    )
    return Event("receipt_sent")


def _email_on_file(turn: Turn) -> str | None:
    """Return the email that the code was sent to; for a code sent by text, an email of the customer's record."""
    conversation = turn.conversation
    if conversation.contact is None:
        return None
    if conversation.verified_kind == "email":
        return conversation.verified_value
    return accounts.contact_email(turn.tx, conversation.contact)
