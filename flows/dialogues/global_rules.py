"""What every state understands: nobody is ever trapped, and everything gets an answer."""

from flows.dialogues.identify import forget_customer
from flows.dialogues.person import open_person
from flows.dialogues.prompts import ask, small_talk, then_ask
from flows.effects import Effect, Say
from flows.events import SMALL_TALK
from flows.rules import STAY, Rule, Step, from_any
from flows.states import MENU, WAITING, PayBill, Person

HELP = {
    PayBill.identifier: "help-identifier",
    PayBill.which: "help-identifier",
    PayBill.code: "help-code",
    PayBill.picking: "help-picking",
    PayBill.paying: "help-paying",
    Person.message: "help-person",
    Person.reach: "help-person",
}
"""Help about the question at hand; elsewhere, about what Billchat can do."""

READ_ANEW = (PayBill.accounts, PayBill.owes, PayBill.settled, PayBill.picking, PayBill.paying)
"""States that repeat themselves by reading again."""


def help_here(step: Step) -> tuple[Effect, ...]:
    """What can be done here, then the question again."""
    return Say(HELP.get(step.state, "help")), ask(step)


def start_over(step: Step) -> Effect:
    """The menu, with everything about the customer forgotten by the dialogue."""
    forget_customer(step)
    for key in ("message", "came_from"):
        step.facts.pop(key, None)
    return ask(step)


# fmt: off
RULES: list[Rule] = [
    # event                       to              guard  effect
    *from_any("help",             STAY,           None,  help_here),
    *from_any("start_over",       MENU,           None,  start_over),
    *from_any("menu",             MENU,           None,  ask),
    *from_any("repeat",           STAY,           None,  ask, but=READ_ANEW),
    *from_any("person",           Person.message, None,  open_person, but=[Person.message, Person.reach]),
    *from_any("stale_choice",     STAY,           None,  then_ask("stale-choice")),
    *from_any("card_typed",       STAY,           None,  then_ask("card-typed")),
    *from_any("not_understood",   STAY,           None,  then_ask("not-understood")),
    *[("back", state, rest,       None,           ask) for state, rest in WAITING.items()],
    *[row for event in SMALL_TALK
      for row in from_any(event,  STAY,           None,  small_talk(event.replace("_", "-")))],
]
# fmt: on
