"""Servers as processes of their own, with what the operating system says of them."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

PATIENCE_S = 30.0
QUIET_S = 0.1
MOST_SETTLING_S = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One server under measurement."""

    def __init__(self, port: int, *command: str, env: Mapping[str, str] | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        began = time.perf_counter()
        self._process = subprocess.Popen([sys.executable, *command], env={**os.environ, **(env or {})})
        # Linux's name for the processor clock of another process, its threads' time included, in nanoseconds.
        self._clock = (~self._process.pid << 3) | 2
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                self.stop()
                raise RuntimeError(f"{' '.join(command)} did not start")
            time.sleep(0.005)
        self.ready_after = time.perf_counter() - began

    @classmethod
    def of(cls, module: str, *arguments: str) -> Self:
        """Start a module that takes its port as its first argument."""
        port = free_port()
        return cls(port, "-m", module, str(port), *arguments)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/socket.io/?EIO=4&transport=polling", timeout=1).close()
        except OSError:
            return False
        return True

    def cpu(self) -> float:
        """Seconds of processor time so far, its threads' included."""
        return time.clock_gettime(self._clock)

    def settled(self) -> float:
        """Processor time once the server has done what its turns left behind, such as sending their letters."""
        until, spent = time.monotonic() + MOST_SETTLING_S, self.cpu()
        while time.monotonic() < until:
            time.sleep(QUIET_S)
            before, spent = spent, self.cpu()
            if spent - before < QUIET_S / 100:
                break
        return spent

    def memory(self) -> int:
        """Resident memory in bytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


@contextlib.contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Stop them in the end, whatever happens."""
    try:
        yield
    finally:
        for process in processes:
            process.stop()
