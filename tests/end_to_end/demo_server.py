"""The demo in a process of its own, to be used, cut off and killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SIX_DIGITS = re.compile(r"\b\d{6}\b")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class DemoServer:
    """`billchat demo` in a folder of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        return self.folder / ".demo"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "chatbot", "demo", "--port", str(self.port)]

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the demo did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """Kill it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop it in good order; returns its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def inbox(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/dev/inbox.json", timeout=5) as answer:
            letters: list[dict[str, Any]] = json.load(answer)
            return letters

    def letters_to(self, recipient: str) -> int:
        """How many letters somebody has got so far."""
        return sum(letter["to"] == recipient for letter in self.inbox())

    def letter_saying(self, words: str) -> dict[str, Any]:
        """Wait for the letter that says something; it leaves a moment after the chat has answered."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for letter in self.inbox():
                if words in letter["text"]:
                    return letter
            time.sleep(0.05)
        raise AssertionError(f"no letter says {words!r}")

    def code_for(self, recipient: str, after: int = 0) -> str:
        """Wait for the newest code sent to somebody, past the `after` that were there before."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            letters = [letter for letter in self.inbox() if letter["to"] == recipient]
            if len(letters) > after:
                found = SIX_DIGITS.search(letters[0]["text"])
                assert found is not None
                return found.group()
            time.sleep(0.05)
        raise AssertionError(f"no code arrived for {recipient}")
