"""What is measured: turns, connections, starts. Servers that are compared are measured in turn, round by round."""

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from bench.customers import SECRET
from bench.dialogue import Customers, Target
from bench.frames import Line
from bench.servers import Process, free_port

IDLE = 500
FIVE = 5
# Engine.IO keeps a closed connection until it would have sent its next ping, 25 s after it began. A server that has
# taken connections for longer than that holds as many closed ones as it ever will.
WARM_UP_S = 30.0

Pair = tuple[Process, Target]


@dataclass(frozen=True)
class Load:
    """What one server needed for one round; the client's own share beside it."""

    connecting_us: float
    cpu_us: float
    turns_per_s: float
    p50_ms: float
    p99_ms: float
    client_us: float


@dataclass(frozen=True)
class Memory:
    """Bytes: for each idle connection, and resident after five rounds; and how much those rounds added."""

    per_connection: float
    resident: float
    growth: float


async def load(pair: Pair, connections: int, dialogues: int) -> Load:
    """Measure one round: connecting, and then, by themselves, the turns with what they leave behind."""
    process, target = pair
    unconnected = process.settled()
    async with Customers.connected(target, connections) as customers:
        before = process.settled()
        run = await customers.talk(dialogues)
        spent = process.settled() - before
    turns = len(run.seconds)
    return Load(
        connecting_us=(before - unconnected) / connections * 1e6,
        cpu_us=spent / turns * 1e6,
        turns_per_s=turns / run.wall,
        p50_ms=run.percentile(0.5) * 1e3,
        p99_ms=run.percentile(0.99) * 1e3,
        client_us=run.client / turns * 1e6,
    )


async def side_by_side(pairs: Sequence[Pair], connections: int, dialogues: int, rounds: int) -> list[list[Load]]:
    """Measure servers in turn, so that a machine that drifts drifts for all: each server's rounds."""
    for pair in pairs:
        await load(pair, connections, max(connections, 20))
    measured = [[await load(pair, connections, dialogues) for pair in pairs] for _ in range(rounds)]
    return [list(one) for one in zip(*measured, strict=True)]


async def memory(pairs: Sequence[Pair]) -> list[Memory]:
    """Open and close many connections, again and again; the servers are new ones."""
    for pair in pairs:
        await load(pair, 20, 20)  # what the first customers load does not belong to the connections
    each = [await _open_and_close(process) / IDLE for process, _ in pairs]
    loop = asyncio.get_running_loop()
    warm = loop.time() + WARM_UP_S
    while loop.time() < warm:
        await _all_open_and_close(pairs)
    before = [process.memory() for process, _ in pairs]
    for _ in range(FIVE):
        await _all_open_and_close(pairs)
    after = [process.memory() for process, _ in pairs]
    return [
        Memory(per_connection, resident, resident / earlier - 1)
        for per_connection, earlier, resident in zip(each, before, after, strict=True)
    ]


async def _all_open_and_close(pairs: Sequence[Pair]) -> None:
    for process, _ in pairs:
        await _open_and_close(process)


async def _open_and_close(process: Process) -> int:
    """Open many connections and close them; returns by how much memory grew while they were open."""
    before = process.memory()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        lines = [await Line.open(http, process.url, number) for number in range(IDLE)]
        process.settled()
        grown = process.memory() - before
        for line in lines:
            await line.close()
    process.settled()
    return grown


def starts(url: str, how_many: int) -> list[float]:
    """Seconds from start to ready of `billchat serve`, emails, texts and all, on a database that exists."""
    took = []
    for _ in range(how_many):
        port = free_port()
        settings = {
            "SERVER__PORT": str(port),
            "DATABASE__URL": url,
            "SECRETS__KEY": SECRET,
            "EMAIL__PASSWORD": SECRET,
            "SMS__ACCOUNT_SID": "AC" + "0" * 32,
            "SMS__AUTH_TOKEN": SECRET,
            "SMS__SENDER": "+447700900000",
        }
        command = ("-m", "chatbot", "serve", "--config", "config.yaml")
        process = Process(port, *command, env={f"BILLCHAT_{name}": value for name, value in settings.items()})
        took.append(process.ready_after)
        process.stop()
    return took


def median(rounds: Sequence[Load], name: str) -> float:
    return statistics.median(getattr(each, name) for each in rounds)


def ratio(rounds: Sequence[Load], beside: Sequence[Load], name: str) -> tuple[float, float]:
    """The median of the rounds' ratios, and half the span of their middle half."""
    ratios = [getattr(one, name) / getattr(other, name) for one, other in zip(rounds, beside, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return middle, (high - low) / 2
