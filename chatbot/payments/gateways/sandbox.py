"""The sandbox gateway's settings and adapter: an HTTP client of the pretended provider, `chatbot.demo.provider`.

Its webhook is signed as `Sandbox-Signature: t=UNIX SECONDS,v1=HEX`, an HMAC-SHA256 over `t.body`.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import aiohttp
import msgspec
from msgspec import Struct
from pydantic import Field, SecretStr
from yarl import URL

from chatbot.config.address_types import BaseUrl
from chatbot.config.settings import Settings
from chatbot.payments.gateways.gateway import (
    BadSignature,
    Checkout,
    CheckoutOrder,
    GatewaySettings,
    PaymentOutcome,
    PaymentReport,
    Unreachable,
)

T = TypeVar("T")

SIGNATURE_HEADER = "Sandbox-Signature"
TOLERANCE = timedelta(minutes=5)
TIMEOUT = aiohttp.ClientTimeout(total=10)

# The provider's state of a checkout → our outcome.
OUTCOMES: Mapping[str, PaymentOutcome] = {
    "open": "unknown",
    "pending": "pending",
    "paid": "paid",
    "declined": "failed",
    "bounced": "failed",
    "closed": "cancelled",
    "expired": "expired",
    "refunded": "refunded",
}


def signed(secret: str, body: bytes, at: datetime) -> str:
    """Return the value of the signature header for a body sent at `at`."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(secret, seconds, body)}"


def check(secret: str, header: str, body: bytes, now: datetime) -> None:
    """Raise BadSignature unless `header` signs exactly these bytes, at most five minutes from now."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    time = parts.get("t", "")
    if not (time.isascii() and time.isdigit() and len(time) <= 11):
        raise BadSignature("no time in the signature")
    seconds = int(time)
    if not hmac.compare_digest(_mac(secret, seconds, body).encode(), parts.get("v1", "").encode(errors="replace")):
        raise BadSignature("the signature does not fit the body")
    if abs(now - datetime.fromtimestamp(seconds, UTC)) > TOLERANCE:
        raise BadSignature("signed too long ago")


def _mac(secret: str, seconds: int, body: bytes) -> str:
    return hmac.digest(secret.encode(), b"%d.%b" % (seconds, body), "sha256").hex()


class SandboxSettings(GatewaySettings):
    """`payments.sandbox`. The provider is at `base_url`, by default this service's own `server.public_url`.

    A payment that the customer approves “later” is confirmed after `later_seconds`.
    """

    for_real_customers: ClassVar[bool] = False

    base_url: BaseUrl | None = None
    secret: SecretStr | None = None
    later_seconds: float = Field(default=60, ge=0)

    @property
    def is_on(self) -> bool:
        """Whether there is a secret."""
        return self.secret is not None

    def build(self, settings: Settings, http: aiohttp.ClientSession) -> "SandboxGateway | None":
        """Return the adapter; None without a secret."""
        if self.secret is None:
            return None
        public_url = settings.server.public_url
        origin = str(URL(public_url).origin())
        return SandboxGateway(http, self.base_url or public_url, self.secret.get_secret_value(), origin)


class OpenedCheckout(Struct, frozen=True):
    """The provider's answer to an order."""

    id: str
    url: str


class CheckoutState(Struct, frozen=True):
    """A checkout as the provider reports it."""

    reference: str
    state: str
    amount_minor: int
    currency: str
    payment: str | None
    refunded_minor: int

    def report(self, key: str | None) -> PaymentReport:
        """Return the report. Raises ValueError for values that cannot be booked."""
        return PaymentReport(
            outcome=OUTCOMES.get(self.state, "unknown"),
            key=key,
            reference=self.reference,
            amount_minor=self.amount_minor,
            currency=self.currency,
            gateway_payment=self.payment,
            refunded_minor=self.refunded_minor,
        )


class CheckoutEvent(Struct, frozen=True):
    """A webhook: a checkout after one of its changes."""

    id: str
    checkout: CheckoutState


class SandboxGateway:
    """Talks to the pretended provider at `base_url`; its hosted pages are at `origin`."""

    name = "sandbox"
    label = "Sandbox"

    def __init__(self, http: aiohttp.ClientSession, base_url: str, secret: str, origin: str) -> None:
        self._http = http
        self._checkouts = URL(base_url) / "sandbox/api/checkouts"
        self._secret = secret
        self.origin = origin

    async def create(self, order: CheckoutOrder) -> Checkout | Unreachable:
        """Open a checkout. The reference is the idempotency key."""
        answer = await self._ask(
            "POST",
            self._checkouts,
            OpenedCheckout,
            headers={"Idempotency-Key": order.reference},
            json={
                "reference": order.reference,
                "amount_minor": order.amount_minor,
                "currency": order.currency,
                "description": order.description,
                "locale": order.locale,
                "return_url": order.return_url,
                "cancel_url": order.cancel_url,
                "expires_at": order.expires_at.isoformat(),
            },
        )
        if isinstance(answer, Unreachable):
            return answer
        return Checkout(session=answer.id, url=answer.url)

    async def look_up(self, reference: str, session: str | None) -> PaymentReport | Unreachable:
        """Ask for the checkout's state by our reference, which is unique at the provider too."""
        del session
        return await self._ask_state("GET", self._checkouts / reference)

    async def cancel(self, reference: str, session: str | None) -> PaymentReport | Unreachable:
        """Close the checkout, by our reference."""
        del session
        return await self._ask_state("POST", self._checkouts / reference / "cancel")

    async def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[PaymentReport, ...]:
        """Read one event."""
        check(self._secret, headers.get(SIGNATURE_HEADER, ""), body, now)
        event = msgspec.json.decode(body, type=CheckoutEvent)
        return (event.checkout.report(event.id),)

    async def _ask_state(self, method: str, url: URL) -> PaymentReport | Unreachable:
        answer = await self._ask(method, url, CheckoutState)
        if isinstance(answer, Unreachable):
            return answer
        try:
            return answer.report(key=None)
        except ValueError:
            return Unreachable("answered values out of bounds")

    async def _ask(self, method: str, url: URL, kind: type[T], **request: Any) -> T | Unreachable:  # noqa: ANN401 (aiohttp's options)
        request["headers"] = {"Authorization": f"Bearer {self._secret}"} | request.get("headers", {})
        try:
            async with self._http.request(method, url, timeout=TIMEOUT, allow_redirects=False, **request) as response:
                if response.status == 200:
                    return msgspec.json.decode(await response.read(), type=kind)
                return Unreachable(f"answered {response.status}")
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            return Unreachable(type(error).__name__)
