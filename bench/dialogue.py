"""Whole dialogues, from the menu to the payment link, over many connections at once."""

import asyncio
import contextlib
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import psycopg

from bench.customers import SECRET, email, path_of
from bench.frames import Ack, Line
from chatbot.keys import Keys

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


class Target:
    """A server to talk to, and how its customers learn their codes: from its database, or any will do."""

    def __init__(self, url: str, database: str | None, customers: int) -> None:
        self.url = url
        self.customers = customers
        self._keys = Keys(SECRET)
        self._mark = "?"
        self._reader: Any = None
        if database is not None and database.startswith("sqlite:"):
            self._reader = sqlite3.connect(f"file:{path_of(database)}?mode=ro", uri=True)
        elif database is not None:
            self._mark, self._reader = "%s", psycopg.connect(database, autocommit=True)

    def code(self, conversation: str) -> str:
        if self._reader is None:
            return "123456"
        newest = f"select id from challenges where conversation = {self._mark} order by created_at desc limit 1"
        (challenge,) = self._reader.execute(newest, (conversation,)).fetchone()
        return self._keys.code(challenge, conversation)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


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
    await turn(2, "say", text=email(number, target.customers))
    await turn(3, "say", text=target.code(conversation))
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
