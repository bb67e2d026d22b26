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

from bench.customers import email
from bench.frames import Ack, Line
from bench.post import Mailbox

STEPS = 5


@dataclass
class Run:
    """What a run measured: the time of every turn in seconds, the whole, and the client's own processor time."""

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0
    client: float = 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Target:
    """A server to talk to, how many customers it has, and where they get their codes; None where any code will do."""

    url: str
    customers: int
    mailbox: Mailbox | None = None

    async def code(self, to: str) -> str:
        return "123456" if self.mailbox is None else await self.mailbox.code(to)


class Customers:
    """Customers on connections of their own, each of whom holds one dialogue after another."""

    def __init__(self, target: Target, lines: list[Line]) -> None:
        self._target = target
        self._lines = lines
        self._numbers = count(uuid.uuid4().int % 10**9)

    @classmethod
    @contextlib.asynccontextmanager
    async def connected(cls, target: Target, connections: int) -> AsyncIterator["Customers"]:
        """Connect so many; they hang up in the end."""
        first = uuid.uuid4().int % 2**24
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            lines = [await Line.open(http, target.url, first + index) for index in range(connections)]
            yield cls(target, lines)
            for line in lines:
                await line.close()

    async def talk(self, dialogues: int) -> Run:
        """Hold so many dialogues, shared out over the connections."""
        run = Run()

        async def one(line: Line) -> None:
            for _ in range(dialogues // len(self._lines)):
                await hold(line, self._target, next(self._numbers), run)

        began, spent = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one(line) for line in self._lines))
        run.wall, run.client = time.perf_counter() - began, time.process_time() - spent
        return run


async def hold(line: Line, target: Target, number: int, run: Run, keep: list[Ack] | None = None) -> None:
    """Hold one dialogue of five turns; `keep` collects the acknowledgements."""
    conversation = ""

    async def turn(step: int, event: str, **payload: Any) -> Ack:
        if conversation:
            payload["conversation"] = conversation
        payload |= {"id": str(uuid.uuid4()), "step": step}
        began = time.perf_counter()
        answer = await line.call(event, payload)
        run.seconds.append(time.perf_counter() - began)
        assert answer["ok"], answer
        if keep is not None:
            keep.append(answer)
        return answer

    conversation = (await turn(0, "start"))["conversation"]
    await turn(1, "say", choice="pay_bill")
    await turn(2, "say", text=(me := email(number, target.customers)))
    await turn(3, "say", text=await target.code(me))
    last = await turn(4, "say", choice="pay_all")
    assert last["messages"][-1]["card"]["kind"] == "payment_link", last


async def record(target: Target) -> list[Ack]:
    """Hold one dialogue and keep its acknowledgements, for the echo to send."""
    kept: list[Ack] = []
    async with aiohttp.ClientSession() as http:
        line = await Line.open(http, target.url)
        await hold(line, target, 0, Run(), kept)
        await line.close()
    return kept
