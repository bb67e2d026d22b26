"""Rules for every state: help, the ways out, and an answer to anything else."""

from flows.dialogues.identify import forget_customer
from flows.dialogues.person import leaving, open_person
from flows.dialogues.prompts import ask, reply, say_then_ask, small_talk, spoken
from flows.effects import Effect, EndVerification
from flows.events import SMALL_TALK
from flows.rules import STAY, Rule, Step, from_any
from flows.states import MENU, WAITING, WRITING, PayBill, Person

HELP_KEYS = {
    PayBill.identifier: "help-identifier",
    PayBill.which: "help-identifier",
    PayBill.code: "help-code",
    PayBill.picking: "help-picking",
    PayBill.paying: "help-paying",
    Person.message: "help-person",
    Person.reach: "help-person",
    Person.review: "help-person",
}
"""State → help about its prompt; other states get the help about Billchat."""

REPEATED_BY_READING = (PayBill.accounts, PayBill.owes, PayBill.settled, PayBill.picking, PayBill.paying)
"""States with amounts on the screen: "repeat" reads them again, by rules of `pay_bill`."""


def show_help(step: Step) -> tuple[Effect, ...]:
    """Say how to answer the prompt, then prompt again."""
    return spoken(HELP_KEYS.get(step.state, "help"))(step), ask(step)


def start_over(step: Step) -> tuple[Effect, ...]:
    """Prompt with the menu, and forget everything about the customer."""
    _forget_everything(step)
    return EndVerification(), ask(step)


def sign_out(step: Step) -> tuple[Effect, ...]:
    """Forget everything about the customer in all conversations of the browser, and say so."""
    _forget_everything(step)
    return EndVerification(everywhere=True), reply(step, "signed-out")


def _forget_everything(step: Step) -> None:
    forget_customer(step)
    step.facts.pop("came_from", None)


# fmt: off
RULES: list[Rule] = [
    # event                       target          guard  action
    *from_any("help",             STAY,           None,  show_help),
    *from_any("start_over",       MENU,           None,  leaving(start_over)),
    *from_any("sign_out",         MENU,           None,  leaving(sign_out)),
    *from_any("menu",             MENU,           None,  leaving(ask)),
    *from_any("repeat",           STAY,           None,  ask, but=REPEATED_BY_READING),
    *from_any("person",           Person.message, None,  open_person, but=WRITING),
    *from_any("stale_choice",     STAY,           None,  say_then_ask("stale-choice")),
    *from_any("card_typed",       STAY,           None,  say_then_ask("card-typed"),
              but=[Person.message, Person.review]),
    *from_any("not_understood",   STAY,           None,  say_then_ask("not-understood")),
    *[("back", state, prompting,  None,           ask) for state, prompting in WAITING.items()],
    *[rule for event in SMALL_TALK
      for rule in from_any(event, STAY,           None,  small_talk(event.replace("_", "-")))],
]
# fmt: on
