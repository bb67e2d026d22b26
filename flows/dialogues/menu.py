"""The menu: where every conversation begins and where every other flow comes back to."""

from flows.dialogues.identify import find_accounts
from flows.dialogues.person import open_person
from flows.dialogues.prompts import PAY_BILL, PERSON, ask
from flows.effects import Effect, FindAccounts, Say
from flows.rules import STAY, Rule, Step
from flows.states import MENU, PayBill, Person


def wants_to_pay(step: Step) -> bool:
    """The customer opened the chat with its pay button."""
    return step.event.data.get("action") == "pay_bill"


def wants_a_person(step: Step) -> bool:
    """The customer opened the chat to reach the team."""
    return step.event.data.get("action") == "person"


def learn_country(step: Step) -> None:
    """Keep where the company texts to: {"region": "GB", "countries": ["GB", …]} as the chatbot said at the start."""
    for key in ("region", "countries"):
        if key in step.event.data:
            step.facts[key] = step.event.data[key]


def start_paying(step: Step) -> Effect:
    """Straight to the bill."""
    learn_country(step)
    return FindAccounts()


def start_with_person(step: Step) -> Effect | tuple[Effect, ...]:
    """Straight to the team."""
    learn_country(step)
    return open_person(step)


def greet(step: Step) -> Effect:
    """The first words of a conversation."""
    learn_country(step)
    return Say("welcome", choices=(PAY_BILL, PERSON))


# fmt: off
RULES: list[Rule] = [
    # event         from         to               guard           effect
    ("started",     MENU,        PayBill.finding, wants_to_pay,   start_paying),
    ("started",     MENU,        Person.message,  wants_a_person, start_with_person),
    ("started",     MENU,        MENU,            None,           greet),
    ("pay_bill",    MENU,        PayBill.finding, None,           find_accounts),
    ("back",        MENU,        STAY,            None,           ask),
]
# fmt: on
