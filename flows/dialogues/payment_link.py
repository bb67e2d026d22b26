"""Payment links: for everything, for the invoices that were picked, or for the overdue ones."""

from datetime import datetime

from flows.dialogues.prompts import ask
from flows.effects import PAY_URL, Effect, MakeLink, Money, ReadStatement, Say
from flows.rules import Step


def start_picking(step: Step) -> Effect:
    """Begin with no invoice picked."""
    step.facts["picked"] = []
    return ReadStatement(step.facts["account"])


def toggle_invoices(step: Step) -> Effect:
    """Pick invoices, or undo it for those picked before; amounts are read again."""
    tapped = step.event.data["invoices"]
    picked = step.facts.get("picked", [])
    step.facts["picked"] = [i for i in picked if i not in tapped] + [i for i in tapped if i not in picked]
    return ReadStatement(step.facts["account"])


def has_picked(step: Step) -> bool:
    """At least one invoice is picked."""
    return bool(step.facts.get("picked"))


def has_overdue(step: Step) -> bool:
    """Something is overdue beside the direct debit."""
    return bool(step.facts.get("overdue"))


def debit_covers_rest(step: Step) -> bool:
    """A direct debit collects everything but the overdue invoices."""
    return bool(step.facts.get("debited")) and has_overdue(step)


def pay_all(step: Step) -> Effect:
    """Make a link for everything owed."""
    return _link(step, [])


def pay_picked(step: Step) -> Effect:
    """Make a link for the picked invoices."""
    return _link(step, step.facts["picked"])


def pay_overdue(step: Step) -> Effect:
    """Make a link for the overdue invoices."""
    return _link(step, step.facts["overdue"])


def renew_link(step: Step) -> Effect:
    """Show the same link again, or a new one if it no longer works, as the chatbot decides by the statement."""
    return _link(step, step.facts.get("linked", []))


def _link(step: Step, invoices: list[str]) -> Effect:
    step.facts["linked"] = invoices
    return MakeLink(step.facts["account"], tuple(invoices))


def show_link(step: Step) -> Effect:
    """Show the link, its amount and its expiry."""
    data = step.event.data
    step.facts.pop("confirming", None)
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
