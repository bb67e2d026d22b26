"""Payments on one address: the pages, the webhooks, and the sandbox provider behind HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatbot.config.settings import ServerSettings
from chatbot.conversations.payment_links import NoLink, make_link
from chatbot.conversations.turn import Turn
from chatbot.demo.provider import SandboxProvider
from chatbot.demo.provider_store import ProviderStore
from chatbot.pages import assets, templating
from chatbot.payments.gateways import enabled
from chatbot.payments.gateways.gateway import Gateway
from chatbot.payments.parts import Payments
from chatbot.payments.routes import routes
from store.billing import accounts
from store.billing.payment_links import PaymentLink
from store.chats import conversations
from store.database import Tx
from tests.clock import FakeClock
from tests.ports import free_port
from tests.service_fixture import ServiceFixture, Visitor

OWED = 4250


@dataclass
class PaymentFixture:
    """A customer owes £42.50 and has requested a payment link, which `token` opens."""

    billchat: ServiceFixture
    payments: Payments
    gateways: dict[str, Gateway]
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
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        billchat = await ServiceFixture.open(folder, clock, url, server=ServerSettings(public_url=address), **sections)
        store = ProviderStore(folder / "sandbox.db")
        app = web.Application()
        templating.set_up(app)
        app.add_routes(assets.routes("#2457d6"))
        sandbox = SandboxProvider(billchat.service, store)
        app.add_routes(sandbox.routes())
        async with aiohttp.ClientSession() as http:
            gateways = enabled(billchat.service.settings, http)
            payments = Payments(billchat.service, billchat.turns, gateways)
            app.add_routes(routes(payments))
            async with TestClient(TestServer(app, port=port)) as client:
                visitor = await billchat.visitor(locale=locale)
                await visitor.verify()
                [account] = await billchat.rows(
                    "select a.account from account_contacts a join identifiers i on i.contact = a.contact "
                    "where i.value = 'owes@example.com'"
                )
                paying = cls(billchat, payments, gateways, sandbox, client, visitor, account["account"])
                await paying.ask()
                yield paying
        store.close()
        await billchat.close()

    def use_gateways(self, **gateways: Gateway) -> None:
        """Replace the gateways; none without arguments."""
        self.gateways.clear()
        self.gateways.update(gateways)

    async def ask(self, *invoices: str) -> str:
        """Request a link, as the dialogue does; returns its token."""
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
        """Return from the gateway; returns the page."""
        return (await self.get("/done"))[1]

    async def start(self) -> str:
        """Press the pay button; returns the address that the browser is sent to."""
        return await self.press(f"/pay/{self.token}", method="sandbox")

    async def press(self, path: str, **form: str) -> str:
        async with self.client.post(path, data=form, allow_redirects=False) as response:
            assert response.status == 303, await response.text()
            return response.headers["Location"]

    async def choose(self, action: str) -> str:
        """Press the pay button, then a button of the hosted page; returns the address that the browser is sent to."""
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
        account = await self.billchat.service.database.read(lambda tx: accounts.find_account(tx, self.account))
        assert account is not None
        return account.balance_minor

    def said(self) -> list[str]:
        """The first message of each turn that the service started since the last call."""
        new = [str(answer.messages[0].text) for answer in self.billchat.told]
        self.billchat.told.clear()
        return new

    def counted(self, outcome: str) -> float:
        return self.billchat.service.metrics.payments.labels("sandbox", outcome)._value.get()

    async def assert_paid_once(self) -> None:
        assert await self.booked() == [("payment", -OWED)]
        assert await self.balance() == 0
        receipts = [text for text in self.said() if "R-" in text]
        assert len(receipts) == 1
        assert "£42.50" in receipts[0]
        assert self.counted("completed") == 1
