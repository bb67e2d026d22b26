"""What a flow asks for: imperatives, as plain data. The chatbot performs them; `flows.wording.words` renders `Say`."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

NOTHING: Mapping[str, Any] = MappingProxyType({})

PAY_URL = "{pay_url}"
"""Stands for a payment link's address. It is replaced when a message leaves, so that no token is ever stored."""


def nothing() -> Mapping[str, Any]:
    """The arguments of a text that has none; one object for all, since nobody can change it."""
    return NOTHING


class Money(Struct, frozen=True):
    """An amount in integer minor units (pence, cents) and its ISO 4217 currency code."""

    minor: int
    currency: str


class FullDate(Struct, frozen=True):
    """A date told with its year, for days that may be long past."""

    day: date


class Wait(Struct, frozen=True):
    """A length of time in seconds, told in the largest unit that fits, rounded up: "2 minutes"."""

    seconds: int


class TextLine(Struct, frozen=True):
    """One text inside another: an argument that is a tuple of lines is rendered line by line."""

    key: str
    args: Mapping[str, Any] = field(default_factory=nothing)


class Choice(Struct, frozen=True):
    """Something the customer may tap instead of typing. `key` and `args` name its label in the Fluent files."""

    id: str
    key: str
    args: Mapping[str, Any] = field(default_factory=nothing)


class Say(Struct, frozen=True):
    """Tell the customer something.

    `expects` is the field to offer: identifier, code, amount, text or None. `card` is shown beside the text, which
    reads well without it. Arguments may be text, int, Money, Wait, date, FullDate, datetime or a tuple of Line.
    """

    key: str
    args: Mapping[str, Any] = field(default_factory=nothing)
    choices: tuple[Choice, ...] = ()
    expects: str | None = None
    card: Mapping[str, Any] | None = None


class SendCode(Struct, frozen=True):
    """Send a one-time code to an email or mobile (`kind`), known or not. It replaces any earlier code."""

    kind: str
    value: str


class CheckCode(Struct, frozen=True):
    """Compare the six digits that were typed. They go nowhere else."""

    digits: str


class FindAccounts(Struct, frozen=True):
    """Which accounts may the verified customer see?"""


class ReadStatement(Struct, frozen=True):
    """What is owed on an account, by its id?"""

    account: str


class MakeLink(Struct, frozen=True):
    """Make a payment link for these invoices, by id; for everything owed when there are none."""

    account: str
    invoices: tuple[str, ...] = ()


class SendReceipt(Struct, frozen=True):
    """Email the receipt of a payment, by its id."""

    payment: str


class KnowContact(Struct, frozen=True):
    """Is the customer verified right now, so that the team can reply to them?"""


class LeaveMessage(Struct, frozen=True):
    """Give the team a message. `reply_to` is {kind, value}, or None for the verified customer's own identifier."""

    text: str
    reply_to: Mapping[str, str] | None


Effect = Say | SendCode | CheckCode | FindAccounts | ReadStatement | MakeLink | SendReceipt | KnowContact | LeaveMessage
