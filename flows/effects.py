"""Effects: a flow's requests to the chatbot, as plain data named in the imperative.

The chatbot performs them; its answer is the next event (`flows.events.ANSWERS`). `Say` has no answer and is rendered by
`flows.wording.words`.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from msgspec import Struct

NO_ARGS: Mapping[str, Any] = MappingProxyType({})
"""The arguments of a text that has none; one object for all, since it is immutable."""

PAY_URL = "{pay_url}"
"""Placeholder of a payment link's address, replaced when a message leaves, so that no token is ever stored."""


class Money(Struct, frozen=True):
    """An amount in integer minor units (pence, cents) and its ISO 4217 currency code."""

    minor: int
    currency: str


class FullDate(Struct, frozen=True):
    """A date written with its year, for days that may be long past."""

    day: date


class Wait(Struct, frozen=True):
    """A length of time in seconds, written in the largest unit that fits, rounded up: "2 minutes"."""

    seconds: int


class TextLine(Struct, frozen=True):
    """One line inside another text: an argument that is a tuple of these is rendered line by line."""

    key: str
    args: Mapping[str, Any] = NO_ARGS


class Choice(Struct, frozen=True):
    """A button beside a text. Its `id` is the event it causes; `key` and `args` name its label in the Fluent files."""

    id: str
    key: str
    args: Mapping[str, Any] = NO_ARGS


class Say(Struct, frozen=True):
    """Send the customer a message: the Fluent message `key` with its arguments.

    `expects` is the field to offer: identifier, code, amount, text or None. `card` is shown beside the text, which
    reads well without it. Arguments are str, int, Money, Wait, date, FullDate, datetime or a tuple of TextLine.
    """

    key: str
    args: Mapping[str, Any] = NO_ARGS
    choices: tuple[Choice, ...] = ()
    expects: str | None = None
    card: Mapping[str, Any] | None = None


class SendCode(Struct, frozen=True):
    """Send a one-time code to an email or mobile (`kind`), known or not. It replaces any earlier code.

    Answered by code_sent {wait_s, life_s}, or code_refused {wait_s} above a limit.
    """

    kind: str
    value: str


class CheckCode(Struct, frozen=True):
    """Compare six typed digits with the newest code. They go nowhere else.

    Answered by code_right, code_wrong, code_superseded, code_expired or code_used_up.
    """

    digits: str


class FindAccounts(Struct, frozen=True):
    """Find the verified customer's accounts. Answered by accounts {accounts}, or not_verified {expired}."""


class ReadStatement(Struct, frozen=True):
    """Read the balance, invoices and direct debit of an account, by its id.

    Answered by statement, with `other_ways` to pay while no gateway is on, or not_verified {expired}.
    """

    account: str


class MakeLink(Struct, frozen=True):
    """Make a payment link for these invoices, by id; for everything payable by hand when there are none.

    Answered by link_made, nothing_to_pay, pay_otherwise {other_ways} while no gateway is on, or not_verified {expired}.
    """

    account: str
    invoices: tuple[str, ...] = ()


class SendReceipt(Struct, frozen=True):
    """Email the receipt of a payment, by its id. Answered by receipt_sent or receipt_impossible."""

    payment: str


class KnowContact(Struct, frozen=True):
    """Check that the customer is verified, so that the team has an address for its reply.

    Answered by contact_known or contact_unknown.
    """


class LeaveMessage(Struct, frozen=True):
    """Give the team a message. `reply_to` is {kind, value}, or None for the verified customer's own identifier.

    Answered by message_left, or message_refused {wait_s} above a limit.
    """

    text: str
    reply_to: Mapping[str, str] | None


class EndVerification(Struct, frozen=True):
    """Forget that a code was right; `everywhere`: in every conversation of the browser. No answer."""

    everywhere: bool = False


Effect = (
    Say
    | SendCode
    | CheckCode
    | FindAccounts
    | ReadStatement
    | MakeLink
    | SendReceipt
    | KnowContact
    | LeaveMessage
    | EndVerification
)
