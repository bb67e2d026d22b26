"""Prompts: the question of each state and the choices it offers.

No prompt says anything about an account, so it can be repeated after the verification has expired. Numbers and amounts
are read from the store each time they are shown, which checks the verification.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flows.dialogues.team_message import lines, whole_message
from flows.effects import NO_ARGS, Choice, Effect, Say
from flows.rules import Action, Step
from flows.states import MENU, PayBill, Person

PAY_BILL = Choice("pay_bill", "choice-pay-bill")
PERSON = Choice("person", "choice-person")
TO_MENU = Choice("menu", "choice-menu")
SIGN_OUT = Choice("sign_out", "choice-sign-out")
BACK = Choice("back", "choice-back")
RESEND = Choice("resend", "choice-resend")
OTHER_IDENTIFIER = Choice("other_identifier", "choice-other-identifier")
OTHER_ACCOUNT = Choice("other_account", "choice-other-account")
PICK = Choice("pick", "choice-pick")
NEW_LINK = Choice("new_link", "choice-new-link")
SEE_BALANCE = Choice("see_balance", "choice-see-balance")
SEE_REMAINING_BALANCE = Choice("see_balance", "choice-what-is-left")
PAY_PICKED = Choice("pay_picked", "choice-pay-picked")
SEE_ACCOUNTS = Choice("repeat", "choice-see-accounts")
SEE_INVOICES = Choice("repeat", "choice-see-invoices")
EMAIL_RECEIPT = Choice("email_receipt", "choice-email-receipt")
MESSAGE_DONE = Choice("message_done", "choice-message-done")
SEND_MESSAGE = Choice("send_message", "choice-send-message")
ADD_MORE = Choice("add_more", "choice-add-more")
OTHER_REPLY = Choice("other_reply", "choice-other-reply")
DISCARD_MESSAGE = Choice("discard_message", "choice-discard-message")

PAYS_OTHERWISE = "pays_otherwise"
"""Fact: no gateway is on, so no link is offered (`flows.dialogues.other_ways`)."""

WITHOUT_GATEWAY = {
    "help": "help-otherwise",
    "payment-methods": "payment-methods-otherwise",
    "card-typed": "card-typed-otherwise",
}
"""Texts that mention the payment page → the same without it, for customers who pay in other ways."""

_MENU = Say("menu", choices=(PAY_BILL, PERSON))
_IDENTIFIER = Say("identifier", choices=(PERSON, TO_MENU), expects="identifier")
_EMAIL = Say("identifier-email-only", choices=(PERSON, TO_MENU), expects="identifier")
_CODE = Say("code", choices=(RESEND, OTHER_IDENTIFIER, PERSON), expects="code")
_ACCOUNTS = Say("which-account", choices=(SEE_ACCOUNTS, PERSON, TO_MENU, SIGN_OUT))
_CONFIRMING = Say("paying", choices=(SEE_BALANCE, PERSON))
_PAYING = Say("paying", choices=(NEW_LINK, SEE_BALANCE, PERSON))
_MESSAGE = Say("person-message", choices=(BACK, TO_MENU), expects="text")
_MORE = Say("person-message-more", choices=(MESSAGE_DONE, DISCARD_MESSAGE), expects="text")


def identifier(step: Step) -> Say:
    """Ask for an email or mobile; for an email where no texts are sent (`countries` is empty)."""
    return _IDENTIFIER if step.facts.get("countries", True) else _EMAIL


def which(step: Step) -> Say:
    """Ask for one of the identifiers in a message."""
    options = step.facts.get("candidates", ())
    choices = (Choice(f"identifier:{n}", "choice-identifier", {"value": o["value"]}) for n, o in enumerate(options))
    return Say("which-identifier", choices=(*choices, PERSON, BACK), expects="identifier")


def owes(step: Step) -> Say:
    """Ask how to go on with a balance."""
    facts = step.facts
    if facts.get(PAYS_OTHERWISE):
        return Say("anything-else", choices=other_choices(facts))
    if facts.get("confirming"):  # the amounts are out of date, and may be on their way
        return Say("anything-else", choices=(SEE_BALANCE, *other_choices(facts)))
    pay = Choice("pay_overdue", "choice-pay-overdue") if facts.get("debited") else Choice("pay_all", "choice-pay-all")
    return Say("owes", choices=(pay, *choices_beside_paying(facts)))


def choices_beside_paying(facts: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Return the choices below the one that pays."""
    pick = (PICK,) if len(facts.get("invoices", ())) > 1 and not facts.get("debited") else ()
    return (*pick, *other_choices(facts))


def other_choices(facts: Mapping[str, Any]) -> tuple[Choice, ...]:
    """Return the choices of a statement beside paying."""
    return (OTHER_ACCOUNT, PERSON, TO_MENU, SIGN_OUT) if facts.get("several") else (PERSON, TO_MENU, SIGN_OUT)


def settled(step: Step) -> Say:
    """Ask for anything else, where nothing has to be paid by hand."""
    return Say("anything-else", choices=other_choices(step.facts))


def picking(step: Step) -> Say:
    """Ask for invoices to pay. The list itself is read again on request."""
    pay = (PAY_PICKED,) if step.facts.get("picked") and not step.facts.get("confirming") else ()
    return Say("picking", choices=(*pay, SEE_INVOICES, BACK, PERSON))


def paying(step: Step) -> Say:
    """Offer a new link, unless a payment is being confirmed."""
    return _CONFIRMING if step.facts.get("confirming") else _PAYING


def paid(step: Step) -> Say:
    """Offer a copy of the receipt, the remaining balance, or the menu."""
    left = (SEE_REMAINING_BALANCE,) if step.facts.get("left") else ()
    receipt = (EMAIL_RECEIPT,) if step.facts.get("receipt") else ()
    return Say("anything-else", choices=(*receipt, *left, TO_MENU, PERSON, SIGN_OUT))


def message(step: Step) -> Say:
    """Ask for a message to the team, or for more of it."""
    return _MORE if lines(step.facts) else _MESSAGE


def review(step: Step) -> Say:
    """Show the message as the team will get it, and the address for the reply, and ask whether to send it."""
    text, reply_to = whole_message(step.facts), step.facts.get("reply_to")
    if reply_to is None:
        return Say("person-review-known", {"message": text}, (SEND_MESSAGE, ADD_MORE, DISCARD_MESSAGE), "text")
    choices = (SEND_MESSAGE, ADD_MORE, OTHER_REPLY, DISCARD_MESSAGE)
    return Say("person-review", {"message": text, "value": reply_to["value"]}, choices, "text")


def reach(step: Step) -> Say:
    """Ask for an address for the team's reply."""
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
    PayBill.paying: paying,
    PayBill.paid: paid,
    Person.message: message,
    Person.reach: reach,
    Person.review: review,
}


def ask(step: Step) -> Say:
    """Return the prompt of the step's state."""
    return PROMPTS[step.state](step)


def reply(step: Step, key: str, args: Mapping[str, Any] = NO_ARGS) -> Say:
    """Return the Fluent message `key` with the choices and the field of the prompt."""
    prompt = ask(step)
    return Say(key, args, prompt.choices, prompt.expects)


def say(key: str) -> Action:
    """Return an action: the Fluent message `key` with the prompt's choices and field."""
    return lambda step: reply(step, key)


def spoken(key: str) -> Callable[[Step], Say]:
    """Return a function that gives the Fluent message `key`, or the one for customers who pay in other ways."""
    said, otherwise = Say(key), Say(WITHOUT_GATEWAY.get(key, key))
    return lambda step: otherwise if step.facts.get(PAYS_OTHERWISE) else said


def say_then_ask(key: str) -> Action:
    """Return an action: the Fluent message `key`, then the prompt as a message of its own."""
    first = spoken(key)
    return lambda step: (first(step), ask(step))


def small_talk(key: str) -> Action:
    """Return an action: the Fluent message `key` with the prompt's choices, then the prompt if it expects typing."""
    first = spoken(key)

    def answer(step: Step) -> Effect | tuple[Effect, ...]:
        said, prompt = first(step), ask(step)
        return Say(said.key, choices=prompt.choices) if prompt.expects is None else (said, prompt)

    return answer
