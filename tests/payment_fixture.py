"""Everything that paying takes, on one address: the pages, the webhooks, and the pretended provider behind HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port

from chatbot.config.settings import ServerSettings
from chatbot.conversations.payment_links import NoLink, make_link
from chatbot.conversations.turn import Turn
from chatbot.demo.provider import SandboxProvider
from chatbot.demo.provider_store import ProviderStore
from chatbot.pages import assets, templating
from chatbot.payments import page
from chatbot.payments.checkout import Payments
from chatbot.payments.gateways import enabled
from store.billing import statements
from store.billing.payment_links import PaymentLink
from store.chats import conversations
from store.database import Tx
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, Visitor

OWED = 4250


@dataclass
class PaymentFixture:
    """A customer who owes £42.50 has asked for a link; `token` opens it."""

    billchat: ServiceFixture
    payments: Payments
    sandbox: SandboxProvider
    client: TestClient[web.Request, web.Application]
    visitor: Visitor
    account: str
    token: str = ""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, clock: FakeClock, url: str = "", locale: str = "en", **sections: Any
    ) -> AsyncIterator["PaymentFixture"]:
        port = unused_port()
        address = f"http://127.0.0.1:{port}"
        billchat = await ServiceFixture.open(folder, clock, url, server=ServerSettings(public_url=address), **sections)
        book = ProviderStore(folder / "sandbox.db")
        app = web.Application()
        templating.set_up(app)
        app.add_routes(assets.routes("#2457d6"))
        sandbox = SandboxProvider(billchat.service, book)
        app.add_routes(sandbox.routes())
        async with aiohttp.ClientSession() as http:
            payments = Payments(billchat.service, billchat.turns, enabled(billchat.service.settings, http))
            app.add_routes(page.routes(payments))
            async with TestClient(TestServer(app, port=port)) as client:
                visitor = await billchat.visitor(locale=locale)
                await visitor.verify()
                [account] = await billchat.rows(
                    "select a.account from account_contacts a join identifiers i on i.contact = a.contact "
                    "where i.value = 'owes@example.com'"
                )
                paying = cls(billchat, payments, sandbox, client, visitor, account["account"])
                await paying.ask()
                yield paying
        book.close()
        await billchat.close()

    async def ask(self, *invoices: str) -> str:
        """Ask for a link, as the dialogue does; returns its token."""
        service = self.billchat.service
        contact = (await self.billchat.rows("select contact from identifiers where value = 'owes@example.com'"))[0]
        made = await self.link_for(contact["contact"], *invoices)
        assert isinstance(made, PaymentLink)
        self.token = service.keys.link_token(made.id)
        return self.token

    async def link_for(self, contact: str, *invoices: str) -> PaymentLink | NoLink:
        """Make a link for a contact, as a turn of the visitor's conversation would."""
        service = self.billchat.service

        def make(tx: Tx) -> PaymentLink | NoLink:
            conversation, _ = conversations.load(tx, self.visitor.conversation)
            assert conversation is not None
            conversation.contact = contact
            return make_link(Turn(tx, service, conversation, service.clock.now()), self.account, invoices)

        return await service.database.write(make)

    async def get(self, path: str = "", **options: Any) -> tuple[int, str]:
        async with self.client.get(f"/pay/{self.token}{path}", **options) as response:
            return response.status, await response.text()

    async def done(self) -> str:
        """Come back from the gateway, and read the page."""
        return (await self.get("/done"))[1]

    async def start(self) -> str:
        """Press the pay button; returns where the browser is sent."""
        return await self.press(f"/pay/{self.token}", method="sandbox")

    async def press(self, path: str, **form: str) -> str:
        async with self.client.post(path, data=form, allow_redirects=False) as response:
            assert response.status == 303, await response.text()
            return response.headers["Location"]

    async def choose(self, action: str) -> str:
        """Press the pay button, then a button of the provider's page; returns where the browser is sent."""
        return await self.press(
            (await self.start()).removeprefix(str(self.client.make_url("")).rstrip("/")), action=action
        )

    async def reference(self) -> str:
        """The reference of the newest payment."""
        return str((await self.rows("payments"))[-1]["id"])

    async def rows(self, table: str) -> list[dict[str, Any]]:
        order = "received_at, key" if table == "gateway_events" else "id"
        return await self.billchat.rows(f"select * from {table} order by {order}")

    async def booked(self) -> list[tuple[str, int]]:
        """The ledger's entries that are not invoices."""
        rows = await self.billchat.rows(
            "select kind, amount_minor from entries where account = :id and kind <> 'invoice' order by id",
            id=self.account,
        )
        return [(row["kind"], row["amount_minor"]) for row in rows]

    async def balance(self) -> int:
        account = await self.billchat.service.database.read(lambda tx: statements.find_account(tx, self.account))
        assert account is not None
        return account.balance_minor

    def said(self) -> list[str]:
        """What the chat said by itself since the last time this was asked: the first message of each turn."""
        new = [str(answer.messages[0].text) for answer in self.billchat.told]
        self.billchat.told.clear()
        return new

    def counted(self, outcome: str) -> float:
        return self.billchat.service.metrics.payments.labels("sandbox", outcome)._value.get()
