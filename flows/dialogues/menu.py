"""The menu: every conversation begins here, and every other flow comes back to it."""

from flows.dialogues.identify import find_accounts
from flows.dialogues.person import open_person
from flows.dialogues.prompts import PAY_BILL, PAYS_OTHERWISE, PERSON, ask
from flows.effects import Effect, FindAccounts, Say
from flows.rules import STAY, Rule, Step
from flows.states import MENU, PayBill, Person


def wants_to_pay(step: Step) -> bool:
    """The customer opened the chat with its pay button."""
    return step.event.data.get("action") == "pay_bill"


def wants_a_person(step: Step) -> bool:
    """The customer opened the chat to reach the team."""
    return step.event.data.get("action") == "person"


def store_service(step: Step) -> None:
    """Store the first event's facts about the service.

    They are the countries that texts are sent to, {"region": "GB", "countries": ["GB", …]}, and `pays_otherwise` where
    no gateway is on.
    """
    for key in ("region", "countries", PAYS_OTHERWISE):
        if key in step.event.data:
            step.facts[key] = step.event.data[key]


def start_paying(step: Step) -> Effect:
    """Go straight to the bill."""
    store_service(step)
    return FindAccounts()


def start_with_person(step: Step) -> Effect | tuple[Effect, ...]:
    """Go straight to the team."""
    store_service(step)
    return open_person(step)


def greet(step: Step) -> Effect:
    """Say the first words of a conversation."""
    store_service(step)
    return Say("welcome", choices=(PAY_BILL, PERSON))


# fmt: off
RULES: list[Rule] = [
    # event         source       target           guard           action
    ("started",     MENU,        PayBill.finding, wants_to_pay,   start_paying),
    ("started",     MENU,        Person.message,  wants_a_person, start_with_person),
    ("started",     MENU,        MENU,            None,           greet),
    ("pay_bill",    MENU,        PayBill.finding, None,           find_accounts),
    ("back",        MENU,        STAY,            None,           ask),
]
# fmt: on
