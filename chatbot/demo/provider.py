"""The sandbox payment provider: an API, a hosted page and signed webhooks, and no money.

It plays another company: it has its own database, and Billchat reaches it by HTTP alone. Only the demo and the tests
mount it; `billchat serve` refuses a configuration that switches it on.
"""

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

from chatbot.demo.provider_store import ProviderCheckout, ProviderStore, WebhookDelivery
from chatbot.http.request_body import read_form
from chatbot.pages.page import Page
from chatbot.payments.gateways.sandbox import SIGNATURE_HEADER, SandboxSettings, signed
from chatbot.service import Service
from flows.wording.words import Wait
from store.ids import new_id
from store.times import stamp

log = structlog.get_logger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=10)
MIN_SLEEP_S = 0.05
MAX_SLEEP_S = 60.0


@dataclass(slots=True)
class FaultInjection:
    """Faults for tests of the provider's clients.

    `copies`: number of times that each webhook is sent. `newest_first`: waiting webhooks are sent in reverse order.
    `lost`: no webhook is sent. `delay`: delay of webhooks. `early`: the customer's action, reported by webhook before
    the order is answered. `amount_minor`, `currency`: payment that differs from the order. `down`: API calls fail.
    `cancels_nothing`: cancellations are answered and leave the page open.
    """

    copies: int = 1
    newest_first: bool = False
    lost: bool = False
    delay: timedelta = timedelta()
    early: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    down: bool = False
    cancels_nothing: bool = False


class SandboxProvider:
    """The provider. `process_due` does the work that is due now; `run` repeats it."""

    def __init__(self, service: Service, store: ProviderStore) -> None:
        sandbox, server = service.settings.payments.gateway(SandboxSettings), service.settings.server
        if sandbox is None or sandbox.secret is None:
            raise ValueError("payments.sandbox: switch it on and give it a secret before mounting it")
        self.faults = FaultInjection()
        self._service = service
        self._clock = service.clock
        self._store = store
        self._secret = sandbox.secret.get_secret_value()
        self._settlement_delay = timedelta(seconds=sandbox.later_seconds)
        self._base = URL(sandbox.base_url or server.public_url)
        self._webhook_url = URL(server.public_url) / "webhooks/sandbox"
        self._woken = asyncio.Event()
        self._processing = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the API and the hosted page."""
        return [
            web.post("/sandbox/api/checkouts", self._authenticated(self._create_checkout)),
            web.get("/sandbox/api/checkouts/{reference}", self._authenticated(self._read_checkout)),
            web.post("/sandbox/api/checkouts/{reference}/cancel", self._authenticated(self._cancel_checkout)),
            web.get("/sandbox/checkout/{id}", self._show_page, allow_head=False),
            web.post("/sandbox/checkout/{id}", self._submit_page),
        ]

    # ── the API ───────────────────────────────────────────────────────────────────────────────────────────

    def _authenticated(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[..., Awaitable[web.Response]]:
        async def authenticate(request: web.Request) -> web.Response:
            if self.faults.down:
                return web.json_response({"error": "down"}, status=503)
            authorization = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(authorization, f"Bearer {self._secret}".encode()):
                return web.json_response({"error": "wrong secret"}, status=401)
            return await handler(request)

        return authenticate

    async def _create_checkout(self, request: web.Request) -> web.Response:
        new = _new_checkout(await request.json())
        if request.headers.get("Idempotency-Key") != new.reference or new.amount_minor <= 0:
            return web.json_response({"error": "bad order"}, status=400)
        existing = self._store.by_reference(new.reference)
        if existing is None:
            self._store.add(new)
            if self.faults.early:
                self.choose(new.id, self.faults.early)
                await self.process_due()
        elif (existing.amount_minor, existing.currency) != (new.amount_minor, new.currency):
            return web.json_response({"error": "the reference was used for another order"}, status=409)
        checkout = existing or new
        return web.json_response({"id": checkout.id, "url": str(self._base / "sandbox/checkout" / checkout.id)})

    async def _read_checkout(self, request: web.Request) -> web.Response:
        checkout = self._store.by_reference(request.match_info["reference"])
        if checkout is None:
            return web.json_response({"error": "no such checkout"}, status=404)
        return web.json_response(checkout.public())

    async def _cancel_checkout(self, request: web.Request) -> web.Response:
        checkout = self._store.by_reference(request.match_info["reference"])
        if checkout is None:
            return web.json_response({"error": "no such checkout"}, status=404)
        if not self.faults.cancels_nothing and not self._expire(checkout) and checkout.state in ("open", "declined"):
            self._change(checkout, state="closed")
        return web.json_response((self._store.find(checkout.id) or checkout).public())

    # ── the hosted page ─────────────────────────────────────────────────────────────────────────────────────

    async def _show_page(self, request: web.Request) -> web.Response:
        checkout = self._store.find(request.match_info["id"])
        if checkout is None:
            raise web.HTTPNotFound
        self._expire(checkout)
        checkout = self._store.find(checkout.id) or checkout
        locale = self._service.words.best(checkout.locale)
        page = Page(self._service, locale, form_to=(str(URL(checkout.return_url).origin()),))
        later = Wait(int(self._settlement_delay.total_seconds()))
        return page.respond(request, "sandbox.html", checkout=checkout, later=later)

    async def _submit_page(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        checkout = self._store.find(request.match_info["id"])
        if checkout is None:
            raise web.HTTPNotFound
        action = form.get("action", "")
        self.choose(checkout.id, action)
        raise web.HTTPSeeOther(checkout.cancel_url if action == "close" else checkout.return_url)

    # ── changes of a checkout ───────────────────────────────────────────────────────────────────────────────

    def choose(self, checkout: str, action: str) -> None:
        """Apply the customer's choice: approve, decline, later or close. A finished checkout does not change."""
        found = self._store.find(checkout)
        if found is None or found.state != "open" or self._expire(found):
            return
        match action:
            case "approve":
                self._approve(found)
            case "decline":
                self._change(found, state="declined")
            case "later":
                self._change(found, state="pending", settles_at=stamp(self._clock.now() + self._settlement_delay))
            case "close":
                self._change(found, state="closed")

    def approve(self, reference: str) -> None:
        """Approve a checkout in any state, as late approvals do."""
        self._approve(self._by_reference(reference))

    def bounce(self, reference: str) -> None:
        """Reverse a payment, as banks do days later."""
        self._change(self._by_reference(reference), state="bounced")

    def refund(self, reference: str, amount_minor: int) -> None:
        """Refund a part of a payment or all of it."""
        checkout = self._by_reference(reference)
        self._change(checkout, state="refunded", refunded_minor=checkout.refunded_minor + amount_minor)

    def _approve(self, checkout: ProviderCheckout) -> None:
        self._change(
            checkout,
            state="paid",
            payment=checkout.payment or f"pay{new_id()}",
            amount_minor=self.faults.amount_minor or checkout.amount_minor,
            currency=self.faults.currency or checkout.currency,
        )

    def _expire(self, checkout: ProviderCheckout) -> bool:
        """Expire an open checkout if its time is up, and return whether it did."""
        if checkout.state != "open" or checkout.expires_at > stamp(self._clock.now()):
            return False
        self._change(checkout, state="expired")
        return True

    def _change(self, checkout: ProviderCheckout, **changes: Any) -> None:  # noqa: ANN401 (columns)
        self._store.change(checkout, self._clock.now() + self.faults.delay, **changes)
        self._woken.set()

    def _by_reference(self, reference: str) -> ProviderCheckout:
        checkout = self._store.by_reference(reference)
        if checkout is None:
            raise LookupError("no checkout has this reference")
        return checkout

    # ── webhooks ────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Process due work until cancelled."""
        while True:
            self._woken.clear()
            await self.process_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_until_due()):
                    await self._woken.wait()

    async def process_due(self) -> None:
        """Settle and expire checkouts, then deliver webhooks, each if it is due now."""
        async with self._processing:
            now = self._clock.now()
            for checkout in self._store.unsettled(now):
                if not self._expire(checkout):
                    self._approve(checkout)
            due = [] if self.faults.lost else self._store.due(now)
            if self.faults.newest_first:
                due.reverse()
            async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
                for delivery in due:
                    await self._deliver(http, delivery, now)

    async def _deliver(self, http: aiohttp.ClientSession, delivery: WebhookDelivery, now: datetime) -> None:
        body = delivery.body.encode()
        headers = {SIGNATURE_HEADER: signed(self._secret, body, now), "Content-Type": "application/json"}
        accepted = False
        for _ in range(self.faults.copies):
            try:
                async with http.post(self._webhook_url, data=body, headers=headers) as response:
                    accepted = response.ok
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("sandbox_webhook_failed", why=type(error).__name__)
        if accepted:
            self._store.delivered(delivery)
        else:
            self._store.missed(delivery, now)

    def _seconds_until_due(self) -> float:
        due = self._store.next_due()
        if due is None or self.faults.lost:
            return MAX_SLEEP_S
        return min(MAX_SLEEP_S, max(MIN_SLEEP_S, (due - self._clock.now()).total_seconds()))


def _new_checkout(order: Mapping[str, Any]) -> ProviderCheckout:
    return ProviderCheckout(
        id=f"cs{new_id()}",
        reference=order["reference"],
        amount_minor=order["amount_minor"],
        currency=order["currency"],
        description=order["description"],
        locale=order["locale"],
        return_url=order["return_url"],
        cancel_url=order["cancel_url"],
        expires_at=stamp(datetime.fromisoformat(order["expires_at"])),
    )


def mount(app: web.Application, service: Service, path: Path | None) -> SandboxProvider:
    """Add the provider to an application of the demo or the tests. `path` is its database, None for one in memory.

    Raises ValueError unless the settings switch it on.
    """
    store = ProviderStore(path)
    sandbox = SandboxProvider(service, store)
    app.add_routes(sandbox.routes())

    async def running(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(sandbox.run())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        store.close()

    app.cleanup_ctx.append(running)
    return sandbox
