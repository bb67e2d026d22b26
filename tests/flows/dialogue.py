"""Talks with the dialogue alone: events in, effects out, with answers given by hand."""

from typing import Any

from flows.effects import Effect, Say
from flows.engine import START, advance
from flows.events import Event

GBP = {"currency": "GBP"}
EMAIL = {"kind": "email", "value": "owes@example.com"}
MOBILE = {"kind": "mobile", "value": "+447700900001"}
HOME = {"id": "home", "number": "1001", "name": "Home broadband", "balance_minor": 4250, **GBP}
SHOP = {"id": "shop", "number": "1002", "name": "Shop line", "balance_minor": 0, **GBP}
LATE = {"id": "late", "number": "INV-1", "due_on": "2026-11-03", "amount_minor": 2000, "overdue": True}
SOON = {"id": "soon", "number": "INV-2", "due_on": "2026-12-03", "amount_minor": 2250, "overdue": False}
LINK = {"link": "link-1", "amount_minor": 4250, "expires_at": "2026-11-24T14:05:00.000Z", **GBP}
PAID = {
    "payment": "payment-1",
    "amount_minor": 4250,
    "reference": "R-77",
    "paid_at": "2026-11-23T14:05:00.000Z",
    "balance_minor": 0,
    **GBP,
}
FORTY_TWO_FIFTY = {"amount_minor": 4250, **GBP}


def statement(**changed: Any) -> dict[str, Any]:
    """What is owed on the home account: £42.50 over two invoices, unless changed."""
    return {
        "account": {"id": "home", "number": "1001", "name": "Home broadband"},
        "balance_minor": 4250,
        "pending_minor": 0,
        "invoices": [LATE, SOON],
        "in_progress": [],
        "mandate": None,
        **GBP,
    } | changed


class Talk:
    """One conversation. Each call is an event; it returns the state that the event led to."""

    def __init__(self, **started: Any) -> None:
        self.state = START
        self.facts: dict[str, Any] = {}
        self.effects: tuple[Effect, ...] = ()
        self("started", **({"action": None, "region": "GB", "countries": ["GB"]} | started))

    def __call__(self, event: str, **data: Any) -> str:
        outcome = advance(self.state, self.facts, Event(event, data))
        self.state, self.facts, self.effects = outcome.state, outcome.facts, outcome.effects
        return self.state

    @property
    def said(self) -> list[str]:
        """The keys of what was said last."""
        return [effect.key for effect in self.effects if isinstance(effect, Say)]

    @property
    def asked(self) -> Effect:
        """The one thing that was asked of the chatbot."""
        (only,) = [effect for effect in self.effects if not isinstance(effect, Say)]
        return only

    @property
    def last(self) -> Say:
        """The last thing said."""
        return [effect for effect in self.effects if isinstance(effect, Say)][-1]

    @property
    def choices(self) -> list[str]:
        """The ids of what is offered now."""
        return [choice.id for choice in self.last.choices]


def verified(**what: Any) -> Talk:
    """A customer who has typed the right code and sees a statement."""
    talk = at_code()
    talk("code_typed", digits="123456")
    talk("code_right")
    talk("accounts", accounts=[HOME])
    talk("statement", **statement(**what))
    return talk


def at_code() -> Talk:
    """A customer who has been sent a code by email."""
    talk = Talk(action="pay_bill")
    talk("not_verified", expired=False)
    talk("identifier_typed", **EMAIL)
    talk("code_sent", wait_s=30, life_s=600)
    return talk


def paying() -> Talk:
    """A customer with a payment link."""
    talk = verified()
    talk("pay_all")
    talk("link_made", **LINK)
    return talk
