"""The parent of several processes: what it refuses, what it replaces, and how it ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatbot.cli.main import main
from chatbot.operations import workers
from chatbot.operations.workers import AddressTakenError, Supervisor, listen

# A worker in a few lines: it writes its pid to a file, says that it is ready, and goes home when its line is closed.
WORKER = """
import os, socket, sys, time
folder, how, context = sys.argv[1], sys.argv[2], sys.argv[4]
control, *listeners = [socket.socket(fileno=int(number)) for number in context.split(",")]
open(os.path.join(folder, str(os.getpid())), "w").close()
if how == "broken" or os.path.exists(os.path.join(folder, "broken")):
    sys.exit(3)
if os.path.exists(os.path.join(folder, "hangs")):
    control.recv(1)
    sys.exit(4)
while how == "slow" and len(os.listdir(folder)) == 1:  # until somebody writes a second file
    time.sleep(0.01)
control.send(b"r")
control.recv(1)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Family:
    """A parent at work, and the pids that its workers wrote down."""

    def __init__(self, folder: Path, running: asyncio.Task[int]) -> None:
        self.folder = folder
        self.running = running

    @property
    def started(self) -> set[int]:
        return {int(path.name) for path in self.folder.iterdir() if path.name.isdecimal()}

    @property
    def alive(self) -> set[int]:
        return {pid for pid in self.started if _is_alive(pid)}

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not happened():
                await asyncio.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@asynccontextmanager
async def family(folder: Path, count: int, how: str = "well") -> AsyncIterator[Family]:
    command = [sys.executable, "-c", WORKER, str(folder), how]
    running = asyncio.create_task(Supervisor(command, "127.0.0.1", free_port(), count).run())
    parent = Family(folder, running)
    yield parent
    if not running.done():
        os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 10)
    assert parent.alive == set()


async def test_it_starts_as_many_as_asked_and_ends_them_with_itself(tmp_path: Path) -> None:
    async with family(tmp_path, 3) as parent:
        await parent.until(lambda: len(parent.alive) == 3)
    assert parent.running.result() == 0


async def test_the_first_may_take_its_time_to_bring_a_large_database_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "LONGEST_START_S", 0.05)
    async with family(tmp_path, 2, "slow") as parent:
        await parent.until(lambda: len(parent.alive) == 1)
        await asyncio.sleep(0.2)  # far longer than a start may take otherwise
        assert len(parent.started) == 1
        (tmp_path / "done").touch()
        await parent.until(lambda: len(parent.alive) == 2)


async def test_one_that_dies_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    async with family(tmp_path, 2) as parent:
        await parent.until(lambda: len(parent.alive) == 2)
        victim, other = parent.alive
        os.kill(victim, signal.SIGKILL)
        await parent.until(lambda: len(parent.started) == 3 and len(parent.alive) == 2)
        assert other in parent.alive


async def test_one_that_hangs_while_it_starts_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FIRST_WAIT_S", 0.01)
    async with family(tmp_path, 2) as parent:
        await parent.until(lambda: len(parent.alive) == 2)
        monkeypatch.setattr(workers, "LONGEST_START_S", 0.5)
        (tmp_path / "hangs").touch()
        os.kill(min(parent.alive), signal.SIGKILL)
        await parent.until(lambda: len(parent.started) == 3)
        (tmp_path / "hangs").unlink()
        await parent.until(lambda: len(parent.started) > 3 and len(parent.alive) == 2)


async def test_all_are_replaced_one_by_one_when_asked(tmp_path: Path) -> None:
    async with family(tmp_path, 2) as parent:
        await parent.until(lambda: len(parent.alive) == 2)
        old = parent.alive
        os.kill(os.getpid(), signal.SIGHUP)
        await parent.until(lambda: len(parent.alive) == 2 and not parent.alive & old)


async def test_new_ones_that_do_not_start_replace_nobody(tmp_path: Path) -> None:
    async with family(tmp_path, 2) as parent:
        await parent.until(lambda: len(parent.alive) == 2)
        old = parent.alive
        (tmp_path / "broken").touch()
        os.kill(os.getpid(), signal.SIGHUP)
        await parent.until(lambda: len(parent.started) == 3 and parent.alive == old)


async def test_a_service_that_cannot_start_ends_with_its_status(tmp_path: Path) -> None:
    async with family(tmp_path, 2, how="broken") as parent:
        assert await parent.running == 3
    assert len(parent.started) == 1


async def test_whoever_connects_while_a_worker_is_replaced_waits_and_is_not_refused() -> None:
    port = free_port()
    [kept] = listen("127.0.0.1", port)
    workers_end = socket.socket(fileno=os.dup(kept.fileno()))
    workers_end.close()
    with socket.create_connection(("127.0.0.1", port), timeout=5), kept:
        arrived, _ = kept.accept()
        arrived.close()


async def test_two_services_do_not_share_an_address() -> None:
    port = free_port()
    [other] = listen("127.0.0.1", port)
    with other, pytest.raises(AddressTakenError, match=rf"port {port}.*stop what listens there"):
        await Supervisor(["never"], "127.0.0.1", port, 2).run()


def test_the_demo_says_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "chatbot", "demo", "--port", str(port)]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("count", ["0", "-1", "many", "1000"])
def test_only_a_sensible_number_of_workers_is_taken(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--workers", count])
    assert "a number from 1 to 64" in capsys.readouterr().err
