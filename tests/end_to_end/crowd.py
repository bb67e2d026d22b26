"""A crowd of customers who pay at once and do not give up, and what must be true of the books when they are done."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import socketio

from chatbot.imports.jsonl import import_bills
from chatbot.keys import Keys
from store import open_database
from tests.end_to_end.browserless import press
from tests.end_to_end.customer import Customer, Message, new_id

STEPS = 5
LOST = (socketio.exceptions.SocketIOError, aiohttp.ClientError, TimeoutError, OSError, RuntimeError)


class Served(Protocol):
    """A server whose books can be looked into, with `?` for each parameter."""

    @property
    def url(self) -> str: ...
    def read(self, sql: str, *params: Any) -> list[tuple[Any, ...]]: ...


async def bill(count: int, folder: Path, database_url: str) -> None:
    """Give a new database so many customers, each with one invoice of an amount of its own."""
    lines: list[dict[str, Any]] = []
    for number in range(count):
        lines += [
            {"kind": "customer", "id": f"C{number}", "name": f"Person {number}", "emails": [f"p{number}@example.com"]},
            {
                "kind": "account",
                "number": f"BB-{number:05}",
                "name": "Broadband",
                "currency": "GBP",
                "customers": [f"C{number}"],
            },
            {
                "kind": "invoice",
                "number": f"INV-{number:05}",
                "account": f"BB-{number:05}",
                "issued_on": "2026-11-01",
                "due_on": "2026-11-15",
                "lines": [{"description": "Fibre", "amount_minor": 1000 + number}],
            },
        ]
    (folder / "bills.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    database = open_database(database_url)
    await database.migrate()
    with (folder / "bills.jsonl").open("rb") as file:
        await import_bills(database, file)
    await database.close()


class Stubborn:
    """A customer whose device reconnects and sends again, under the same id, until it is answered."""

    def __init__(self, server: Served, number: int, keys: Keys) -> None:
        self.server = server
        self.email = f"p{number}@example.com"
        self.keys = keys
        self.device = Customer(server.url)
        self.connected = False
        self.acknowledged: dict[str, list[Message]] = {}
        self.steps = 0

    async def _until_done(self, act: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            try:
                if not self.connected:
                    await self.device.discard()
                    self.device = self._renewed()
                    await self.device.connect()
                    self.connected = True
                done = await act()
                self.steps += 1
                return done
            except LOST:
                self.connected = False
                await asyncio.sleep(random.uniform(0.05, 0.3))

    def _renewed(self) -> Customer:
        fresh = Customer(self.server.url, session=self.device.session)
        fresh.conversation, fresh.messages = self.device.conversation, self.device.messages
        return fresh

    async def _send(self, event: str, **payload: Any) -> list[Message]:
        payload["id"] = new_id()
        if event == "say":
            payload["conversation"] = self.device.conversation

        async def send() -> list[Message]:
            answer = await self.device.ask(event, payload, timeout=5)
            if answer.get("error", {}).get("code") == "unavailable":
                raise TimeoutError("the database was away, and nothing was done")
            assert answer["ok"], answer
            if event == "start":
                self.device.conversation = answer["conversation"]
            return self.device._keep(answer["messages"])

        said: list[Message] = await self._until_done(send)
        self.acknowledged[payload["id"]] = said
        return said

    async def pay(self) -> None:
        await self._send("start", action="pay_bill")
        await self._send("say", text=self.email)
        challenge = await self._until_done(self._challenge)
        await self._send("say", text=self.keys.code(challenge, self.device.conversation))
        link = await self._send("say", choice="pay_all")
        await self._until_done(lambda: self._pay_page(link[-1]["card"]["url"]))
        await self._until_done(self._receipt)
        await self.device.discard()

    async def _challenge(self) -> str:
        found = await asyncio.to_thread(self.server.read, "select id from challenges where value = ?", self.email)
        return str(found[-1][0])

    async def _pay_page(self, url: str) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
            async with http.get(url + "/done") as page:
                if "receipt" in (await page.text()).lower() and "R-" in await page.text():
                    return
            hosted = await press(http, url, "pay")
            await press(http, hosted, "approve")

    async def _receipt(self) -> None:
        while not any(message.get("card", {}).get("kind") == "receipt" for message in self.device.messages.values()):
            await self.device.open(max(self.device.messages))
            await asyncio.sleep(0.1)


Disturb = Callable[[], Awaitable[None]]


async def pay_while(customers: list[Stubborn], disturbances: list[Disturb]) -> None:
    """Let all of them pay, and disturb them.

    By what was done and not by the clock, so that every disturbance falls into the dialogues on a machine of any speed.
    """
    paying = asyncio.gather(*(customer.pay() for customer in customers))
    try:
        for count, disturb in enumerate(disturbances, 1):
            while sum(each.steps for each in customers) < count * STEPS * len(customers) // (len(disturbances) + 1):
                await asyncio.sleep(0.005)
            assert not paying.done(), "the disturbances must fall into the dialogues"
            await disturb()
        await paying
    finally:
        paying.cancel()


async def until_all_has_left(server: Served) -> None:
    """Wait until the outbox is empty."""
    async with asyncio.timeout(30):
        while await asyncio.to_thread(server.read, "select 1 from outbox where state in ('waiting', 'sending')"):
            await asyncio.sleep(0.1)


def check_books(server: Served, customers: list[Stubborn]) -> None:
    """Nothing that was acknowledged is lost, nothing is doubled, and everybody has paid once."""
    for customer in customers:
        kept = server.read(
            "select seq, client_id from messages where conversation = ? order by seq", customer.device.conversation
        )
        assert [seq for seq, _ in kept] == list(range(1, len(kept) + 1))
        ids = [client_id for _, client_id in kept if client_id]
        assert len(ids) == len(set(ids))
        for request, said in customer.acknowledged.items():
            assert ids.count(request) == 1
            assert {message["seq"] for message in said} <= {seq for seq, _ in kept}
        receipts = server.read(
            "select count(*) from messages where conversation = ? and extra like ?",
            customer.device.conversation,
            '%"receipt"%',
        )
        assert receipts == [(1,)]
    booked = server.read(
        """select a.number, e.amount_minor from entries e join accounts a on a.id = e.account
        where e.kind = 'payment' and a.number like ? order by 1""",
        "BB-0%",
    )
    assert booked == [(f"BB-{number:05}", -(1000 + number)) for number in range(len(customers))]
    # A code that was used before its letter left needs no letter any more; none was given up.
    assert {state for (state,) in server.read("select distinct state from outbox")} <= {"sent", "dropped"}
