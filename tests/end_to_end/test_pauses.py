"""Ten thousand customers connected for ten minutes: the process never stands still for long, and its memory is flat."""

import asyncio
import re
import urllib.request
from pathlib import Path

import pytest

from bench import pauses
from bench.customers import create_customers
from bench.dialogue import Target
from bench.servers import ServerProcess, running
from chatbot.operations.garbage import REPORT_INTERVAL_S

CUSTOMERS = 1000
CONNECTIONS, MINUTES = 10_000, 10
MAX_PAUSE_S = 0.025
MAX_GROWTH = 1.05


@pytest.mark.soak(only=True)
@pytest.mark.timeout(900)
async def test_ten_thousand_connections_meet_no_long_pause_and_memory_is_flat(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/customers.db"
    await create_customers(database, CUSTOMERS)
    mailbox = await asyncio.start_unix_server(_ignore, tmp_path / "mailbox")
    process = await asyncio.to_thread(ServerProcess.start, "bench.server", database, str(tmp_path / "mailbox"))
    watched: list[float] = []
    async with mailbox:
        with running(process):
            watching = asyncio.create_task(_watch(process.url, watched))
            server = process, Target(process.url, CUSTOMERS)
            minutes = await pauses.measure(server, CONNECTIONS, 60, MINUTES)
            watching.cancel()
    assert max(watched) <= MAX_PAUSE_S
    assert minutes[-1].memory <= MAX_GROWTH * minutes[1].memory


async def _watch(url: str, watched: list[float]) -> None:
    """Note the longest pause of each interval until cancelled, but for the first, which saw the service start."""
    await asyncio.sleep(2 * REPORT_INTERVAL_S)
    while True:
        report = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{url}/metrics").read().decode())
        found = re.search(r"(?m)^billchat_longest_gc_pause_seconds (\S+)", report)
        assert found is not None
        watched.append(float(found[1]))
        await asyncio.sleep(REPORT_INTERVAL_S)


async def _ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take letters in, of which there are none: nobody asks for a code."""
    await reader.read()
    writer.close()
