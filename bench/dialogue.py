"""Whole dialogues, from the menu to the payment link, over many connections at once."""

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from bench.customers import SECRET
from bench.frames import Ack, Line
from chatbot.keys import Keys

STEPS = 5


@dataclass
class Run:
    """What a run measured: the time of every turn in seconds, and the whole."""

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Target:
    """A server to talk to, and how its customers learn their codes."""

    def __init__(self, url: str, database: Path | None, customers: int) -> None:
        self.url = url
        self.customers = customers
        self._keys = Keys(SECRET)
        self._reader = None if database is None else sqlite3.connect(f"file:{database}?mode=ro", uri=True)

    def code(self, conversation: str) -> str:
        if self._reader is None:
            return "123456"
        [(challenge,)] = self._reader.execute(
            "select id from challenges where conversation = ? order by created_at desc limit 1", (conversation,)
        ).fetchall()
        return self._keys.code(challenge, conversation)


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
    await turn(2, "say", text=f"p{number % target.customers}@example.com")
    await turn(3, "say", text=target.code(conversation))
    last = await turn(4, "say", choice="pay_all")
    assert last["messages"][-1]["card"]["kind"] == "payment_link", last


async def talk(target: Target, connections: int, dialogues: int, numbers: Iterator[int] | None = None) -> Run:
    """Hold `dialogues` dialogues, shared out over `connections` connections."""
    run, numbers = Run(), numbers or count(uuid.uuid4().int % 10**9)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        first = next(numbers)
        lines = [await Line.open(http, target.url, first + index) for index in range(connections)]

        async def one(line: Line, how_many: int) -> None:
            for _ in range(how_many):
                await hold(line, target, next(numbers), run)

        began = time.perf_counter()
        await asyncio.gather(*(one(line, dialogues // connections) for line in lines))
        run.wall = time.perf_counter() - began
        for line in lines:
            await line.close()
    return run
