"""Drives the dialogue alone: events in, effects out; the tests give the chatbot's answers."""

from typing import Any

from flows.effects import Effect, Say
from flows.engine import START, advance
from flows.events import Event

GBP = {"currency": "GBP"}
EMAIL = {"kind": "email", "value": "owes@example.com"}
MOBILE = {"kind": "mobile", "value": "+447700900001"}
HOME = {"id": "home", "number": "1001", "name": "Home broadband", "payable_minor": 4250, **GBP}
SHOP = {"id": "shop", "number": "1002", "name": "Shop line", "payable_minor": 0, **GBP}
LATE = {"id": "late", "number": "INV-1", "due_on": "2026-11-03", "amount_minor": 2000, "overdue": True}
SOON = {"id": "soon", "number": "INV-2", "due_on": "2026-12-03", "amount_minor": 2250, "overdue": False}
LINK = {"link": "link-1", "amount_minor": 4250, "expires_at": "2026-11-24T14:05:00.000Z", **GBP}
COMPLETED_PAYMENT = {
    "payment": "payment-1",
    "amount_minor": 4250,
    "reference": "R-77",
    "paid_at": "2026-11-23T14:05:00.000Z",
    "left_minor": 0,
    **GBP,
}
PAYMENT = {"amount_minor": 4250, **GBP}


def statement(**changed: Any) -> dict[str, Any]:
    """Return the home account's statement: £42.50 over two invoices, unless changed.

    Under a mandate, the overdue invoices are payable if the next collection does not cover everything.
    """
    found: dict[str, Any] = {
        "account": {"id": "home", "number": "1001", "name": "Home broadband"},
        "balance_minor": 4250,
        "pending_minor": 0,
        "invoices": [LATE, SOON],
        "in_progress": [],
        "mandate": None,
        **GBP,
    } | changed
    mandate, owed = found["mandate"], found["balance_minor"] - found["pending_minor"]
    is_left = owed > (mandate["next_minor"] or 0 if mandate else 0)
    return {"payable": [i for i in found["invoices"] if is_left and (mandate is None or i["overdue"])]} | found


class Dialogue:
    """One conversation. Each call is an event; it returns the state that the event led to."""

    def __init__(self, **started: Any) -> None:
        self.state = START
        self.facts: dict[str, Any] = {}
        self.effects: tuple[Effect, ...] = ()
        self("started", **({"action": None, "region": "GB", "countries": ["GB"]} | started))

    def __call__(self, event: str, **data: Any) -> str:
        decision = advance(self.state, self.facts, Event(event, data))
        self.state, self.facts, self.effects = decision.state, decision.facts, decision.effects
        return self.state

    @property
    def keys(self) -> list[str]:
        """The Fluent keys of the last messages."""
        return [effect.key for effect in self.effects if isinstance(effect, Say)]

    @property
    def effect(self) -> Effect:
        """The only effect beside messages."""
        (only,) = [effect for effect in self.effects if not isinstance(effect, Say)]
        return only

    @property
    def message(self) -> Say:
        """The last message."""
        return [effect for effect in self.effects if isinstance(effect, Say)][-1]

    @property
    def choices(self) -> list[str]:
        """The ids of the last message's choices."""
        return [choice.id for choice in self.message.choices]


def verified(**changed: Any) -> Dialogue:
    """Return the dialogue of a verified customer at a statement."""
    dialogue = at_code()
    dialogue("code_typed", digits="123456")
    dialogue("code_right")
    dialogue("accounts", accounts=[HOME])
    dialogue("statement", **statement(**changed))
    return dialogue


def at_code() -> Dialogue:
    """Return the dialogue of a customer after a code was sent by email."""
    dialogue = Dialogue(action="pay_bill")
    dialogue("not_verified", expired=False)
    dialogue("identifier_typed", **EMAIL)
    dialogue("code_sent", wait_s=30, life_s=600)
    return dialogue


def paying() -> Dialogue:
    """Return the dialogue of a customer with a payment link."""
    dialogue = verified()
    dialogue("pay_all")
    dialogue("link_made", **LINK)
    return dialogue
