"""The pretended payment provider: a hosted page, a signed webhook and a status call, and no money.

It stands in for another company, so it has a memory of its own and Billchat reaches it by HTTP alone. Nothing switches
it on but `mount`, which the demo and the tests call; `billchat serve` refuses a configuration that has it.
"""

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
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
from chatbot.payments.gateways.sandbox import SIGNATURE_HEADER, signed
from chatbot.service import Service
from flows.wording.words import Wait
from store.ids import new_id
from store.times import stamp

log = structlog.get_logger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=10)
LONGEST_SLEEP_S = 60.0


@dataclass(slots=True)
class FaultInjection:
    """How the provider misbehaves, for tests of those who rely on it.

    `copies`: how often each webhook is sent. `newest_first`: webhooks that wait are sent in the wrong order. `lost`:
    they are never sent. `delay`: how late they are. `early`: what the customer does, and the webhook says, before the
    order is even answered. `amount_minor`, `currency`: what was paid, in place of what was asked for. `down`: it
    answers nothing.
    """

    copies: int = 1
    newest_first: bool = False
    lost: bool = False
    delay: timedelta = timedelta()
    early: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    down: bool = False


class SandboxProvider:
    """The provider. `work` does what is due; `run` keeps doing so."""

    def __init__(self, service: Service, book: ProviderStore) -> None:
        sandbox, server = service.settings.payments.sandbox, service.settings.server
        if sandbox is None or sandbox.secret is None:
            raise ValueError("payments.sandbox: switch it on and give it a secret before mounting it")
        self.faults = FaultInjection()
        self._service = service
        self._clock = service.clock
        self._book = book
        self._secret = sandbox.secret.get_secret_value()
        self._later = timedelta(seconds=sandbox.later_seconds)
        self._base = URL(sandbox.base_url or server.public_url)
        self._webhook = URL(server.public_url) / "webhooks/sandbox"
        self._woken = asyncio.Event()
        self._working = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return the provider's addresses."""
        return [
            web.post("/sandbox/api/checkouts", self._guarded(self._create)),
            web.get("/sandbox/api/checkouts/{reference}", self._guarded(self._status)),
            web.get("/sandbox/checkout/{id}", self._show, allow_head=False),
            web.post("/sandbox/checkout/{id}", self._choose),
        ]

    # ── what the shop's systems call ────────────────────────────────────────────────────────────────────────

    def _guarded(
        self, call: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[..., Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            if self.faults.down:
                return web.json_response({"error": "down"}, status=503)
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, f"Bearer {self._secret}".encode()):
                return web.json_response({"error": "wrong secret"}, status=401)
            return await call(request)

        return guarded

    async def _create(self, request: web.Request) -> web.Response:
        order = await request.json()
        wanted = ProviderCheckout(
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
        if request.headers.get("Idempotency-Key") != wanted.reference or wanted.amount_minor <= 0:
            return web.json_response({"error": "bad order"}, status=400)
        known = self._book.by_reference(wanted.reference)
        if known is None:
            self._book.add(wanted)
            if self.faults.early:
                self.choose(wanted.id, self.faults.early)
                await self.work()
        elif (known.amount_minor, known.currency) != (wanted.amount_minor, wanted.currency):
            return web.json_response({"error": "the reference was used for another order"}, status=409)
        checkout = known or wanted
        return web.json_response({"id": checkout.id, "url": str(self._base / "sandbox/checkout" / checkout.id)})

    async def _status(self, request: web.Request) -> web.Response:
        checkout = self._book.by_reference(request.match_info["reference"])
        if checkout is None:
            return web.json_response({"error": "no such checkout"}, status=404)
        return web.json_response(checkout.public())

    # ── what the customer sees ──────────────────────────────────────────────────────────────────────────────

    async def _show(self, request: web.Request) -> web.Response:
        checkout = self._book.find(request.match_info["id"])
        if checkout is None:
            raise web.HTTPNotFound
        self._expire(checkout)
        checkout = self._book.find(checkout.id) or checkout
        locale = self._service.words.best(checkout.locale)
        page = Page(self._service, locale, form_to=(str(URL(checkout.return_url).origin()),))
        later = int(self._later.total_seconds())
        return page.respond(request, "sandbox.html", checkout=checkout, later=Wait(later))

    async def _choose(self, request: web.Request) -> web.Response:
        form = await read_form(request)
        checkout = self._book.find(request.match_info["id"])
        if checkout is None:
            raise web.HTTPNotFound
        action = form.get("action", "")
        self.choose(checkout.id, action)
        raise web.HTTPSeeOther(checkout.cancel_url if action == "close" else checkout.return_url)

    # ── what can happen to a checkout ───────────────────────────────────────────────────────────────────────

    def choose(self, checkout: str, action: str) -> None:
        """Do what the customer chose: approve, decline, later or close. A page that is finished stays as it is."""
        found = self._book.find(checkout)
        if found is None or found.state != "open" or self._expire(found):
            return
        match action:
            case "approve":
                self._approve(found)
            case "decline":
                self._change(found, state="declined")
            case "later":
                self._change(found, state="pending", settles_at=stamp(self._clock.now() + self._later))
            case "close":
                self._change(found, state="closed")

    def approve(self, reference: str) -> None:
        """Approve late, whatever was said before."""
        self._approve(self._known(reference))

    def bounce(self, reference: str) -> None:
        """Take a payment back, as banks do days later."""
        self._change(self._known(reference), state="bounced")

    def refund(self, reference: str, amount_minor: int) -> None:
        """Give a part or all of the money back."""
        known = self._known(reference)
        self._change(known, state="refunded", refunded_minor=known.refunded_minor + amount_minor)

    def _approve(self, checkout: ProviderCheckout) -> None:
        self._change(
            checkout,
            state="paid",
            payment=checkout.payment or f"pay{new_id()}",
            amount_minor=self.faults.amount_minor or checkout.amount_minor,
            currency=self.faults.currency or checkout.currency,
        )

    def _expire(self, checkout: ProviderCheckout) -> bool:
        if checkout.state != "open" or checkout.expires_at > stamp(self._clock.now()):
            return False
        self._change(checkout, state="expired")
        return True

    def _change(self, checkout: ProviderCheckout, **changes: Any) -> None:  # noqa: ANN401 (columns)
        self._book.change(checkout, self._clock.now() + self.faults.delay, **changes)
        self._woken.set()

    def _known(self, reference: str) -> ProviderCheckout:
        checkout = self._book.by_reference(reference)
        if checkout is None:
            raise LookupError("no checkout has this reference")
        return checkout

    # ── webhooks ────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Do what is due, when it is due, until cancelled."""
        while True:
            self._woken.clear()
            await self.work()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_due()):
                    await self._woken.wait()

    async def work(self) -> None:
        """Settle what is due now and deliver the webhooks that are due now."""
        async with self._working:
            now = self._clock.now()
            for checkout in self._book.unsettled(now):
                if not self._expire(checkout):
                    self._approve(checkout)
            due = [] if self.faults.lost else self._book.due(now)
            if self.faults.newest_first:
                due.reverse()
            async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
                for delivery in due:
                    await self._deliver(http, delivery, now)

    async def _deliver(self, http: aiohttp.ClientSession, delivery: WebhookDelivery, now: datetime) -> None:
        body = delivery.body.encode()
        headers = {SIGNATURE_HEADER: signed(self._secret, body, now), "Content-Type": "application/json"}
        arrived = False
        for _ in range(self.faults.copies):
            try:
                async with http.post(self._webhook, data=body, headers=headers) as response:
                    arrived = response.ok
            except (aiohttp.ClientError, TimeoutError) as fault:
                log.warning("sandbox_webhook_failed", why=type(fault).__name__)
        if arrived:
            self._book.delivered(delivery)
        else:
            self._book.missed(delivery, now)

    def _until_due(self) -> float:
        due = self._book.next_due()
        if due is None or self.faults.lost:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(0.05, (due - self._clock.now()).total_seconds()))


def mount(app: web.Application, service: Service, path: Path | None) -> SandboxProvider:
    """Put the provider into an application that only the demo and tests run; `path` is its file, None for none.

    Raises ValueError when the settings do not switch it on.
    """
    sandbox = SandboxProvider(service, book := ProviderStore(path))
    app.add_routes(sandbox.routes())

    async def running(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(sandbox.run())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        book.close()

    app.cleanup_ctx.append(running)
    return sandbox
