"""A few turns a second over very many connections: whether the server ever stands still.

`python -m bench.pauses --connections 10000 --seconds 600` prints the waits and the memory of every minute.
"""

import argparse
import asyncio
import gc
import itertools
import resource
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.connection import Connection
from bench.customers import create_customers
from bench.dialogue import Run, Target
from bench.mailbox import Mailbox
from bench.measures import Server
from bench.servers import ServerProcess, running

RATE = 500
CONNECTIONS, QUICK_CONNECTIONS = 10_000, 1_000
SECONDS, QUICK_SECONDS = 20, 5
AT_ONCE = 50
DESCRIPTORS_BESIDE = 300


@dataclass(frozen=True)
class Pauses:
    """The turns' waits over so many connections, in milliseconds, and the server's memory in bytes."""

    connections: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    memory: int


def affordable(connections: int) -> int:
    """Return as many connections as this process has file descriptors for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return connections if hard == resource.RLIM_INFINITY else min(connections, hard - DESCRIPTORS_BESIDE)


async def measure(server: Server, connections: int, seconds: float, periods: int = 1) -> list[Pauses]:
    """Connect many customers and let RATE of them a second take a turn; returns the figures of each period."""
    process, target = server
    connections = affordable(connections)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        opened: list[Connection] = []
        for first in range(0, connections, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, connections))
            opened += await asyncio.gather(*(Connection.open(http, target.url, number) for number in numbers))
        conversations: list[str] = await asyncio.gather(*(_start(one) for one in opened[: RATE * 2]))
        await asyncio.sleep(1)
        gc.collect()
        gc.freeze()
        gc.disable()  # the client's own pauses are not the server's
        try:
            talkers = itertools.cycle(list(zip(opened, conversations, strict=False)))
            found = []
            for _ in range(periods):
                run = await _talk(talkers, seconds)
                waits = [run.percentile(share) * 1e3 for share in (0.5, 0.99, 1.0)]
                found.append(Pauses(connections, *waits, process.memory()))
        finally:
            gc.enable()
            gc.unfreeze()
        for start in range(0, len(opened), AT_ONCE):
            await asyncio.gather(*(one.close() for one in opened[start : start + AT_ONCE]))
    return found


async def _start(connection: Connection) -> str:
    answer = await connection.call("start", {"id": str(uuid.uuid4()), "step": 0})
    return str(answer["conversation"])


async def _talk(talkers: "itertools.cycle[tuple[Connection, str]]", seconds: float) -> Run:
    """Take turns at fixed times, whether the server keeps up or not."""
    run = Run()

    async def turn(connection: Connection, conversation: str, due: float) -> None:
        payload = {"conversation": conversation, "id": str(uuid.uuid4()), "text": "hello", "step": 1}
        await connection.call("say", payload)
        run.seconds.append(time.perf_counter() - due)

    began = time.perf_counter()
    tasks = []
    for number in range(int(seconds * RATE)):
        due = began + number / RATE
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(turn(*next(talkers), due)))
    await asyncio.gather(*tasks)
    return run


async def compare(servers: Sequence[Server], *, quick: bool) -> list[Pauses]:
    """Measure servers one after the other."""
    connections, seconds = (QUICK_CONNECTIONS, QUICK_SECONDS) if quick else (CONNECTIONS, SECONDS)
    return [(await measure(each, connections, seconds))[0] for each in servers]


async def main(connections: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        database = f"sqlite:///{folder}/pauses.db"
        await create_customers(database, 1000)
        mailbox = await Mailbox.open(folder / "mailbox")
        process = await asyncio.to_thread(ServerProcess.start, "bench.server", database, str(folder / "mailbox"))
        with running(process):
            period = min(60.0, seconds)
            target = Target(process.url, 1000, mailbox)
            for each in await measure((process, target), connections, period, max(1, round(seconds / period))):
                print(
                    f"{each.connections} connections: p50 {each.p50_ms:.1f} ms, p99 {each.p99_ms:.1f} ms, "
                    f"longest {each.longest_ms:.1f} ms, {each.memory / 2**20:.0f} MiB"
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.pauses", description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    asyncio.run(main(asked.connections, asked.seconds))
