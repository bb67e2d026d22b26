"""`make bench`: one table, every figure beside the bare echo's from the same run.

`python -m bench --quick` takes fewer and shorter rounds and leaves the million customers out.
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

from bench.customers import make
from bench.dialogue import STEPS, Customers, Target, record
from bench.measures import FIVE, IDLE, Load, Pair, median, memory, ratio, side_by_side, starts
from bench.post import Mailbox
from bench.servers import Process, running
from bench.wire import Wire
from tests import services

FEW, MANY = 1_000, 1_000_000
ROUNDS, QUICK_ROUNDS = 5, 3
LOADS = {1: 60, 50: 400, 200: 600, 500: 1000}
"""Connections, and the dialogues they hold together in a round."""
WATCHED = 40
ANSWERS, MAILBOX = "answers.json", "mailbox"

FIGURES = [
    ("server CPU a turn", "cpu_us", "{:.0f} µs"),
    ("turns a second", "turns_per_s", "{:.0f}"),
    ("p50", "p50_ms", "{:.1f} ms"),
    ("p99", "p99_ms", "{:.1f} ms"),
    ("the client's own CPU a turn", "client_us", "{:.0f} µs"),
]
CONNECTING = ("server CPU to connect", "connecting_us", "{:.0f} µs")


def row(what: str, *cells: str) -> None:
    """One line of the table, as Markdown."""
    print("| " + " | ".join([what, *cells, *[""] * (5 - len(cells))]) + " |", flush=True)


def rows(connections: int, bare: Sequence[Load], others: Sequence[Sequence[Load]]) -> None:
    """Every figure of one load, each server's beside the echo's."""
    at = f"at {connections} connection{'s' if connections > 1 else ''}"
    for what, name, form in [*FIGURES, CONNECTING] if connections == max(LOADS) else FIGURES:
        cells = [form.format(median(bare, name))]
        for rounds in others:
            middle, span = ratio(rounds, bare, name)
            cells += [form.format(median(rounds, name)), f"{middle:.2f} ± {span:.2f}"]
        row(f"{what} {at}", *cells)


class Servers:
    """Starts what is compared: the echo, and Billchat on each database."""

    def __init__(self, folder: Path, mailbox: Mailbox) -> None:
        self._folder = folder
        self._mailbox = mailbox

    @classmethod
    async def prepared(cls, folder: Path, database: str) -> Self:
        """Write down what Billchat answers, for the echo to send."""
        servers = cls(folder, await Mailbox.open(folder / MAILBOX))
        with servers.billchat(database, FEW) as (_, target):
            (folder / ANSWERS).write_text(json.dumps(await record(target)))
        return servers

    @contextlib.contextmanager
    def billchat(self, database: str, customers: int) -> Iterator[Pair]:
        """A new process on a database that holds so many customers."""
        process = self._started(database)
        with running(process):
            yield process, Target(process.url, customers, self._mailbox)

    def _started(self, database: str) -> Process:
        return Process.of("bench.server", database, str(self._folder / MAILBOX))

    @contextlib.contextmanager
    def side_by_side(self, databases: Sequence[str]) -> Iterator[list[Pair]]:
        """New processes, the echo's first."""
        with contextlib.ExitStack() as ends:
            echo = Process.of("bench.echo", str(self._folder / ANSWERS))
            ends.enter_context(running(echo))
            pairs = [(echo, Target(echo.url, FEW))]
            yield pairs + [ends.enter_context(self.billchat(database, FEW)) for database in databases]

    async def round_trips(self, database: str, connections: int) -> float:
        """How often Billchat waits for PostgreSQL in a turn."""
        wire = await Wire.open(database)
        process = await asyncio.to_thread(self._started, wire.url)  # meanwhile this loop is the wire
        with running(process):
            target = Target(process.url, FEW, self._mailbox)
            async with Customers.connected(target, connections) as customers:
                await customers.talk(connections)  # opens the connections
                await asyncio.sleep(1)
                before = wire.round_trips
                run = await customers.talk(max(WATCHED, connections))
                await asyncio.sleep(1)
        wire.close()
        return (wire.round_trips - before) / len(run.seconds)


def read_through(path: Path) -> None:
    """Bring a file into the machine's memory, where it is while a service works; a disk's cost is the disk's."""
    with path.open("rb") as file:
        while file.read(1024 * 1024):
            pass


async def million(folder: Path, servers: Servers, few: str, rounds: int) -> None:
    """Compare a turn over a thousand customers with one over a million."""
    many = f"sqlite:///{folder}/many.db"
    await make(many, MANY)
    read_through(folder / "many.db")
    with servers.billchat(few, FEW) as thousand, servers.billchat(many, MANY) as the_million:
        small, large = await side_by_side([thousand, the_million], 50, LOADS[50], rounds)
    for name, what in (("cpu_us", "server CPU a turn"), ("p99_ms", "p99")):
        middle, span = ratio(large, small, name)
        form = next(form for _, known, form in FIGURES if known == name)
        row(
            f"{what} at 50 connections, 1,000,000 customers and 5,000,000 invoices beside 1,000",
            f"1,000: {form.format(median(small, name))}",
            form.format(median(large, name)),
            f"{middle:.2f} ± {span:.2f}",
        )


async def measure(folder: Path, postgres: str | None, rounds: int, *, quick: bool) -> None:
    """Measure everything, and print each line of the table when it is known."""
    few = f"sqlite:///{folder}/few.db"
    databases = [few] if postgres is None else [few, postgres]
    for database in databases:
        await make(database, FEW)
    servers = await Servers.prepared(folder, few)
    row("what", "bare echo", "SQLite", "ratio", "PostgreSQL", "ratio")
    row("---", *["---:"] * 5)
    with servers.side_by_side(databases) as pairs:
        for connections, dialogues in LOADS.items():
            bare, *others = await side_by_side(pairs, connections, max(connections, dialogues // (1 + quick)), rounds)
            rows(connections, bare, others)
    if postgres is not None:
        for connections in (1, 50):
            row(
                f"round trips to the database a turn at {connections} connection{'s' if connections > 1 else ''}",
                *["", "", "", f"{await servers.round_trips(postgres, connections):.2f}"],
            )
    with servers.side_by_side(databases) as pairs:
        echo, *ours = await memory(pairs)
    kib, mib = 1024, 1024 * 1024
    cells, resident, growth = [f"{echo.per_connection / kib:.1f} KiB"], [f"{echo.resident / mib:.0f} MiB"], []
    for one in ours:
        cells += [f"{one.per_connection / kib:.1f} KiB", f"{one.per_connection / echo.per_connection:.2f}"]
        resident += [f"{one.resident / mib:.0f} MiB", f"{one.resident / echo.resident:.2f}"]
        growth += [f"{one.growth:+.1%}", ""]
    row("memory for an idle connection", *cells)
    row(f"resident memory after {FIVE} rounds of {IDLE} connections", *resident)
    row("growth over those rounds", f"{echo.growth:+.1%}", *growth)
    ready = [f"{statistics.median(starts(database, 3)):.2f} s" for database in databases]
    row("start to ready, existing database", "", *(cell for one in ready for cell in (one, "")))
    if not quick:
        await million(folder, servers, few, rounds)


def main(quick: bool) -> None:
    """Find the databases, measure, and leave nothing behind."""
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
