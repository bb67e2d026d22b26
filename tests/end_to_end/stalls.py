"""How long a customer waits while one network address attacks."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.config.settings import LimitSettings
from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.raw_socket import RawSocket

VICTIM = {"X-Forwarded-For": "198.51.100.4"}
PAUSE_S = 0.02
WARM_UP_S = 0.5

AS_SERVED: Mapping[str, Any] = {
    "server": {"trusted_proxies": ["127.0.0.1"]},
    "limits": LimitSettings().model_dump(),
}
"""Changes that give a demo the limits of a service for real customers, behind a proxy."""


@dataclass(frozen=True)
class Waits:
    """Seconds that each request of a customer took."""

    seconds: list[float]

    def percentile(self, part: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def waits(server: ConfiguredDemo, seconds: float) -> Waits:
    """Ask as a customer for a while, with pauses, each time from the moment at which the request was due."""
    took = []
    async with RawSocket.open(server.url, headers=VICTIM) as raw:
        conversation = (await raw.ask("start", {"id": os.urandom(8).hex()}, within=20))["conversation"]
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            payload = {"conversation": conversation, "id": os.urandom(8).hex(), "text": "hello"}
            await raw.ask("say", payload, within=20)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE_S * 8.5)  # below the limit of one browser
    return Waits(took)


async def waits_beside(server: ConfiguredDemo, attack: str, seconds: float) -> Waits:
    """The same while an attack goes on in another process."""
    command = [sys.executable, "-m", "tests.end_to_end.attacks", attack, str(server.port), str(seconds + 2)]
    attacker = await asyncio.create_subprocess_exec(
        *command, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    )
    try:
        await asyncio.sleep(WARM_UP_S + 0.5)
        return await waits(server, seconds)
    finally:
        if attacker.returncode is None:
            attacker.kill()
        await attacker.wait()


def cpu_s(server: ConfiguredDemo) -> float:
    """Seconds of processor time that the server has taken so far."""
    assert server.process is not None
    return time.clock_gettime((~server.process.pid << 3) | 2)  # Linux's clock of another process


def memory_mib(server: ConfiguredDemo) -> float:
    """Resident memory of the server."""
    assert server.process is not None
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
