"""Servers as processes of their own, with what the operating system says of them."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One server under measurement."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        began = time.perf_counter()
        self._process = subprocess.Popen([sys.executable, "-m", module, str(self.port), *arguments])
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"{module} did not start")
            time.sleep(0.005)
        self.ready_after = time.perf_counter() - began

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/socket.io/?EIO=4&transport=polling", timeout=1).close()
        except OSError:
            return False
        return True

    def cpu(self) -> float:
        """Seconds of processor time so far, its threads' included."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self) -> int:
        """Resident memory in bytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
