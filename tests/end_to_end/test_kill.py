"""Two hundred customers pay at once while the server is killed again and again: nothing is lost, nothing is doubled."""

import asyncio
import json
import random
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from chatbot import demo
from chatbot.importing import import_bills
from chatbot.keys import Keys
from store import open_database
from tests.end_to_end.browserless import press
from tests.end_to_end.customer import Customer, Message, new_id
from tests.end_to_end.demo_server import DemoServer

CUSTOMERS = 200
KILLS = 20
STEPS = 5
LOST = (socketio.exceptions.SocketIOError, aiohttp.ClientError, TimeoutError, OSError, RuntimeError)


async def bill_everybody(folder: Path) -> None:
    lines: list[dict[str, Any]] = []
    for number in range(CUSTOMERS):
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
    database = open_database(demo.settings(0, folder / ".demo").database.url)
    await database.migrate()
    with (folder / "bills.jsonl").open("rb") as file:
        await import_bills(database, file)
    await database.close()


class Stubborn:
    """A customer whose device reconnects and sends again, under the same id, until it is answered."""

    def __init__(self, server: DemoServer, number: int, keys: Keys) -> None:
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
        challenge = read(self.server, "select id from challenges where value = ?", self.email)[-1][0]
        await self._send("say", text=self.keys.code(challenge, self.device.conversation))
        link = await self._send("say", choice="pay_all")
        await self._until_done(lambda: self._pay_page(link[-1]["card"]["url"]))
        await self._until_done(self._receipt)
        await self.device.discard()

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


def read(server: DemoServer, sql: str, *params: Any) -> list[Any]:
    with sqlite3.connect(f"file:{server.data / 'billchat.db'}?mode=ro", uri=True, timeout=10) as connection:
        return connection.execute(sql, params).fetchall()


@pytest.mark.timeout(280)
async def test_nothing_is_lost_and_nothing_doubled_when_the_server_is_killed(tmp_path: Path) -> None:
    await bill_everybody(tmp_path)
    server = DemoServer(tmp_path)
    await asyncio.to_thread(server.start)
    keys = Keys((server.data / "key").read_text())
    customers = [Stubborn(server, number, keys) for number in range(CUSTOMERS)]
    paying = asyncio.gather(*(customer.pay() for customer in customers))
    for kill in range(1, KILLS + 1):
        # By what was done and not by the clock, so that every kill falls into the dialogues on a machine of any speed.
        while sum(customer.steps for customer in customers) < kill * STEPS * CUSTOMERS // (KILLS + 1):
            await asyncio.sleep(0.005)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    assert not paying.done(), "the kills must fall into the dialogues"
    await paying
    async with asyncio.timeout(20):
        while read(server, "select 1 from outbox where state in ('waiting', 'sending')"):
            await asyncio.sleep(0.1)
    await asyncio.to_thread(server.stop)

    for customer in customers:
        kept = read(
            server,
            "select seq, client_id from messages where conversation = ? order by seq",
            customer.device.conversation,
        )
        assert [seq for seq, _ in kept] == list(range(1, len(kept) + 1))
        ids = [client_id for _, client_id in kept if client_id]
        assert len(ids) == len(set(ids))
        for request, said in customer.acknowledged.items():
            assert ids.count(request) == 1
            assert {message["seq"] for message in said} <= {seq for seq, _ in kept}
        receipts = read(
            server,
            "select count(*) from messages where conversation = ? and extra like '%\"receipt\"%'",
            customer.device.conversation,
        )
        assert receipts == [(1,)]
    booked = read(
        server,
        """select a.number, e.amount_minor from entries e join accounts a on a.id = e.account
        where e.kind = 'payment' order by 1""",
    )
    ours = [row for row in booked if row[0].startswith("BB-0")]
    assert ours == [(f"BB-{number:05}", -(1000 + number)) for number in range(CUSTOMERS)]
    # A code that was used before its letter left needs no letter any more; none was given up.
    assert {state for (state,) in read(server, "select distinct state from outbox")} <= {"sent", "dropped"}
