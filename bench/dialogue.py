"""Whole dialogues, from the menu to the payment link, over many connections at once."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

from bench.connection import Ack, Connection
from bench.customers import email
from bench.mailbox import Mailbox

STEPS = 5


@dataclass
class Run:
    """The measurements of a run in seconds: each turn, the wall clock, and the client's own CPU time."""

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0
    client: float = 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Target:
    """A server, the number of its customers, and their mailbox; None if the server accepts any code."""

    url: str
    customers: int
    mailbox: Mailbox | None = None

    async def code(self, to: str) -> str:
        return "123456" if self.mailbox is None else await self.mailbox.code(to)


class Customers:
    """Customers on one connection each, with one dialogue after another."""

    def __init__(self, target: Target, connections: list[Connection]) -> None:
        self._target = target
        self._connections = connections
        self._numbers = count(uuid.uuid4().int % 10**9)

    @classmethod
    @contextlib.asynccontextmanager
    async def connected(cls, target: Target, connections: int) -> AsyncIterator["Customers"]:
        """Open `connections` connections, and close them at the end."""
        first = uuid.uuid4().int % 2**24
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            opened = [await Connection.open(http, target.url, first + index) for index in range(connections)]
            yield cls(target, opened)
            for connection in opened:
                await connection.close()

    async def talk(self, dialogues: int) -> Run:
        """Hold `dialogues` dialogues, evenly spread over the connections."""
        run = Run()

        async def dialogues_of(connection: Connection) -> None:
            for _ in range(dialogues // len(self._connections)):
                await run_dialogue(connection, self._target, next(self._numbers), run)

        began, spent = time.perf_counter(), time.process_time()
        await asyncio.gather(*(dialogues_of(connection) for connection in self._connections))
        run.wall, run.client = time.perf_counter() - began, time.process_time() - spent
        return run


async def run_dialogue(
    connection: Connection, target: Target, number: int, run: Run, acks: list[Ack] | None = None
) -> None:
    """Hold one dialogue of five turns as the customer `number`; `acks` collects the acknowledgements."""
    conversation = ""

    async def turn(step: int, event: str, **payload: Any) -> Ack:
        if conversation:
            payload["conversation"] = conversation
        payload |= {"id": str(uuid.uuid4()), "step": step}
        began = time.perf_counter()
        answer = await connection.call(event, payload)
        run.seconds.append(time.perf_counter() - began)
        assert answer["ok"], answer
        if acks is not None:
            acks.append(answer)
        return answer

    conversation = (await turn(0, "start"))["conversation"]
    await turn(1, "say", choice="pay_bill")
    await turn(2, "say", text=(address := email(number, target.customers)))
    await turn(3, "say", text=await target.code(address))
    last = await turn(4, "say", choice="pay_all")
    assert last["messages"][-1]["card"]["kind"] == "payment_link", last


async def record_dialogue(target: Target) -> list[Ack]:
    """Hold one dialogue and return its acknowledgements, for the echo server."""
    acks: list[Ack] = []
    async with aiohttp.ClientSession() as http:
        connection = await Connection.open(http, target.url)
        await run_dialogue(connection, target, 0, Run(), acks)
        await connection.close()
    return acks
