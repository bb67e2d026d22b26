"""The sandbox gateway's adapter: what Billchat needs to know of the pretended provider, spoken over HTTP.

Its webhook is signed as `Sandbox-Signature: t=UNIX SECONDS,v1=HEX`, an HMAC-SHA256 over `t.body`.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from yarl import URL

from chatbot.config.settings import Settings
from chatbot.payments.gateways.gateway import (
    BadSignature,
    Checkout,
    CheckoutOrder,
    PaymentOutcome,
    PaymentReport,
    Unreachable,
)

SIGNATURE_HEADER = "Sandbox-Signature"
TOLERANCE = timedelta(minutes=5)
TIMEOUT = aiohttp.ClientTimeout(total=10)

# What the provider calls a checkout's state, and what it means to us.
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
    """Return the signature header's value for a body sent at a time."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(secret, seconds, body)}"


def check(secret: str, header: str, body: bytes, now: datetime) -> None:
    """Raise BadSignature unless `header` signs exactly these bytes, and did so within five minutes of now."""
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
        return Checkout(session=str(answer["id"]), url=str(answer["url"]))

    async def look_up(self, reference: str, session: str | None) -> PaymentReport | Unreachable:
        """Ask for the checkout's state, by our reference: it is unique there too."""
        del session
        answer = await self._ask("GET", self._checkouts / reference)
        return answer if isinstance(answer, Unreachable) else _report(answer, key=None)

    async def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[PaymentReport, ...]:
        """Read one event."""
        check(self._secret, headers.get(SIGNATURE_HEADER, ""), body, now)
        event = json.loads(body)
        return (_report(event["checkout"], key=str(event["id"])),)

    async def _ask(self, method: str, url: URL, **request: Any) -> dict[str, Any] | Unreachable:  # noqa: ANN401 (aiohttp's options)
        request["headers"] = {"Authorization": f"Bearer {self._secret}"} | request.get("headers", {})
        try:
            async with self._http.request(method, url, timeout=TIMEOUT, allow_redirects=False, **request) as response:
                if response.status == 200:
                    answer: dict[str, Any] = await response.json()
                    return answer
                return Unreachable(f"answered {response.status}")
        except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
            return Unreachable(type(fault).__name__)


def _report(checkout: Mapping[str, Any], key: str | None) -> PaymentReport:
    return PaymentReport(
        outcome=OUTCOMES.get(checkout["state"], "unknown"),
        key=key,
        reference=str(checkout["reference"]),
        amount_minor=int(checkout["amount_minor"]),
        currency=str(checkout["currency"]),
        gateway_payment=checkout["payment"],
        refunded_minor=int(checkout["refunded_minor"]),
    )


def build(settings: Settings, http: aiohttp.ClientSession) -> SandboxGateway | None:
    """Return the adapter if the sandbox is switched on and has a secret."""
    sandbox = settings.payments.sandbox
    if sandbox is None or sandbox.secret is None:
        return None
    public_url = settings.server.public_url
    return SandboxGateway(http, sandbox.base_url or public_url, sandbox.secret.get_secret_value(), _origin(public_url))


def _origin(address: str) -> str:
    return str(URL(address).origin())
