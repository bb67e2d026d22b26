"""The gateway protocol: a gateway hosts the page that takes the money, and reports the outcome.

A gateway never sees a conversation, an invoice or a request object, and we never see a card.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import aiohttp

from chatbot.config.settings import GatewaySection, Settings

PaymentOutcome = Literal["paid", "pending", "failed", "cancelled", "expired", "refunded", "unknown"]


# The bounds of reported values. Sums of amounts stay within 64 bits, and every index takes the ids.
MAX_AMOUNT_MINOR = 2**53
MAX_ID_LENGTH = 255


class BadSignature(Exception):
    """A webhook that the gateway did not sign, or signed too long ago."""


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """An order to collect a payment.

    `reference` is our payment's id: the gateway's reference, its metadata and its idempotency key, never reused for
    another order. `amount_minor` is in the ledger's minor units; the adapter converts it to the gateway's unit.
    The customer's browser returns to `return_url`, or to `cancel_url` after giving up.
    """

    reference: str
    amount_minor: int
    currency: str
    description: str
    locale: str
    return_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Checkout:
    """The gateway's hosted page for one order: the gateway's id of it, and its address."""

    session: str
    url: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The gateway gave no usable answer. It may have acted all the same: ask again under the same reference."""

    why: str


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """The state of an order as the gateway reports it, by webhook or on request.

    `amount_minor` is the amount paid and `refunded_minor` the total refunded so far, both in the ledger's minor units:
    totals, so that repeated and reordered reports mean the same. `key` is the permanent id of a webhook's event, and
    None in the answer to `look_up`. `gateway_payment` is the gateway's id of the money movement. The outcome `unknown`
    stands for an undecided order and for events that need no action.
    """

    outcome: PaymentOutcome
    reference: str
    key: str | None = None
    amount_minor: int = 0
    currency: str = ""
    gateway_payment: str | None = None
    refunded_minor: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for values that cannot be stored, and for money that could not be booked exactly once."""
        for amount in (self.amount_minor, self.refunded_minor):
            if type(amount) is not int or not 0 <= amount <= MAX_AMOUNT_MINOR:
                raise ValueError("an amount is no integer of minor units within bounds")
        for text in (self.reference, self.key, self.currency, self.gateway_payment):
            if text is not None and not _is_storable(text):
                raise ValueError("an id or a currency is no text that can be stored")
        if self.outcome in ("paid", "refunded") and (not self.gateway_payment or self.amount_minor <= 0):
            raise ValueError(f"a report of {self.outcome} needs the gateway's payment id and a positive amount")


def _is_storable(text: object) -> bool:
    """Return whether an id is a short text of characters that every database stores: no half surrogate pair, no NUL."""
    return isinstance(text, str) and len(text) <= MAX_ID_LENGTH and (not text or text.isprintable())


class Gateway(Protocol):
    """One payment provider."""

    @property
    def name(self) -> str:
        """The name in configuration, addresses and the ledger: lower-case letters."""
        ...

    @property
    def label(self) -> str:
        """The name shown to customers."""
        ...

    @property
    def origin(self) -> str:
        """The origin of the hosted page, allowed as a target of the payment page's form."""
        ...

    async def create(self, order: CheckoutOrder) -> Checkout | Unreachable:
        """Open the hosted page for an order; the same order again gives the same page."""
        ...

    async def look_up(self, reference: str, session: str | None) -> PaymentReport | Unreachable:
        """Ask for the state of an order, and complete any step the gateway leaves to us, such as a capture.

        `session` is None when `create` never answered.
        """
        ...

    async def cancel(self, reference: str, session: str | None) -> PaymentReport | Unreachable:
        """Close the hosted page of an order, so that it takes no money any more, and report the order's outcome then.

        An order that is decided already, or cancelled before, stays as it is and is reported. `unknown` means that the
        page is still open: the call is repeated later. `session` is None when `create` never answered.
        """
        ...

    async def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[PaymentReport, ...]:
        """Verify a webhook on its raw bytes and return its reports. Raises BadSignature."""
        ...


class GatewaySettings(GatewaySection):
    """Base of a gateway's settings, `payments.NAME`, which build its adapter.

    A setting without a default is required as soon as the section is there, so a missing one is reported with its
    environment variable before anything starts.
    """

    @abstractmethod
    def build(self, settings: Settings, http: aiohttp.ClientSession) -> Gateway | None:
        """Return the adapter; None when it is switched off. `http` is shared and closed by the caller."""
