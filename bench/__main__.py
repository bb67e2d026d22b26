"""`make bench`: one table, which compares each figure with the echo server's of the same run.

`python -m bench --quick` runs fewer and shorter rounds, without the million customers.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from bench import pauses
from bench.customers import create_customers
from bench.dialogue import STEPS, Customers, Target, record_dialogue
from bench.mailbox import Mailbox
from bench.measures import (
    IDLE_CONNECTIONS,
    MEMORY_ROUNDS,
    Load,
    Server,
    median,
    memory,
    ratio,
    side_by_side,
    start_times,
)
from bench.postgres_proxy import PostgresProxy
from bench.servers import ServerProcess, running
from tests import services

FEW, MANY = 1_000, 1_000_000
ROUNDS, QUICK_ROUNDS = 5, 3
LOADS = {1: 60, 50: 400, 200: 600, 500: 1000}
"""Connections → dialogues in a round, over all connections."""
COUNTED_DIALOGUES = 40
ANSWERS, MAILBOX = "answers.json", "mailbox"

FIGURES = [
    ("server CPU a turn", "cpu_us", "{:.0f} µs"),
    ("turns a second", "turns_per_s", "{:.0f}"),
    ("p50", "p50_ms", "{:.1f} ms"),
    ("p99", "p99_ms", "{:.1f} ms"),
    ("the client's own CPU a turn", "client_us", "{:.0f} µs"),
]
CONNECTING = ("server CPU to connect", "connecting_us", "{:.0f} µs")


def row(label: str, *cells: str) -> None:
    """Print one row of the table, as Markdown."""
    print("| " + " | ".join([label, *cells, *[""] * (5 - len(cells))]) + " |", flush=True)


def rows(connections: int, echo: Sequence[Load], others: Sequence[Sequence[Load]]) -> None:
    """Print each figure of one load, for each server, with its ratio to the echo server's."""
    suffix = f"at {connections} connection{'s' if connections > 1 else ''}"
    for label, name, form in [*FIGURES, CONNECTING] if connections == max(LOADS) else FIGURES:
        cells = [form.format(median(echo, name))]
        for rounds in others:
            middle, span = ratio(rounds, echo, name)
            cells += [form.format(median(rounds, name)), f"{middle:.2f} ± {span:.2f}"]
        row(f"{label} {suffix}", *cells)


class Servers:
    """Starts the servers to compare: the echo server, and Billchat on each database."""

    def __init__(self, folder: Path, mailbox: Mailbox) -> None:
        self._folder = folder
        self._mailbox = mailbox

    @classmethod
    async def prepared(cls, folder: Path, database: str) -> Self:
        """Record the answers of Billchat for the echo server."""
        servers = cls(folder, await Mailbox.open(folder / MAILBOX))
        with servers.billchat(database, FEW) as (_, target):
            (folder / ANSWERS).write_text(json.dumps(await record_dialogue(target)))
        return servers

    @contextlib.contextmanager
    def billchat(self, database: str, customers: int) -> Iterator[Server]:
        """Start a process on a database with `customers` customers."""
        process = self._start(database)
        with running(process):
            yield process, Target(process.url, customers, self._mailbox)

    def _start(self, database: str) -> ServerProcess:
        return ServerProcess.start("bench.server", database, str(self._folder / MAILBOX))

    @contextlib.contextmanager
    def side_by_side(self, databases: Sequence[str]) -> Iterator[list[Server]]:
        """Start a process for each server, the echo server first."""
        with contextlib.ExitStack() as stack:
            echo = ServerProcess.start("bench.echo", str(self._folder / ANSWERS))
            stack.enter_context(running(echo))
            yield [(echo, Target(echo.url, FEW))] + [
                stack.enter_context(self.billchat(database, FEW)) for database in databases
            ]

    async def round_trips(self, database: str, connections: int) -> float:
        """Return Billchat's round trips to PostgreSQL per turn."""
        proxy = await PostgresProxy.open(database)
        process = await asyncio.to_thread(self._start, proxy.url)  # in a thread: this event loop runs the proxy
        with running(process):
            target = Target(process.url, FEW, self._mailbox)
            async with Customers.connected(target, connections) as customers:
                await customers.talk(connections)  # opens the connections
                await asyncio.sleep(1)
                before = proxy.round_trips
                run = await customers.talk(max(COUNTED_DIALOGUES, connections))
                await asyncio.sleep(1)
        proxy.close()
        return (proxy.round_trips - before) / len(run.seconds)


def warm_page_cache(path: Path) -> None:
    """Read a file into the page cache, so that the disk is not measured."""
    with path.open("rb") as file:
        while file.read(1024 * 1024):
            pass


async def million(folder: Path, servers: Servers, few: str, rounds: int) -> None:
    """Compare turns on a database of a thousand customers with turns on one of a million."""
    many = f"sqlite:///{folder}/many.db"
    await create_customers(many, MANY)
    warm_page_cache(folder / "many.db")
    with servers.billchat(few, FEW) as thousand, servers.billchat(many, MANY) as the_million:
        small, large = await side_by_side([thousand, the_million], 50, LOADS[50], rounds)
    for name, label in (("cpu_us", "server CPU a turn"), ("p99_ms", "p99")):
        middle, span = ratio(large, small, name)
        form = next(form for _, known, form in FIGURES if known == name)
        row(
            f"{label} at 50 connections, 1,000,000 customers and 5,000,000 invoices beside 1,000",
            f"1,000: {form.format(median(small, name))}",
            form.format(median(large, name)),
            f"{middle:.2f} ± {span:.2f}",
        )


async def measure(folder: Path, postgres: str | None, rounds: int, *, quick: bool) -> None:
    """Measure everything, and print each row of the table as soon as it is complete."""
    few = f"sqlite:///{folder}/few.db"
    databases = [few] if postgres is None else [few, postgres]
    for database in databases:
        await create_customers(database, FEW)
    servers = await Servers.prepared(folder, few)
    row("what", "bare echo", "SQLite", "ratio", "PostgreSQL", "ratio")
    row("---", *["---:"] * 5)
    with servers.side_by_side(databases) as compared:
        for connections, dialogues in LOADS.items():
            echo_rounds, *others = await side_by_side(
                compared, connections, max(connections, dialogues // (1 + quick)), rounds
            )
            rows(connections, echo_rounds, others)
    if postgres is not None:
        for connections in (1, 50):
            row(
                f"round trips to the database a turn at {connections} connection{'s' if connections > 1 else ''}",
                *["", "", "", f"{await servers.round_trips(postgres, connections):.2f}"],
            )
    with servers.side_by_side(databases) as compared:
        echo, *ours = await memory(compared)
    with servers.side_by_side(databases) as compared:
        paused = await pauses.compare(compared, quick=quick)
    cells = [f"{paused[0].p99_ms:.1f} ms"]
    for one in paused[1:]:
        cells += [f"{one.p99_ms:.1f} ms", f"{one.p99_ms / paused[0].p99_ms:.2f}"]
    row(f"p99 of {pauses.RATE} turns a second over {paused[0].connections:,} connections", *cells)
    kib, mib = 1024, 1024 * 1024
    cells, resident, growth = [f"{echo.per_connection / kib:.1f} KiB"], [f"{echo.resident / mib:.0f} MiB"], []
    for one in ours:
        cells += [f"{one.per_connection / kib:.1f} KiB", f"{one.per_connection / echo.per_connection:.2f}"]
        resident += [f"{one.resident / mib:.0f} MiB", f"{one.resident / echo.resident:.2f}"]
        growth += [f"{one.growth:+.1%}", ""]
    row("memory for an idle connection", *cells)
    row(f"resident memory after {MEMORY_ROUNDS} rounds of {IDLE_CONNECTIONS} connections", *resident)
    row("growth over those rounds", f"{echo.growth:+.1%}", *growth)
    ready = [f"{statistics.median(start_times(database, 3)):.2f} s" for database in databases]
    row("start to ready, existing database", "", *(cell for one in ready for cell in (one, "")))
    if not quick:
        await million(folder, servers, few, rounds)


def main(quick: bool) -> None:
    """Find the databases, measure, and remove everything created."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    server = services.postgres()
    if server is None:
        print("No PostgreSQL listens on this machine and none is installed: its columns are empty.", file=sys.stderr)
    print(
        f"One dialogue is {STEPS} turns, from the menu to the payment link. Medians of {rounds} rounds;"
        " ± is half the span of the middle half of their ratios.\n"
    )
    try:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            postgres = None if server is None else server.url(server.empty())
            asyncio.run(measure(Path(folder), postgres, rounds, quick=quick))
    finally:
        services.stop_all()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer, shorter rounds, and no million customers")
    main(parser.parse_args().quick)
