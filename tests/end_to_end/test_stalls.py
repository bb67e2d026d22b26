"""One network address floods the service, and the customers of every other address are served as before.

At a small size: `make soak` takes the full one and compares each customer's waits with those of a quiet service.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.end_to_end.attacks import ATTACKS
from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.server_log import logged_errors
from tests.end_to_end.stalls import AS_SERVED, cpu_s, memory_mib, waits, waits_beside
from tests.sizes import size

SECONDS = size(test=1.5, soak=10.0)
# Shorter waits are not told from those that other work of the test's machine causes. Before the limits it was seconds.
NOTICED_S = size(test=1.0, soak=0.05)
CPU_SHARE = 0.5
MEMORY_MIB = 100


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfiguredDemo]:
    server = ConfiguredDemo(tmp_path_factory.mktemp("served"), changes=AS_SERVED)
    server.start()
    yield server
    assert server.stop() == 0


@pytest.mark.soak
@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_from_one_address_stalls_nobody_else(served: ConfiguredDemo, attack: str) -> None:
    quiet = await waits(served, size(test=SECONDS / 3, soak=SECONDS))
    memory, cpu, began = memory_mib(served), cpu_s(served), time.monotonic()
    attacked = await waits_beside(served, attack, SECONDS)
    share = (cpu_s(served) - cpu) / (time.monotonic() - began)
    percentile = size(test=0.5, soak=0.99)
    assert attacked.percentile(percentile) <= max(2 * quiet.percentile(0.99), NOTICED_S)
    assert share < CPU_SHARE, "of one processor"
    assert memory_mib(served) - memory < MEMORY_MIB
    assert not [line for line in logged_errors(served.log) if "at its limit" not in line and "webhook" not in line]


class FewDescriptors(ConfiguredDemo):
    """A demo that may open three hundred files."""

    def command(self) -> list[str]:
        return ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh", *super().command()]


async def test_one_address_cannot_take_the_last_file_descriptor(tmp_path: Path) -> None:
    server = FewDescriptors(tmp_path)
    server.start()
    held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(400)]
    connector = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))  # another address of this machine
    async with aiohttp.ClientSession(connector=connector) as http, http.get(f"{server.url}/chat") as answer:
        assert answer.status == 200
    for _, writer in held:
        writer.close()
    assert server.stop() == 0
    assert "a network address is at its limit" in server.log.read_text()
