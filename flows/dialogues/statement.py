"""Statements: guards over the balance, and the words, cards and choices that show it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flows.dialogues.other_ways import pays_otherwise, show_without_link, store_other_ways
from flows.dialogues.prompts import BACK, PERSON, choices_beside_paying, other_choices
from flows.effects import Choice, Effect, FullDate, Money, Say, TextLine
from flows.rules import Step

MAX_INVOICE_LINES = 3
"""Invoices listed in a text; the card shows all."""

Invoice = Mapping[str, Any]


# ── guards over a statement ─────────────────────────────────────────────────────────────────────────────────────


def owed(step: Step) -> int:
    """Return the payable amount in minor units: the balance without pending payments."""
    data = step.event.data
    return int(max(0, data["balance_minor"] - abs(data["pending_minor"])))


def owes(step: Step) -> bool:
    """Something can be paid now."""
    return owed(step) > 0


def has_pending(step: Step) -> bool:
    """A payment is pending."""
    return bool(step.event.data["pending_minor"]) or bool(step.event.data["in_progress"])


def owes_beside_pending(step: Step) -> bool:
    """A payment is pending and something else can be paid."""
    return has_pending(step) and owes(step)


def in_credit(step: Step) -> bool:
    """The balance is in the customer's favour."""
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
    return pays_by_debit(step) and bool(step.event.data["payable"])


def something_to_pick(step: Step) -> bool:
    """At least one invoice can be paid by hand, and by a link."""
    return bool(step.event.data["payable"]) and not pays_otherwise(step)


# ── actions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def store_statement(step: Step) -> Mapping[str, Any]:
    """Store the ids of the invoices in the facts; amounts are shown only while the customer is verified."""
    data = step.event.data
    step.facts["account"] = data["account"]["id"]
    step.facts["invoices"] = [i["id"] for i in data["invoices"]]
    step.facts["overdue"] = [i["id"] for i in data["payable"] if i["overdue"]]
    step.facts["debited"] = data["mandate"] is not None
    for key in ("picked", "confirming"):
        step.facts.pop(key, None)
    store_other_ways(step)
    return data


def show_owed(step: Step) -> Effect | tuple[Effect, ...]:
    """Show the balance, each invoice with its number and due date, and a choice to pay it all."""
    return _balance(step, store_statement(step), "balance-owed")


def show_owed_beside_pending(step: Step) -> Effect | tuple[Effect, ...]:
    """Show the rest that can be paid beside a pending payment."""
    return _balance(step, store_statement(step), "balance-owed-beside-pending")


def _balance(step: Step, data: Mapping[str, Any], key: str) -> Effect | tuple[Effect, ...]:
    total = Money(owed(step), data["currency"])
    args = {
        "amount": total,
        "account": data["account"]["number"],
        "pending": Money(_pending(data), data["currency"]),
        "invoices": invoice_lines(data["invoices"], data["currency"]),
    }
    pay = Choice("pay_all", "choice-pay-amount", {"amount": total})
    shown = Say(key, args, (pay, *choices_beside_paying(step.facts)), card=balance_card(data, total.minor))
    return show_without_link(step, shown) if pays_otherwise(step) else shown


def show_pending(step: Step) -> Effect:
    """Show that pending payments cover everything."""
    data = store_statement(step)
    args = {"pending": Money(_pending(data), data["currency"]), "account": data["account"]["number"]}
    return Say("balance-pending", args, other_choices(step.facts))


def show_credit(step: Step) -> Effect:
    """Show the credit on the account."""
    data = store_statement(step)
    args = {"credit": Money(-data["balance_minor"], data["currency"]), "account": data["account"]["number"]}
    return Say("balance-credit", args, other_choices(step.facts))


def show_nothing_due(step: Step) -> Effect:
    """Show that nothing is to be paid."""
    return Say("balance-nothing", {"account": store_statement(step)["account"]["number"]}, other_choices(step.facts))


def show_planned_debit(step: Step) -> Effect:
    """Show the date and amount of the next collection; nothing is to be paid by hand."""
    data = store_statement(step)
    mandate = data["mandate"]
    amount = Money(mandate["next_minor"], mandate["currency"])
    args = {"amount": amount, "date": date.fromisoformat(mandate["next_on"]), "account": data["account"]["number"]}
    return Say("debit-planned", args, other_choices(step.facts), card=debit_card(mandate))


def show_debit(step: Step) -> Effect:
    """Show a direct debit that has no collection planned yet."""
    return Say("debit-in-place", {"account": store_statement(step)["account"]["number"]}, other_choices(step.facts))


def show_debit_and_overdue(step: Step) -> Effect | tuple[Effect, ...]:
    """Show a direct debit and the overdue invoices that it does not collect."""
    data = store_statement(step)
    late = data["payable"]
    amount = Money(sum(i["amount_minor"] for i in late), data["currency"])
    args = {"amount": amount, "invoices": invoice_lines(late, data["currency"])}
    pay = Choice("pay_overdue", "choice-pay-amount", {"amount": amount})
    card = debit_card(data["mandate"]) if debit_is_planned(step) else None
    if pays_otherwise(step):
        return show_without_link(step, Say("debit-and-overdue-otherwise", args, card=card))
    return Say("debit-and-overdue", args, (pay, *choices_beside_paying(step.facts)), card=card)


def show_picks(step: Step) -> Effect:
    """Show the invoices to pay by hand, those picked so far and their total."""
    data = step.event.data
    wanted = set(step.facts.get("picked", ()))
    store_statement(step)
    picked = [i for i in data["payable"] if i["id"] in wanted]
    step.facts["picked"] = [i["id"] for i in picked]
    total = Money(sum(i["amount_minor"] for i in picked), data["currency"])
    pay = (Choice("pay_picked", "choice-pay-amount", {"amount": total}),) if picked else ()
    rows = tuple(_invoice_choice(i, i["id"] in wanted, data["currency"]) for i in data["payable"])
    key = "picking-some" if picked else "picking-none"
    return Say(key, {"count": len(picked), "amount": total}, (*pay, *rows, BACK, PERSON))


# ── lines, choices and cards ────────────────────────────────────────────────────────────────────────────────────


def invoice_lines(invoices: Sequence[Invoice], currency: str) -> tuple[TextLine, ...]:
    """Return a line for each of the first invoices, and one with the number of further ones."""
    lines = [_invoice_line(i, currency) for i in invoices[:MAX_INVOICE_LINES]]
    if len(invoices) > MAX_INVOICE_LINES:
        lines.append(TextLine("invoice-more", {"count": len(invoices) - MAX_INVOICE_LINES}))
    return tuple(lines)


def _invoice_line(invoice: Invoice, currency: str) -> TextLine:
    key = "invoice-line-overdue" if invoice["overdue"] else "invoice-line"
    return TextLine(key, _invoice_args(invoice, currency))


def _invoice_choice(invoice: Invoice, picked: bool, currency: str) -> Choice:
    key = "choice-picked" if picked else "choice-invoice"
    return Choice(f"invoice:{invoice['id']}", key, _invoice_args(invoice, currency))


def _invoice_args(invoice: Invoice, currency: str) -> dict[str, Any]:
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
    """Return the wire's balance card; `formatted` is added when it is rendered."""
    invoices = [{k: i[k] for k in ("number", "due_on", "amount_minor", "overdue")} for i in data["invoices"]]
    return {"kind": "balance", "currency": data["currency"], "amount_minor": amount_minor, "invoices": invoices}


def debit_card(mandate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wire's direct debit card."""
    return {
        "kind": "direct_debit",
        "amount_minor": mandate["next_minor"],
        "currency": mandate["currency"],
        "next_on": mandate["next_on"],
    }
