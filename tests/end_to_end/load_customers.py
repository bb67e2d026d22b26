"""Customers who pay at the same time while servers fail, and the checks of the database afterwards."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import socketio

from chatbot.imports.jsonl import import_bills
from chatbot.keys import Keys
from store import open_database
from tests.end_to_end.customer import Customer, Message, new_id
from tests.end_to_end.demo_server import DemoServer
from tests.end_to_end.html_forms import submit
from tests.waiting import POLL_INTERVAL_S, wait_until

STEPS = 5
"""Acknowledged steps of a payment while faults happen; a payment has more."""
RETRY_AFTER_S = 5
CONNECTION_ERRORS = (socketio.exceptions.SocketIOError, aiohttp.ClientError, TimeoutError, OSError, RuntimeError)


async def import_invoices(count: int, folder: Path, database_url: str) -> None:
    """Create the schema, and import customers with one invoice of 1000 pence and one more for each."""
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


class RetryingCustomer:
    """A customer whose device reconnects and repeats a request, under the same id, until it is acknowledged."""

    def __init__(self, server: DemoServer, number: int, keys: Keys) -> None:
        self.server = server
        self.email = f"p{number}@example.com"
        self.keys = keys
        self.device = Customer(server.url)
        self.connected = False
        self.acknowledged: dict[str, list[Message]] = {}
        self.steps = 0

    async def _retry(self, act: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            try:
                if not self.connected:
                    await self.device.discard()
                    self.device = self._new_device()
                    await self.device.connect()
                    self.connected = True
                done = await act()
                self.steps += 1
                return done
            except CONNECTION_ERRORS:
                self.connected = False
                await asyncio.sleep(random.uniform(0.05, 0.3))

    def _new_device(self) -> Customer:
        fresh = Customer(self.server.url, session=self.device.session)
        fresh.conversation, fresh.messages = self.device.conversation, self.device.messages
        return fresh

    async def _send(self, event: str, **payload: Any) -> list[Message]:
        payload["id"] = new_id()
        if event == "say":
            payload["conversation"] = self.device.conversation

        async def send() -> list[Message]:
            answer = await self.device.ask(event, payload, timeout=RETRY_AFTER_S)
            if answer.get("error", {}).get("code") == "unavailable":
                raise TimeoutError("the database was not reachable")
            assert answer["ok"], answer
            if event == "start":
                self.device.conversation = answer["conversation"]
            return self.device._keep(answer["messages"])

        said: list[Message] = await self._retry(send)
        self.acknowledged[payload["id"]] = said
        return said

    async def pay(self) -> None:
        await self._send("start", action="pay_bill")
        await self._send("say", text=self.email)
        challenge = await self._retry(self._challenge)
        await self._send("say", text=self.keys.code(challenge, self.device.conversation))
        link = await self._send("say", choice="pay_all")
        await self._retry(lambda: self._pay_page(link[-1]["card"]["url"]))
        await self._retry(self._receipt)
        await self.device.discard()

    async def _challenge(self) -> str:
        found = await asyncio.to_thread(self.server.query, "select id from challenges where value = ?", self.email)
        return str(found[-1][0])

    async def _pay_page(self, url: str) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
            async with http.get(url + "/done") as page:
                if "receipt" in (await page.text()).lower() and "R-" in await page.text():
                    return
            hosted = await submit(http, url, "pay")
            await submit(http, hosted, "approve")

    async def _receipt(self) -> None:
        while not any(message.get("card", {}).get("kind") == "receipt" for message in self.device.messages.values()):
            await self.device.open(max(self.device.messages))
            await asyncio.sleep(0.1)


Fault = Callable[[], Awaitable[None]]


async def pay_during_faults(customers: list[RetryingCustomer], faults: list[Fault]) -> None:
    """Let all customers pay, and cause the faults meanwhile.

    A fault happens after a number of steps and not after a time, so that a machine of any speed has it amid payments.
    """
    paying = asyncio.gather(*(customer.pay() for customer in customers))
    try:
        for count, fault in enumerate(faults, 1):
            while sum(each.steps for each in customers) < count * STEPS * len(customers) // (len(faults) + 1):
                await asyncio.sleep(POLL_INTERVAL_S)
            assert not paying.done(), "the faults must happen amid payments"
            await fault()
        await paying
    finally:
        paying.cancel()


async def wait_for_empty_outbox(server: DemoServer) -> None:
    """Return once every email and text was sent or dropped."""
    unsent = "select 1 from outbox where state in ('waiting', 'sending')"
    await wait_until(lambda: asyncio.to_thread(lambda: not server.query(unsent)))


def assert_nothing_lost_or_doubled(server: DemoServer, customers: list[RetryingCustomer]) -> None:
    """Check the database: every acknowledged message is there once, and every customer has paid once."""
    for customer in customers:
        kept = server.query(
            "select seq, client_id from messages where conversation = ? order by seq", customer.device.conversation
        )
        assert [seq for seq, _ in kept] == list(range(1, len(kept) + 1))
        ids = [client_id for _, client_id in kept if client_id]
        assert len(ids) == len(set(ids))
        for request, said in customer.acknowledged.items():
            assert ids.count(request) == 1
            assert {message["seq"] for message in said} <= {seq for seq, _ in kept}
        receipts = server.query(
            "select count(*) from messages where conversation = ? and extra like ?",
            customer.device.conversation,
            '%"receipt"%',
        )
        assert receipts == [(1,)]
    booked = server.query(
        """select a.number, e.amount_minor from entries e join accounts a on a.id = e.account
        where e.kind = 'payment' and a.number like ? order by 1""",
        "BB-0%",
    )
    assert booked == [(f"BB-{number:05}", -(1000 + number)) for number in range(len(customers))]
    # A code that was used before its email left is dropped; no email has failed.
    assert {state for (state,) in server.query("select distinct state from outbox")} <= {"sent", "dropped"}
