"""What is owed, said: the words, the cards and the choices that a statement leads to."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flows.dialogues.prompts import BACK, PERSON, beside_paying, elsewhere
from flows.effects import Choice, Effect, FullDate, Money, Say, TextLine
from flows.rules import Step

LINES_AT_MOST = 3
"""Invoices told in a text; the card shows all."""

Invoice = Mapping[str, Any]


# ── guards over a statement ─────────────────────────────────────────────────────────────────────────────────────


def owed(step: Step) -> int:
    """What can be paid now, in minor units: the balance without the payments that are on their way."""
    data = step.event.data
    return int(max(0, data["balance_minor"] - abs(data["pending_minor"])))


def owes(step: Step) -> bool:
    """Something can be paid now."""
    return owed(step) > 0


def has_pending(step: Step) -> bool:
    """A payment is on its way."""
    return bool(step.event.data["pending_minor"]) or bool(step.event.data["in_progress"])


def owes_beside_pending(step: Step) -> bool:
    """A payment is on its way and something else can be paid."""
    return has_pending(step) and owes(step)


def in_credit(step: Step) -> bool:
    """The company owes the customer."""
    return bool(step.event.data["balance_minor"] < 0)


def pays_by_debit(step: Step) -> bool:
    """A direct debit is in place."""
    return step.event.data["mandate"] is not None


def debit_is_planned(step: Step) -> bool:
    """The next collection has a date and an amount."""
    mandate = step.event.data["mandate"]
    return mandate is not None and mandate["next_on"] is not None and mandate["next_minor"] is not None


def debit_leaves_overdue(step: Step) -> bool:
    """A direct debit is in place, but something is overdue that its next collection does not cover."""
    mandate = step.event.data["mandate"]
    if mandate is None or not overdue(step.event.data):
        return False
    return (mandate["next_minor"] or 0) < owed(step)


def something_to_pick(step: Step) -> bool:
    """At least one invoice can be paid."""
    return owes(step) and bool(step.event.data["invoices"])


def overdue(statement: Mapping[str, Any]) -> list[Invoice]:
    """The invoices whose due date has passed."""
    return [i for i in statement["invoices"] if i["overdue"]]


# ── what is said ────────────────────────────────────────────────────────────────────────────────────────────────


def learn(step: Step) -> Mapping[str, Any]:
    """Keep which invoices there are by their ids: the rest is told only while the customer is verified."""
    data = step.event.data
    step.facts["account"] = data["account"]["id"]
    step.facts["invoices"] = [i["id"] for i in data["invoices"]]
    step.facts["overdue"] = [i["id"] for i in overdue(data)]
    step.facts["debited"] = data["mandate"] is not None
    step.facts.pop("picked", None)
    return data


def show_owed(step: Step) -> Effect:
    """The balance, each invoice with its number and due date, and the way to pay it all."""
    return _balance(step, learn(step), "balance-owed")


def show_owed_beside_pending(step: Step) -> Effect:
    """A payment is on its way; the rest can be paid."""
    return _balance(step, learn(step), "balance-owed-beside-pending")


def _balance(step: Step, data: Mapping[str, Any], key: str) -> Effect:
    total = Money(owed(step), data["currency"])
    args = {
        "amount": total,
        "account": data["account"]["number"],
        "pending": Money(_pending(data), data["currency"]),
        "invoices": invoice_lines(data["invoices"], data["currency"]),
    }
    pay = Choice("pay_all", "choice-pay-amount", {"amount": total})
    return Say(key, args, (pay, *beside_paying(step.facts)), card=balance_card(data, total.minor))


def show_pending(step: Step) -> Effect:
    """Everything owed is already on its way."""
    data = learn(step)
    args = {"pending": Money(_pending(data), data["currency"]), "account": data["account"]["number"]}
    return Say("balance-pending", args, elsewhere(step.facts))


def show_credit(step: Step) -> Effect:
    """The account is in credit."""
    data = learn(step)
    args = {"credit": Money(-data["balance_minor"], data["currency"]), "account": data["account"]["number"]}
    return Say("balance-credit", args, elsewhere(step.facts))


def show_nothing_due(step: Step) -> Effect:
    """Nothing to pay."""
    return Say("balance-nothing", {"account": learn(step)["account"]["number"]}, elsewhere(step.facts))


def show_planned_debit(step: Step) -> Effect:
    """The date and amount of the next collection; nothing to pay by hand."""
    data = learn(step)
    mandate = data["mandate"]
    amount = Money(mandate["next_minor"], mandate["currency"])
    args = {"amount": amount, "date": date.fromisoformat(mandate["next_on"]), "account": data["account"]["number"]}
    return Say("debit-planned", args, elsewhere(step.facts), card=debit_card(mandate))


def show_debit(step: Step) -> Effect:
    """A direct debit is in place, with no collection planned yet."""
    return Say("debit-in-place", {"account": learn(step)["account"]["number"]}, elsewhere(step.facts))


def show_debit_and_overdue(step: Step) -> Effect:
    """A direct debit is in place, yet something is overdue that it will not collect by itself."""
    data = learn(step)
    late = overdue(data)
    amount = Money(min(sum(i["amount_minor"] for i in late), owed(step)), data["currency"])
    args = {"amount": amount, "invoices": invoice_lines(late, data["currency"])}
    pay = Choice("pay_overdue", "choice-pay-amount", {"amount": amount})
    card = debit_card(data["mandate"]) if debit_is_planned(step) else None
    return Say("debit-and-overdue", args, (pay, *beside_paying(step.facts)), card=card)


def show_picks(step: Step) -> Effect:
    """The invoices, those chosen so far and what they come to."""
    data = step.event.data
    wanted = set(step.facts.get("picked", ()))
    learn(step)
    picked = [i for i in data["invoices"] if i["id"] in wanted]
    step.facts["picked"] = [i["id"] for i in picked]
    total = Money(sum(i["amount_minor"] for i in picked), data["currency"])
    pay = (Choice("pay_picked", "choice-pay-amount", {"amount": total}),) if picked else ()
    rows = tuple(_pick(i, i["id"] in wanted, data["currency"]) for i in data["invoices"])
    key = "picking-some" if picked else "picking-none"
    return Say(key, {"count": len(picked), "amount": total}, (*pay, *rows, BACK, PERSON))


# ── pieces ──────────────────────────────────────────────────────────────────────────────────────────────────────


def invoice_lines(invoices: Sequence[Invoice], currency: str) -> tuple[TextLine, ...]:
    """The first invoices, a line each, and how many more there are."""
    lines = [_line(i, currency) for i in invoices[:LINES_AT_MOST]]
    if len(invoices) > LINES_AT_MOST:
        lines.append(TextLine("invoice-more", {"count": len(invoices) - LINES_AT_MOST}))
    return tuple(lines)


def _line(invoice: Invoice, currency: str) -> TextLine:
    key = "invoice-line-overdue" if invoice["overdue"] else "invoice-line"
    return TextLine(key, _told(invoice, currency))


def _pick(invoice: Invoice, picked: bool, currency: str) -> Choice:
    key = "choice-picked" if picked else "choice-invoice"
    return Choice(f"invoice:{invoice['id']}", key, _told(invoice, currency))


def _told(invoice: Invoice, currency: str) -> dict[str, Any]:
    due = date.fromisoformat(invoice["due_on"])
    return {
        "number": invoice["number"],
        "amount": Money(invoice["amount_minor"], currency),
        "date": FullDate(due) if invoice["overdue"] else due,
    }


def _pending(data: Mapping[str, Any]) -> int:
    under_way: int = sum(i["amount_minor"] for i in data["in_progress"])
    return abs(data["pending_minor"]) or under_way


def balance_card(data: Mapping[str, Any], amount_minor: int) -> dict[str, Any]:
    """The wire's balance card; `formatted` is added when it is rendered."""
    invoices = [{k: i[k] for k in ("number", "due_on", "amount_minor", "overdue")} for i in data["invoices"]]
    return {"kind": "balance", "currency": data["currency"], "amount_minor": amount_minor, "invoices": invoices}


def debit_card(mandate: Mapping[str, Any]) -> dict[str, Any]:
    """The wire's direct debit card."""
    return {
        "kind": "direct_debit",
        "amount_minor": mandate["next_minor"],
        "currency": mandate["currency"],
        "next_on": mandate["next_on"],
    }
