"""What to pay: everything, the invoices that were picked, or what is overdue; and the link for it."""

from datetime import datetime

from flows.dialogues.prompts import ask, elsewhere
from flows.effects import PAY_URL, Effect, MakeLink, Money, ReadStatement, Say
from flows.rules import Step


def start_picking(step: Step) -> Effect:
    """No invoice is chosen yet."""
    step.facts["picked"] = []
    return ReadStatement(step.facts["account"])


def toggle(step: Step) -> Effect:
    """Choose invoices, or take back the choice; amounts are read anew."""
    tapped = step.event.data["invoices"]
    picked = step.facts.get("picked", [])
    step.facts["picked"] = [i for i in picked if i not in tapped] + [i for i in tapped if i not in picked]
    return ReadStatement(step.facts["account"])


def has_picked(step: Step) -> bool:
    """At least one invoice is chosen."""
    return bool(step.facts.get("picked"))


def has_overdue(step: Step) -> bool:
    """Something is overdue beside the direct debit."""
    return bool(step.facts.get("overdue"))


def is_debited(step: Step) -> bool:
    """A direct debit pays the rest: only what is overdue is paid by hand."""
    return bool(step.facts.get("debited")) and has_overdue(step)


def pay_all(step: Step) -> Effect:
    """A link for everything owed."""
    return _link(step, [])


def pay_picked(step: Step) -> Effect:
    """A link for the chosen invoices."""
    return _link(step, step.facts["picked"])


def pay_overdue(step: Step) -> Effect:
    """A link for what is overdue."""
    return _link(step, step.facts["overdue"])


def link_again(step: Step) -> Effect:
    """The same link again, or a new one in its place: the chatbot knows whether it still works."""
    return _link(step, step.facts.get("linked", []))


def _link(step: Step, invoices: list[str]) -> Effect:
    step.facts["linked"] = invoices
    return MakeLink(step.facts["account"], tuple(invoices))


def show_link(step: Step) -> Effect:
    """The link, its amount and how long it works."""
    data = step.event.data
    card = {
        "kind": "payment_link",
        "link": data["link"],
        "url": PAY_URL,
        "amount_minor": data["amount_minor"],
        "currency": data["currency"],
        "expires_at": data["expires_at"],
    }
    args = {
        "amount": Money(data["amount_minor"], data["currency"]),
        "expires": datetime.fromisoformat(data["expires_at"]),
        "url": PAY_URL,
    }
    return Say("link", args, ask(step).choices, card=card)


def say_nothing_to_pay(step: Step) -> Effect:
    """It was paid, or is being paid, in the meantime."""
    return Say("nothing-to-pay", choices=elsewhere(step.facts))
