"""`billchat demo` as a process that tests start, use, kill and restart."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.waiting import MAX_WAIT_S, block_until

SIX_DIGITS = re.compile(r"\b\d{6}\b")


@dataclass
class DemoServer:
    """The demo, with its data and its log in a folder."""

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
        """Start, and return once it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        process = self.process
        block_until(lambda: process.poll() is not None or self.is_ready())
        assert process.poll() is None, f"the demo did not start:\n{self.log.read_text()[-3000:]}"

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=MAX_WAIT_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """End it without warning, as a power cut does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop it with SIGTERM and return its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=MAX_WAIT_S)

    def inbox(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/dev/inbox.json", timeout=MAX_WAIT_S) as answer:
            letters: list[dict[str, Any]] = json.load(answer)
            return letters

    def letters_to(self, recipient: str) -> int:
        """Return how many emails and texts a recipient has got so far."""
        return len(self._letters(recipient))

    def letter_saying(self, words: str) -> dict[str, Any]:
        """Wait for the letter with these words, which is sent after the chat has answered."""
        block_until(lambda: any(words in letter["text"] for letter in self.inbox()))
        return next(letter for letter in self.inbox() if words in letter["text"])

    def code_for(self, recipient: str, after: int = 0) -> str:
        """Wait for the newest code sent to a recipient who had `after` letters before, and return it."""
        block_until(lambda: self.letters_to(recipient) > after)
        found = SIX_DIGITS.search(self._letters(recipient)[0]["text"])
        assert found is not None
        return found.group()

    def query(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Read from the server's database while it runs."""
        database = f"file:{self.data / 'billchat.db'}?mode=ro"
        with contextlib.closing(sqlite3.connect(database, uri=True, timeout=MAX_WAIT_S)) as connection:
            return connection.execute(sql, params).fetchall()

    def _letters(self, recipient: str) -> list[dict[str, Any]]:
        return [letter for letter in self.inbox() if letter["to"] == recipient]
