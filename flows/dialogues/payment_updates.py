"""Reports of a gateway or of the clock about a payment, passed on in every state."""

from datetime import datetime
from typing import Any

from flows.dialogues.prompts import EMAIL_RECEIPT, NEW_LINK, PERSON, SEE_BALANCE, ask, say, say_then_ask
from flows.effects import Choice, Effect, Money, Say, SendReceipt
from flows.rules import STAY, Rule, Step, from_any
from flows.states import PayBill

AMOUNT_STATES = (PayBill.paying, PayBill.owes, PayBill.settled, PayBill.picking)
"""States whose amounts a payment makes out of date; a completed one ends them."""


def has_account(step: Step) -> bool:
    """The account that a new link would be for is known."""
    return "account" in step.facts


def has_receipt(step: Step) -> bool:
    """A payment was completed in this conversation."""
    return "receipt" in step.facts


def _receipt(step: Step) -> Say:
    """Return the receipt: amount, reference and time, and the amount left to pay by hand if there is one."""
    data = step.event.data
    step.facts["receipt"] = data["payment"]
    step.facts["left"] = data["left_minor"] > 0
    step.facts.pop("confirming", None)
    shown = ("reference", "amount_minor", "currency", "paid_at", "link")
    card = {"kind": "receipt", **{k: data[k] for k in shown if k in data}}
    args: dict[str, Any] = {
        "amount": Money(data["amount_minor"], data["currency"]),
        "reference": data["reference"],
        "at": datetime.fromisoformat(data["paid_at"]),
        "left": Money(data["left_minor"], data["currency"]),
    }
    key = "payment-completed-some-left" if step.facts["left"] else "payment-completed"
    return Say(key, args, card=card)


def _notes(step: Step) -> tuple[Say, ...]:
    """Return the surprises about money that arrived: it had come back before, or nothing was owed for it.

    They are messages of their own, since a client may show the card in place of the receipt's text.
    """
    data = step.event.data
    reinstated = (Say("payment-reinstated", _args(step)),) if data.get("reinstated") else ()
    credit = {"credit": Money(data["credit_minor"], data["currency"])} if data.get("credit_minor") else {}
    key = "payment-credit" if credit else "payment-credit-unverified"
    return (*reinstated, Say(key, credit)) if data.get("overpaid") else reinstated


def show_receipt(step: Step) -> tuple[Effect, ...]:
    """Show the receipt, with the choices of the state."""
    receipt, notes, choices = _receipt(step), _notes(step), ask(step).choices
    if not notes:
        return (Say(receipt.key, receipt.args, choices, card=receipt.card),)
    *others, last = notes
    return receipt, *others, Say(last.key, last.args, choices)


def show_receipt_then_ask(step: Step) -> tuple[Effect, ...]:
    """Show the receipt, then prompt again."""
    return _receipt(step), *_notes(step), _ask_with(step, EMAIL_RECEIPT)


def report(step: Step) -> Effect:
    """Report on a payment in the state that shows its link."""
    update = _update(step)
    return Say(update.key, update.args, ask(step).choices, card=update.card)


def report_pending(step: Step) -> Effect:
    """Report that the gateway is still confirming; no second link is offered meanwhile."""
    update = _update(step)
    return Say(update.key, update.args, (SEE_BALANCE, PERSON), card=update.card)


def report_then_ask(step: Step) -> tuple[Effect, ...]:
    """Report on a payment, then prompt again."""
    return _update(step), ask(step)


def report_then_offer_link(step: Step) -> tuple[Effect, ...]:
    """Report on a payment, then prompt again and offer a new link."""
    return _update(step), _ask_with(step, NEW_LINK)


def report_reversal(step: Step) -> tuple[Effect, ...]:
    """Report that a completed payment was reversed: its amount is owed again."""
    step.facts.pop("receipt", None)
    return _update(step), _ask_with(step, SEE_BALANCE)


def send_receipt(step: Step) -> Effect:
    """Send a copy of the receipt by email."""
    return SendReceipt(step.facts["receipt"])


def _ask_with(step: Step, choice: Choice) -> Say:
    prompt = ask(step)
    if any(c.id == choice.id for c in prompt.choices):
        return prompt
    return Say(prompt.key, prompt.args, (*prompt.choices, choice), prompt.expects)


UPDATES = {
    "payment_pending": "pending",
    "payment_failed": "failed",
    "payment_abandoned": "abandoned",
    "payment_reversed": "reversed",
}
"""Event → the payment's status on a card, by which a client keeps the card of its link up to date."""


def _update(step: Step) -> Say:
    """Return the report of a payment, and remember whether it is being confirmed: then nothing offers to pay again."""
    data, status = step.event.data, UPDATES.get(step.event.name)
    if status == "pending":
        step.facts["confirming"] = True
    else:
        step.facts.pop("confirming", None)
    card = None
    if status is not None and data.get("link") is not None:
        kept = {key: data[key] for key in ("link", "amount_minor", "currency")}
        card = {"kind": "payment_update", "status": status, **kept}
    return Say(step.event.name.replace("_", "-"), _args(step), card=card)


def _args(step: Step) -> dict[str, Any]:
    return {"amount": Money(step.event.data["amount_minor"], step.event.data["currency"])}


# fmt: off
RULES: list[Rule] = [
    # event                              target        guard        action
    *from_any("payment_failed",          STAY,         has_account, report_then_offer_link, but=[PayBill.paying]),
    *from_any("payment_failed",          STAY,         None,        report_then_ask, but=[PayBill.paying]),
    *from_any("payment_abandoned",       STAY,         has_account, report_then_offer_link, but=[PayBill.paying]),
    *from_any("payment_abandoned",       STAY,         None,        report_then_ask, but=[PayBill.paying]),
    *from_any("link_expired",            STAY,         has_account, report_then_offer_link, but=[PayBill.paying]),
    *from_any("link_expired",            STAY,         None,        report_then_ask, but=[PayBill.paying]),
    *from_any("payment_pending",         STAY,         None,        report_then_ask, but=AMOUNT_STATES),
    *from_any("payment_reversed",        STAY,         None,        report_reversal),
    *from_any("payment_completed",       STAY,         None,        show_receipt_then_ask, but=AMOUNT_STATES),
    *from_any("email_receipt",           STAY,         has_receipt, send_receipt),
    *from_any("email_receipt",           STAY,         None,        say_then_ask("receipt-none")),
    *from_any("receipt_sent",            STAY,         None,        say("receipt-sent")),
    *from_any("receipt_impossible",      STAY,         None,        say("receipt-impossible")),
    ("payment_completed", AMOUNT_STATES,  PayBill.paid, None,        show_receipt),
    ("payment_failed",    PayBill.paying, STAY,         None,        report),
    ("payment_abandoned", PayBill.paying, STAY,         None,        report),
    ("payment_pending",   AMOUNT_STATES,  STAY,         None,        report_pending),
    ("link_expired",      PayBill.paying, STAY,         None,        report),
]
# fmt: on
