"""Measures turns, connections, memory and start-up. Compared servers alternate, round by round."""

import asyncio
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from bench.connection import Connection
from bench.customers import SECRET
from bench.dialogue import Customers, Target
from bench.servers import ServerProcess, free_port

IDLE_CONNECTIONS = 500
MEMORY_ROUNDS = 5
# Engine.IO keeps a closed connection until its next ping would be due, 25 s after it opened. After longer than that
# the number of closed connections in memory no longer grows.
WARM_UP_S = 30.0

# In place of the values of config.yaml with which the service refuses to start.
OWN_VALUES = {
    "BRAND__NAME": "Northwind",
    "SERVER__PUBLIC_URL": "https://chat.northwind.test",
    "SERVER__ALLOWED_SITES": '["https://www.northwind.test"]',
    "EMAIL__HOST": "smtp.northwind.test",
    "EMAIL__USERNAME": "billing@northwind.test",
    "EMAIL__SENDER": "Northwind <billing@northwind.test>",
    "TEAM__EMAIL": "team@northwind.test",
}

Server = tuple[ServerProcess, Target]


@dataclass(frozen=True)
class Load:
    """One round on one server: CPU times in µs per connection and per turn, and latencies."""

    connecting_us: float
    cpu_us: float
    turns_per_s: float
    p50_ms: float
    p99_ms: float
    client_us: float


@dataclass(frozen=True)
class Memory:
    """Bytes per idle connection, resident bytes after the rounds, and their relative growth during the rounds."""

    per_connection: float
    resident: float
    growth: float


async def load(server: Server, connections: int, dialogues: int) -> Load:
    """Measure one round: connecting first, then the turns with the work that follows them."""
    process, target = server
    unconnected = process.idle_cpu()
    async with Customers.connected(target, connections) as customers:
        before = process.idle_cpu()
        run = await customers.talk(dialogues)
        spent = process.idle_cpu() - before
    turns = len(run.seconds)
    return Load(
        connecting_us=(before - unconnected) / connections * 1e6,
        cpu_us=spent / turns * 1e6,
        turns_per_s=turns / run.wall,
        p50_ms=run.percentile(0.5) * 1e3,
        p99_ms=run.percentile(0.99) * 1e3,
        client_us=run.client / turns * 1e6,
    )


async def side_by_side(servers: Sequence[Server], connections: int, dialogues: int, rounds: int) -> list[list[Load]]:
    """Return each server's rounds. Servers alternate, so that a drifting machine affects all alike."""
    for server in servers:
        await load(server, connections, max(connections, 20))
    measured = [[await load(server, connections, dialogues) for server in servers] for _ in range(rounds)]
    return [list(one) for one in zip(*measured, strict=True)]


async def memory(servers: Sequence[Server]) -> list[Memory]:
    """Measure the memory of freshly started servers while many connections open and close."""
    for server in servers:
        await load(server, 20, 20)  # loads code and caches, which do not count as memory of a connection
    each = [await _open_and_close(process) / IDLE_CONNECTIONS for process, _ in servers]
    loop = asyncio.get_running_loop()
    warm = loop.time() + WARM_UP_S
    while loop.time() < warm:
        await _all_open_and_close(servers)
    before = [process.memory() for process, _ in servers]
    for _ in range(MEMORY_ROUNDS):
        await _all_open_and_close(servers)
    after = [process.memory() for process, _ in servers]
    return [
        Memory(per_connection, resident, resident / earlier - 1)
        for per_connection, earlier, resident in zip(each, before, after, strict=True)
    ]


async def _all_open_and_close(servers: Sequence[Server]) -> None:
    for process, _ in servers:
        await _open_and_close(process)


async def _open_and_close(process: ServerProcess) -> int:
    """Open many connections and close them; returns the growth in bytes while they were open."""
    before = process.memory()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        connections = [await Connection.open(http, process.url, number) for number in range(IDLE_CONNECTIONS)]
        process.idle_cpu()
        grown = process.memory() - before
        for connection in connections:
            await connection.close()
    process.idle_cpu()
    return grown


def start_times(url: str, count: int) -> list[float]:
    """Return the seconds from start to ready of `billchat serve`, fully configured, on an existing database."""
    times = []
    for _ in range(count):
        port = free_port()
        settings = {
            "SERVER__PORT": str(port),
            "DATABASE__URL": url,
            "SECRETS__KEY": SECRET,
            "EMAIL__PASSWORD": SECRET,
            "SMS__ACCOUNT_SID": "AC" + "0" * 32,
            "SMS__AUTH_TOKEN": SECRET,
            "SMS__SENDER": "+447700900000",
            **OWN_VALUES,
            "PAYMENTS__OTHER_WAYS": json.dumps({"en": "By bank transfer", "es": "Por transferencia"}),
        }
        command = ("-m", "chatbot", "serve", "--config", "config.yaml")
        process = ServerProcess(port, *command, env={f"BILLCHAT_{name}": value for name, value in settings.items()})
        times.append(process.ready_after)
        process.stop()
    return times


def median(rounds: Sequence[Load], name: str) -> float:
    return statistics.median(getattr(each, name) for each in rounds)


def ratio(rounds: Sequence[Load], baseline: Sequence[Load], name: str) -> tuple[float, float]:
    """Return the median of the rounds' ratios, and half their interquartile range."""
    ratios = [getattr(one, name) / getattr(other, name) for one, other in zip(rounds, baseline, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return middle, (high - low) / 2
