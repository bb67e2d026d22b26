"""The demo: the whole service on one machine. Emails and texts land in an inbox page; payments go to the sandbox."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import SecretStr

from chatbot.app import build_app
from chatbot.config.settings import (
    DatabaseSettings,
    EmailSettings,
    LimitSettings,
    PaymentSettings,
    SecretSettings,
    ServerSettings,
    Settings,
    SmsSettings,
    TeamSettings,
)
from chatbot.delivery.sender import Sender
from chatbot.demo import pages, provider
from chatbot.demo.customers import load_demo, renew_bills
from chatbot.demo.inbox import Inbox
from chatbot.payments.gateways.sandbox import SandboxSettings
from chatbot.service import Service, open_service

FOLDER = Path(".demo")

CUSTOMERS = [
    {"email": "owes@example.com", "mobile": "+44 7700 900001", "has": "£42.50 outstanding over two invoices"},
    {"email": "dd@example.com", "mobile": "+44 7700 900002", "has": "a direct debit with its next collection"},
    {"email": "clear@example.com", "mobile": "+44 7700 900003", "has": "nothing to pay"},
    {"email": "many@example.com", "mobile": "+44 7700 900004", "has": "two accounts, one of them owing"},
]


def settings(port: int, folder: Path = FOLDER) -> Settings:
    """Return the demo's settings. Its keys are generated on the first start and kept in `folder`, beside its data."""
    folder.mkdir(mode=0o700, exist_ok=True)
    address = f"http://127.0.0.1:{port}"
    return Settings(
        server=ServerSettings(port=port, public_url=address),
        database=DatabaseSettings(url=f"sqlite:///{folder / 'billchat.db'}"),
        email=EmailSettings(sender="Northwind Broadband <billing@northwind.example>"),
        sms=SmsSettings(account_sid="demo", sender="Northwind"),
        team=TeamSettings(email="team@northwind.example"),
        payments=PaymentSettings.using(
            sandbox=SandboxSettings(base_url=address, secret=SecretStr(_stored_key(folder / "sandbox-key")))
        ),
        secrets=SecretSettings(key=SecretStr(_stored_key(folder / "key"))),
        # One visitor plays every customer from one address, so the limits per person are generous.
        limits=LimitSettings(
            codes_per_ten_minutes=60,
            codes_per_day=1000,
            codes_per_day_from_all_addresses=1000,
            failures_per_hour=60,
            identifiers_per_conversation_per_hour=10_000,
            identifiers_per_address_per_hour=10_000,
            failures_per_address_per_hour=10_000,
            starts_per_address_per_minute=10_000,
            starts_per_session_per_hour=100_000,
            starts_per_address_per_hour=100_000,
            connections_per_address=10_000,
            connections_per_address_per_minute=100_000,
            team_messages_per_session_per_hour=60,
            messages_per_session_per_hour=10_000,
            messages_per_address_per_hour=1_000_000,
            text_kilobytes_per_address_per_hour=200_000,
            frames_per_address_per_second=10_000,
            requests_per_address_per_second=3000,
            kilobytes_per_address_per_second=20_000,
        ),
    )


def build(settings: Settings, folder: Path = FOLDER) -> web.Application:
    """Build the demo: the service, its customers, its inbox page and the pretended payment provider."""
    service = open_service(settings)
    inbox = Inbox(service)

    @contextlib.asynccontextmanager
    async def senders(_: Service) -> AsyncIterator[Mapping[str, Sender]]:
        await load_demo(service.database, _today(service))
        yield {"email": inbox, "sms": inbox}

    app = build_app(service, senders)
    app.middlewares.append(_renew_bills(service))
    app.add_routes(pages.routes(service, inbox, CUSTOMERS))
    provider.mount(app, service, folder / "sandbox.db")
    return app


def _today(service: Service) -> date:
    return service.clock.now().astimezone(service.zone).date()


def _renew_bills(service: Service) -> Middleware:
    """Return a middleware that issues new invoices for paid ones whenever a visitor opens the chat."""

    @web.middleware
    async def renew(request: web.Request, handler: Handler) -> web.StreamResponse:
        opens_chat = request.path == "/chat" or (request.path == "/socket.io/" and "sid" not in request.query)
        if opens_chat:
            await renew_bills(service.database, _today(service), service.clock.now())
        return await handler(request)

    return renew


def _stored_key(path: Path) -> str:
    """Return the key in a file, which is generated if there is none."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def greeting(settings: Settings) -> str:
    """Return the text printed at the start: the addresses and the demo customers."""
    rows = "\n".join(f"  {c['email']:<20} {c['mobile']:<18} {c['has']}" for c in CUSTOMERS)
    return f"""
Billchat’s demo is on {settings.server.public_url}/
Everything it “sends” arrives in {settings.server.public_url}/dev/inbox

{rows}

Press Ctrl-C to stop.
"""
