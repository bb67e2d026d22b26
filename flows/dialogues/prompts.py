"""What each state asks, and the choices it offers.

Nothing here tells anything about an account, so that asking again is safe however long ago the code was right. What is
shown with numbers and amounts is read anew, which asks whether the customer is still verified.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flows.effects import NOTHING, Choice, Effect, Say
from flows.rules import Action, Step
from flows.states import MENU, PayBill, Person

PAY_BILL = Choice("pay_bill", "choice-pay-bill")
PERSON = Choice("person", "choice-person")
TO_MENU = Choice("menu", "choice-menu")
BACK = Choice("back", "choice-back")
RESEND = Choice("resend", "choice-resend")
OTHER_IDENTIFIER = Choice("other_identifier", "choice-other-identifier")
OTHER_ACCOUNT = Choice("other_account", "choice-other-account")
PICK = Choice("pick", "choice-pick")
NEW_LINK = Choice("new_link", "choice-new-link")
SEE_BALANCE = Choice("see_balance", "choice-see-balance")
WHAT_IS_LEFT = Choice("see_balance", "choice-what-is-left")
PAY_PICKED = Choice("pay_picked", "choice-pay-picked")
SEE_ACCOUNTS = Choice("repeat", "choice-see-accounts")
SEE_INVOICES = Choice("repeat", "choice-see-invoices")
EMAIL_RECEIPT = Choice("email_receipt", "choice-email-receipt")

_MENU = Say("menu", choices=(PAY_BILL, PERSON))
_IDENTIFIER = Say("identifier", choices=(PERSON, TO_MENU), expects="identifier")
_EMAIL = Say("identifier-email-only", choices=(PERSON, TO_MENU), expects="identifier")
_CODE = Say("code", choices=(RESEND, OTHER_IDENTIFIER, PERSON), expects="code")
_ACCOUNTS = Say("which-account", choices=(SEE_ACCOUNTS, PERSON, TO_MENU))
_PAYING = Say("paying", choices=(NEW_LINK, SEE_BALANCE, PERSON))
_MESSAGE = Say("person-message", choices=(BACK, TO_MENU), expects="text")


def identifier(step: Step) -> Say:
    """An email or mobile; an email where no texts are sent (`countries` is empty)."""
    return _IDENTIFIER if step.facts.get("countries", True) else _EMAIL


def which(step: Step) -> Say:
    """Which of the identifiers in one message?"""
    options = step.facts.get("candidates", ())
    choices = (Choice(f"identifier:{n}", "choice-identifier", {"value": o["value"]}) for n, o in enumerate(options))
    return Say("which-identifier", choices=(*choices, PERSON, BACK), expects="identifier")


def owes(step: Step) -> Say:
    """What to do about what is owed."""
    facts = step.facts
    pay = Choice("pay_overdue", "choice-pay-overdue") if facts.get("debited") else Choice("pay_all", "choice-pay-all")
    return Say("owes", choices=(pay, *beside_paying(facts)))


def beside_paying(facts: Mapping[str, Any]) -> tuple[Choice, ...]:
    """The choices below the one that pays."""
    pick = (PICK,) if len(facts.get("invoices", ())) > 1 and not facts.get("debited") else ()
    return (*pick, *elsewhere(facts))


def elsewhere(facts: Mapping[str, Any]) -> tuple[Choice, ...]:
    """The ways on from a statement when nothing has to be paid."""
    return (OTHER_ACCOUNT, PERSON, TO_MENU) if facts.get("several") else (PERSON, TO_MENU)


def settled(step: Step) -> Say:
    """Nothing has to be paid by hand: what else?"""
    return Say("anything-else", choices=elsewhere(step.facts))


def picking(step: Step) -> Say:
    """Which invoices? The list itself is read anew on request."""
    pay = (PAY_PICKED,) if step.facts.get("picked") else ()
    return Say("picking", choices=(*pay, SEE_INVOICES, BACK, PERSON))


def paid(step: Step) -> Say:
    """Paid: a copy of the receipt, what is left, or the menu."""
    left = (WHAT_IS_LEFT,) if step.facts.get("left") else ()
    receipt = (EMAIL_RECEIPT,) if step.facts.get("receipt") else ()
    return Say("anything-else", choices=(*receipt, *left, TO_MENU, PERSON))


def reach(step: Step) -> Say:
    """Where can the team reply?"""
    typed = step.facts.get("identifier")
    known = (Choice("known_identifier", "choice-identifier", {"value": typed["value"]}),) if typed else ()
    return Say("person-reach", choices=(*known, BACK, TO_MENU), expects="identifier")


PROMPTS: dict[str, Callable[[Step], Say]] = {
    MENU: lambda _: _MENU,
    PayBill.identifier: identifier,
    PayBill.which: which,
    PayBill.code: lambda _: _CODE,
    PayBill.accounts: lambda _: _ACCOUNTS,
    PayBill.owes: owes,
    PayBill.settled: settled,
    PayBill.picking: picking,
    PayBill.paying: lambda _: _PAYING,
    PayBill.paid: paid,
    Person.message: lambda _: _MESSAGE,
    Person.reach: reach,
}


def ask(step: Step) -> Say:
    """The question of the state that the step has come to."""
    return PROMPTS[step.state](step)


def reply(step: Step, key: str, args: Mapping[str, Any] = NOTHING, *first: Choice) -> Say:
    """Other words than the question, with the same choices and field, after the choices `first`."""
    prompt = ask(step)
    return Say(key, args, (*first, *prompt.choices) if first else prompt.choices, prompt.expects)


def saying(key: str) -> Action:
    """An act: these words with the choices of the state that the step has come to."""
    return lambda step: reply(step, key)


def then_ask(key: str) -> Action:
    """An act: these words, then the state's question as a message of its own."""
    first = Say(key)
    return lambda step: (first, ask(step))


def small_talk(key: str) -> Action:
    """An act: these words with the state's choices; where something is to be typed, what it is as well."""
    first = Say(key)

    def answer(step: Step) -> Effect | tuple[Effect, ...]:
        prompt = ask(step)
        return Say(key, choices=prompt.choices) if prompt.expects is None else (first, prompt)

    return answer
