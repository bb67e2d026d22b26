"""What a gateway or the clock reports about a payment, said in the chat in whatever state it is."""

from datetime import datetime
from typing import Any

from flows.dialogues.prompts import EMAIL_RECEIPT, NEW_LINK, PERSON, SEE_BALANCE, ask, reply, saying, then_ask
from flows.effects import Choice, Effect, Money, Say, SendReceipt
from flows.rules import STAY, Rule, Step, from_any
from flows.states import PayBill

HERE = (PayBill.paying, PayBill.owes, PayBill.settled, PayBill.picking)
"""Where a completed payment ends the paying: what the customer was looking at is out of date."""


def has_account(step: Step) -> bool:
    """It is known which account a new link would be for."""
    return "account" in step.facts


def has_receipt(step: Step) -> bool:
    """A payment was completed in this conversation."""
    return "receipt" in step.facts


def receipt(step: Step) -> Say:
    """Paid: amount, reference and time; what is left, when something is."""
    data = step.event.data
    step.facts["receipt"] = data["payment"]
    step.facts["left"] = data["balance_minor"] > 0
    card = {"kind": "receipt", **{k: data[k] for k in ("reference", "amount_minor", "currency", "paid_at")}}
    args: dict[str, Any] = {
        "amount": Money(data["amount_minor"], data["currency"]),
        "reference": data["reference"],
        "at": datetime.fromisoformat(data["paid_at"]),
        "left": Money(max(0, data["balance_minor"]), data["currency"]),
    }
    key = "payment-completed-some-left" if step.facts["left"] else "payment-completed"
    return Say(key, args, card=card)


def show_receipt(step: Step) -> Effect:
    """The receipt, with what can be done next."""
    said = receipt(step)
    return Say(said.key, said.args, ask(step).choices, card=said.card)


def mention_receipt(step: Step) -> tuple[Effect, ...]:
    """The receipt in the middle of something else, then what was asked there."""
    return receipt(step), _ask_with(step, EMAIL_RECEIPT)


def tell(step: Step) -> Effect:
    """What became of a payment, while its link is what the conversation is about."""
    return reply(step, _key(step), _args(step))


def tell_pending(step: Step) -> Effect:
    """The gateway is still confirming: no second link is offered meanwhile."""
    return Say(_key(step), _args(step), (SEE_BALANCE, PERSON))


def mention(step: Step) -> tuple[Effect, ...]:
    """What became of a payment, in the middle of something else; then what was asked there."""
    return Say(_key(step), _args(step)), ask(step)


def offer_link(step: Step) -> tuple[Effect, ...]:
    """As `mention`, with the offer of a new link."""
    return Say(_key(step), _args(step)), _ask_with(step, NEW_LINK)


def tell_returned(step: Step) -> tuple[Effect, ...]:
    """A completed payment came back: what it paid is owed again."""
    step.facts.pop("receipt", None)
    return Say(_key(step), _args(step)), _ask_with(step, SEE_BALANCE)


def send_receipt(step: Step) -> Effect:
    """A copy by email."""
    return SendReceipt(step.facts["receipt"])


def _ask_with(step: Step, choice: Choice) -> Say:
    question = ask(step)
    if any(c.id == choice.id for c in question.choices):
        return question
    return Say(question.key, question.args, (*question.choices, choice), question.expects)


def _key(step: Step) -> str:
    return step.event.name.replace("_", "-")


def _args(step: Step) -> dict[str, Any]:
    return {"amount": Money(step.event.data["amount_minor"], step.event.data["currency"])}


# fmt: off
RULES: list[Rule] = [
    # event                              to            guard        effect
    *from_any("payment_failed",          STAY,         has_account, offer_link, but=[PayBill.paying]),
    *from_any("payment_failed",          STAY,         None,        mention,    but=[PayBill.paying]),
    *from_any("payment_abandoned",       STAY,         has_account, offer_link, but=[PayBill.paying]),
    *from_any("payment_abandoned",       STAY,         None,        mention,    but=[PayBill.paying]),
    *from_any("link_expired",            STAY,         has_account, offer_link, but=[PayBill.paying]),
    *from_any("link_expired",            STAY,         None,        mention,    but=[PayBill.paying]),
    *from_any("payment_pending",         STAY,         None,        mention,    but=HERE),
    *from_any("payment_reversed",        STAY,         None,        tell_returned),
    *from_any("payment_completed",       STAY,         None,        mention_receipt, but=HERE),
    *from_any("email_receipt",           STAY,         has_receipt, send_receipt),
    *from_any("email_receipt",           STAY,         None,        then_ask("receipt-none")),
    *from_any("receipt_sent",            STAY,         None,        saying("receipt-sent")),
    *from_any("receipt_impossible",      STAY,         None,        saying("receipt-impossible")),
    ("payment_completed", HERE,           PayBill.paid, None,        show_receipt),
    ("payment_failed",    PayBill.paying, STAY,         None,        tell),
    ("payment_abandoned", PayBill.paying, STAY,         None,        tell),
    ("payment_pending",   HERE,           STAY,         None,        tell_pending),
    ("link_expired",      PayBill.paying, STAY,         None,        tell),
]
# fmt: on
