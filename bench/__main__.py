"""`make bench`: one table, every figure beside the bare echo's from the same run.

`python -m bench --quick` takes two minutes and leaves the million customers out.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.customers import make
from bench.dialogue import STEPS, Run, Target, hold, talk
from bench.frames import Line
from bench.servers import Process

FEW, MANY = 1_000, 1_000_000
ROUNDS = 3
IDLE = 500


@dataclass
class Measured:
    """What one server needed for one load; medians over the rounds."""

    cpu_us: float
    turns_per_s: float
    p50_ms: float
    p99_ms: float


async def record(target: Target, into: Path) -> None:
    """Hold one dialogue and keep its acknowledgements, for the echo to send."""
    kept: list[dict[str, object]] = []
    async with aiohttp.ClientSession() as http:
        line = await Line.open(http, target.url)
        await hold(line, target, 0, Run(), kept)
        await line.close()
    into.write_text(json.dumps(kept))


async def load(process: Process, target: Target, connections: int, dialogues: int) -> Measured:
    """Measure one round."""
    before = process.cpu()
    run = await talk(target, connections, dialogues)
    await asyncio.sleep(0.5)  # what a turn leaves behind, such as sending its letter, is its cost too
    turns = len(run.seconds)
    return Measured(
        (process.cpu() - before) / turns * 1e6, turns / run.wall, run.percentile(0.5) * 1e3, run.percentile(0.99) * 1e3
    )


async def side_by_side(pairs: list[tuple[Process, Target]], connections: int, dialogues: int) -> list[Measured]:
    """Measure servers in turn, round by round, so that a machine that drifts drifts for all; medians."""
    for _, target in pairs:
        await talk(target, connections, max(connections, 20))
    rounds = [[await load(*pair, connections, dialogues) for pair in pairs] for _ in range(ROUNDS)]
    return [
        Measured(*(statistics.median(getattr(each, name) for each in one) for name in Measured.__dataclass_fields__))
        for one in zip(*rounds, strict=True)
    ]


async def idle(process: Process, target: Target) -> tuple[float, float]:
    """Open and close many connections five times: bytes for each while idle, and the growth from round to round."""
    per_connection, after = [], []
    for _ in range(6):
        before = process.memory()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            lines = [await Line.open(http, target.url, number) for number in range(IDLE)]
            await asyncio.sleep(0.5)
            per_connection.append((process.memory() - before) / IDLE)
            for line in lines:
                await line.close()
        await asyncio.sleep(1)
        after.append(process.memory())
    return per_connection[0], after[-1] / after[0] - 1


def row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


async def main(quick: bool) -> None:
    """Measure, and print the table as Markdown."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        few = folder / "few.db"
        await make(few, FEW)
        billchat = Process("bench.server", f"sqlite:///{few}")
        target = Target(billchat.url, few, FEW)
        await record(target, folder / "answers.json")
        echo = Process("bench.echo", str(folder / "answers.json"))
        echoed = Target(echo.url, None, FEW)

        row("what", "bare echo", "Billchat, SQLite", "ratio")
        row("---", "---:", "---:", "---:")
        for connections, dialogues in ((1, 100), (50, 500), (200, 600), (500, 1000)):
            bare, ours = await side_by_side([(echo, echoed), (billchat, target)], connections, dialogues)
            at = f"at {connections} connection{'s' if connections > 1 else ''}"
            row(
                f"server CPU a turn {at}",
                f"{bare.cpu_us:.0f} µs",
                f"{ours.cpu_us:.0f} µs",
                f"{ours.cpu_us / bare.cpu_us:.2f}",
            )
            row(
                f"turns a second {at}",
                f"{bare.turns_per_s:.0f}",
                f"{ours.turns_per_s:.0f}",
                f"{ours.turns_per_s / bare.turns_per_s:.2f}",
            )
            row(f"p50 {at}", f"{bare.p50_ms:.1f} ms", f"{ours.p50_ms:.1f} ms", f"{ours.p50_ms / bare.p50_ms:.2f}")
            row(f"p99 {at}", f"{bare.p99_ms:.1f} ms", f"{ours.p99_ms:.1f} ms", f"{ours.p99_ms / bare.p99_ms:.2f}")
        billchat.stop()
        echo.stop()

        echo, billchat = (
            Process("bench.echo", str(folder / "answers.json")),
            Process("bench.server", f"sqlite:///{few}"),
        )
        bare_each, bare_growth = await idle(echo, Target(echo.url, None, FEW))
        our_each, our_growth = await idle(billchat, Target(billchat.url, few, FEW))
        row(
            "memory for an idle connection",
            f"{bare_each / 1024:.1f} KiB",
            f"{our_each / 1024:.1f} KiB",
            f"{our_each / bare_each:.2f}",
        )
        row(f"growth over five more rounds of {IDLE} connections", f"{bare_growth:.1%}", f"{our_growth:.1%}", "")
        row("start to ready, existing database", f"{echo.ready_after:.2f} s", f"{billchat.ready_after:.2f} s", "")
        echo.stop()
        billchat.stop()
        if not quick:
            await million(folder, few)


async def million(folder: Path, few: Path) -> None:
    """Compare a turn over a thousand customers with one over a million."""
    many = folder / "many.db"
    await make(many, MANY)
    pairs = []
    for database, count in ((few, FEW), (many, MANY)):
        process = Process("bench.server", f"sqlite:///{database}")
        pairs.append((process, Target(process.url, database, count)))
    small, large = await side_by_side(pairs, 50, 500)
    row(
        "server CPU a turn, 1,000 → 1,000,000 customers",
        f"{small.cpu_us:.0f} µs",
        f"{large.cpu_us:.0f} µs",
        f"{large.cpu_us / small.cpu_us:.2f}",
    )
    for process, _ in pairs:
        process.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave the million customers out")
    print(f"One dialogue is {STEPS} turns, from the menu to the payment link; medians of {ROUNDS} rounds.\n")
    asyncio.run(main(parser.parse_args().quick))
