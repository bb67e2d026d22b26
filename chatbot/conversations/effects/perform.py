"""What the dialogue asks for, done inside the turn's transaction; each answer is the dialogue's next event."""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct, field

from chatbot.conversations import verification
from chatbot.conversations.payment_links import make_link
from chatbot.service import Service
from flows.effects import (
    PAY_URL,
    CheckCode,
    Effect,
    FindAccounts,
    KnowContact,
    LeaveMessage,
    MakeLink,
    ReadStatement,
    Say,
    SendCode,
    SendReceipt,
)
from flows.events import Event
from store.billing import payments, statements
from store.billing.statements import Statement
from store.chats import outbox
from store.chats.codes import newest
from store.chats.conversations import Conversation, Message
from store.database import Tx
from store.times import stamp


class Turn(Struct):
    """One event of one conversation on its way through: what it may use, and what it has said so far.

    `address` is the digest of the network address the customer speaks from, None where nobody spoke; `statements` are
    what the customer's accounts owe, by account, once they were asked for.
    """

    tx: Tx
    service: Service
    conversation: Conversation
    now: datetime
    address: str | None = None
    said: list[Message] = field(default_factory=list)
    statements: Mapping[str, Statement] = field(default_factory=dict)
    queued: bool = False

    def write(
        self, author: str, text: str, extra: dict[str, object] | None = None, client_id: str | None = None
    ) -> None:
        """Add the conversation's next message."""
        self.conversation.last_seq += 1
        self.conversation.preview = text.replace(PAY_URL, "…")[:120]
        self.said.append(
            Message(self.conversation.last_seq, author, stamp(self.now), text, extra=extra or None, client_id=client_id)
        )

    def say(self, effect: Say) -> None:
        """Let the bot say something, in the customer's language; its choices replace those offered before."""
        rendered = self.service.words.render(effect, self.conversation.locale, self.service.settings.zone)
        extra: dict[str, object] = {}
        if rendered.choices:
            extra["choices"] = rendered.choices
        if rendered.expects:
            extra["expects"] = rendered.expects
        if rendered.card:
            extra["card"] = rendered.card
        self.conversation.offered = list(rendered.choices)
        self.write("bot", rendered.text, extra)


def perform(turn: Turn, effect: Effect) -> Event | None:
    """Perform one effect; returns the event that answers it, None where it has no answer.

    What is about an account asks first whether a right code still counts, and whether the account is the customer's:
    the dialogue's state alone opens nothing.
    """
    match effect:
        case Say():
            turn.say(effect)
            return None
        case SendCode():
            turn.queued = True
            return verification.send(turn.tx, turn.service, turn.conversation, effect, turn.address, turn.now)
        case CheckCode():
            return verification.check(turn.tx, turn.service, turn.conversation, effect, turn.now)
        case KnowContact():
            return Event("contact_known" if _verified(turn) else "contact_unknown")
        case FindAccounts():
            return _find_accounts(turn) if _verified(turn) else _not_verified(turn)
        case ReadStatement():
            return _read_statement(turn, effect) if _verified(turn) else _not_verified(turn)
        case MakeLink():
            return _make_link(turn, effect) if _verified(turn) else _not_verified(turn)
        case SendReceipt():
            return _send_receipt(turn, effect)
        case LeaveMessage():
            return _leave_message(turn, effect)


def _verified(turn: Turn) -> bool:
    return verification.verified(turn.service, turn.conversation, turn.now)


def _not_verified(turn: Turn) -> Event:
    return Event("not_verified", {"expired": turn.conversation.contact is not None})


def _find_accounts(turn: Turn) -> Event:
    assert turn.conversation.contact is not None
    found = statements.statements_of(turn.tx, turn.conversation.contact, _today(turn))
    turn.statements = {statement.account.id: statement for statement in found}
    return Event(
        "accounts",
        {
            "accounts": [
                {
                    "id": account.id,
                    "number": account.number,
                    "name": account.name,
                    "currency": account.currency,
                    "balance_minor": account.balance_minor,
                }
                for account in (statement.account for statement in found)
            ]
        },
    )


def _read_statement(turn: Turn, effect: ReadStatement) -> Event:
    assert turn.conversation.contact is not None
    statement = turn.statements.get(effect.account) or statements.statement_for(
        turn.tx, turn.conversation.contact, effect.account, _today(turn)
    )
    return _not_verified(turn) if statement is None else Event("statement", statement.as_facts())


def _today(turn: Turn) -> date:
    """The day at the company's."""
    return turn.now.astimezone(turn.service.settings.zone).date()


def _make_link(turn: Turn, effect: MakeLink) -> Event:
    made = make_link(
        turn.tx,
        turn.service,
        conversation=turn.conversation.id,
        contact=turn.conversation.contact,
        account=effect.account,
        invoices=effect.invoices,
        now=turn.now,
    )
    if made == "not_theirs":
        return _not_verified(turn)
    if made == "nothing_to_pay":
        return Event("nothing_to_pay")
    return Event(
        "link_made",
        {
            "link": made.link,
            "amount_minor": made.amount_minor,
            "currency": made.currency,
            "expires_at": stamp(made.expires_at),
        },
    )


def _send_receipt(turn: Turn, effect: SendReceipt) -> Event:
    contact = turn.conversation.contact
    email = _email_on_file(turn)
    if contact is None or email is None:
        return Event("receipt_impossible")
    payment = payments.read_payment(turn.tx, effect.payment)
    mine = payments.conversation_of(turn.tx, payment.id) == turn.conversation.id
    if not (mine and statements.owns(turn.tx, contact, payment.account)):
        return Event("receipt_impossible")
    _queue(turn, email, "receipt", {"payment": effect.payment}, turn.conversation.locale)
    return Event("receipt_sent")


def _email_on_file(turn: Turn) -> str | None:
    """Return the email that the customer's code went to; where it went to a phone, one that their account has."""
    contact, challenge = turn.conversation.contact, newest(turn.tx, turn.conversation.id)
    if contact is None:
        return None
    if challenge is not None and challenge.kind == "email" and challenge.contact == contact:
        return challenge.value
    return statements.contact_email(turn.tx, contact)


def _leave_message(turn: Turn, effect: LeaveMessage) -> Event:
    reply_to = effect.reply_to
    if reply_to is None and (challenge := newest(turn.tx, turn.conversation.id)) is not None:
        reply_to = {"kind": challenge.kind, "value": challenge.value}
    team = turn.service.settings.team.email
    if team is None:
        raise LookupError("team.email is not set, so a customer's message has nowhere to go")
    args = {"conversation": turn.conversation.id, "text": effect.text, "reply_to": reply_to}
    _queue(turn, team, "message_for_team", args, turn.service.settings.languages.default)
    return Event("message_left")


def _queue(turn: Turn, recipient: str, kind: str, args: Mapping[str, object], locale: str) -> None:
    turn.queued = True
    outbox.queue(
        turn.tx,
        channel="email",
        recipient=recipient,
        kind=kind,
        locale=locale,
        args=args,
        now=turn.now,
    )
