"""What a payment gateway is to us: it hosts the page that takes the money, and tells us what came of it.

A gateway never sees a conversation, an invoice or a request object, and we never see a card.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

PaymentOutcome = Literal["paid", "pending", "failed", "cancelled", "expired", "refunded", "unknown"]


class BadSignature(Exception):
    """A webhook that the gateway did not sign, or signed too long ago."""


@dataclass(frozen=True, slots=True)
class CheckoutOrder:
    """What we ask a gateway to collect.

    `reference` is our payment's id: the gateway's reference, its metadata and its idempotency key, never reused for
    another order. `amount_minor` is in the ledger's minor units; an adapter turns it into what its gateway counts in.
    The customer's browser comes back to `return_url`, or to `cancel_url` when they gave up.
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
    """The gateway's hosted page for one order: its id there, and where to send the browser."""

    session: str
    url: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The gateway gave no usable answer. It may have acted all the same: ask again under the same reference."""

    why: str


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """What a gateway says about an order, by webhook or when asked.

    `amount_minor` is what the customer paid and `refunded_minor` all that has gone back so far, both in the ledger's
    minor units, so that a report means the same however often and in whatever order it comes. `key` identifies a
    webhook's event for good and is None in an answer to our own question. `gateway_payment` is the gateway's id of
    the money itself. `unknown` means that nothing is decided, or nothing we act on.
    """

    outcome: PaymentOutcome
    reference: str
    key: str | None = None
    amount_minor: int = 0
    currency: str = ""
    gateway_payment: str | None = None
    refunded_minor: int = 0

    def __post_init__(self) -> None:
        """Refuse a report of money that could not be booked exactly once."""
        if self.outcome in ("paid", "refunded") and (not self.gateway_payment or self.amount_minor <= 0):
            raise ValueError(f"a report of {self.outcome} needs the gateway's payment id and a positive amount")


class Gateway(Protocol):
    """One payment provider."""

    @property
    def name(self) -> str:
        """The name in configuration, addresses and the ledger: lower case letters."""
        ...

    @property
    def label(self) -> str:
        """The name that customers know."""
        ...

    @property
    def origin(self) -> str:
        """The origin of the hosted page, which our form may lead to."""
        ...

    async def create(self, order: CheckoutOrder) -> Checkout | Unreachable:
        """Open the hosted page for an order; the same order again gives the same page."""
        ...

    async def look_up(self, reference: str, session: str | None) -> PaymentReport | Unreachable:
        """Ask what became of an order, and finish what the gateway leaves to us, such as a capture.

        `session` is None when `create` never answered.
        """
        ...

    async def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[PaymentReport, ...]:
        """Verify a webhook on its raw bytes and read what it says. Raises BadSignature."""
        ...
