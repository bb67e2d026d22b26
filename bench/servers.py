"""Servers under measurement, each a process, with its CPU time and memory from the operating system."""

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

START_TIMEOUT_S = 30.0
IDLE_CHECK_S = 0.1
MAX_SETTLING_S = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """A server process, started and answering."""

    def __init__(self, port: int, *command: str, env: Mapping[str, str] | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        began = time.perf_counter()
        self._process = subprocess.Popen([sys.executable, *command], env={**os.environ, **(env or {})})
        # Linux's id of another process's CPU clock (see clock_getcpuclockid), its threads included.
        self._clock = (~self._process.pid << 3) | 2
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - began > START_TIMEOUT_S:
                self.stop()
                raise RuntimeError(f"{' '.join(command)} did not start")
            time.sleep(0.005)
        self.ready_after = time.perf_counter() - began

    @classmethod
    def start(cls, module: str, *arguments: str) -> Self:
        """Start `python -m module PORT arguments…`."""
        port = free_port()
        return cls(port, "-m", module, str(port), *arguments)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/socket.io/?EIO=4&transport=polling", timeout=1).close()
        except OSError:
            return False
        return True

    def cpu(self) -> float:
        """Return the CPU time so far in seconds, all threads included."""
        return time.clock_gettime(self._clock)

    def idle_cpu(self) -> float:
        """Wait until the server is idle, emails sent and all, then return its CPU time so far in seconds."""
        until, spent = time.monotonic() + MAX_SETTLING_S, self.cpu()
        while time.monotonic() < until:
            time.sleep(IDLE_CHECK_S)
            before, spent = spent, self.cpu()
            if spent - before < IDLE_CHECK_S / 100:
                break
        return spent

    def memory(self) -> int:
        """Return the resident memory in bytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


@contextlib.contextmanager
def running(*processes: ServerProcess) -> Iterator[None]:
    """Stop the processes at the end, also after an error."""
    try:
        yield
    finally:
        for process in processes:
            process.stop()
