"""The supervisor of several processes: starting, replacing and stopping workers."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatbot.operations import workers
from chatbot.operations.listening import AddressTakenError, listen
from chatbot.operations.workers import Supervisor
from tests.ports import free_port
from tests.waiting import MAX_WAIT_S, wait_until

# A minimal worker: it writes its pid to a file, sends its ready byte, and stops when its control pipe is closed.
WORKER = """
import os, socket, sys, time
folder, mode, context = sys.argv[1], sys.argv[2], sys.argv[4]
control, *listeners = [socket.socket(fileno=int(number)) for number in context.split(",")]
broken, hangs = (mode == name or os.path.exists(os.path.join(folder, name)) for name in ("broken", "hangs"))
open(os.path.join(folder, str(os.getpid())), "w").close()
if broken:
    sys.exit(3)
if hangs:
    control.recv(1)
    sys.exit(4)
while mode == "slow" and len(os.listdir(folder)) == 1:  # until the test writes a second file
    time.sleep(0.01)
control.send(b"r")
control.recv(1)
"""


class RunningSupervisor:
    """A supervisor at work, and the pids that its workers wrote to files."""

    def __init__(self, folder: Path, running: asyncio.Task[int]) -> None:
        self.folder = folder
        self.running = running

    @property
    def started(self) -> set[int]:
        return {int(path.name) for path in self.folder.iterdir() if path.name.isdecimal()}

    @property
    def alive(self) -> set[int]:
        return {pid for pid in self.started if _is_alive(pid)}


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@asynccontextmanager
async def supervising(folder: Path, count: int, mode: str = "well") -> AsyncIterator[RunningSupervisor]:
    command = [sys.executable, "-c", WORKER, str(folder), mode]
    running = asyncio.create_task(Supervisor(command, "127.0.0.1", free_port(), count).run())
    supervisor = RunningSupervisor(folder, running)
    yield supervisor
    if not running.done():
        os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, MAX_WAIT_S)
    assert supervisor.alive == set()


async def test_it_starts_as_many_workers_as_configured_and_stops_them_with_itself(tmp_path: Path) -> None:
    async with supervising(tmp_path, 3) as supervisor:
        await wait_until(lambda: len(supervisor.alive) == 3)
    assert supervisor.running.result() == 0


async def test_the_first_worker_may_take_its_time_to_migrate_a_large_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "START_TIMEOUT_S", 0.05)
    async with supervising(tmp_path, 2, "slow") as supervisor:
        await wait_until(lambda: len(supervisor.alive) == 1)
        await asyncio.sleep(0.2)  # far longer than a start may take otherwise
        assert len(supervisor.started) == 1
        monkeypatch.setattr(workers, "START_TIMEOUT_S", MAX_WAIT_S)
        (tmp_path / "done").touch()
        await wait_until(lambda: len(supervisor.alive) == 2)


async def test_a_worker_that_dies_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    async with supervising(tmp_path, 2) as supervisor:
        await wait_until(lambda: len(supervisor.alive) == 2)
        victim, other = supervisor.alive
        os.kill(victim, signal.SIGKILL)
        await wait_until(lambda: len(supervisor.started) == 3 and len(supervisor.alive) == 2)
        assert other in supervisor.alive


async def test_a_worker_that_hangs_while_it_starts_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MIN_BACKOFF_S", 0.01)
    async with supervising(tmp_path, 2) as supervisor:
        await wait_until(lambda: len(supervisor.alive) == 2)
        monkeypatch.setattr(workers, "START_TIMEOUT_S", 0.5)
        (tmp_path / "hangs").touch()
        os.kill(min(supervisor.alive), signal.SIGKILL)
        await wait_until(lambda: len(supervisor.started) == 3)
        monkeypatch.setattr(workers, "START_TIMEOUT_S", MAX_WAIT_S)
        (tmp_path / "hangs").unlink()
        await wait_until(lambda: len(supervisor.started) > 3 and len(supervisor.alive) == 2)


async def test_a_hangup_signal_replaces_all_workers_one_by_one(tmp_path: Path) -> None:
    async with supervising(tmp_path, 2) as supervisor:
        await wait_until(lambda: len(supervisor.alive) == 2)
        old = supervisor.alive
        os.kill(os.getpid(), signal.SIGHUP)
        await wait_until(lambda: len(supervisor.alive) == 2 and not supervisor.alive & old)


async def test_new_workers_that_do_not_start_replace_none(tmp_path: Path) -> None:
    async with supervising(tmp_path, 2) as supervisor:
        await wait_until(lambda: len(supervisor.alive) == 2)
        old = supervisor.alive
        (tmp_path / "broken").touch()
        os.kill(os.getpid(), signal.SIGHUP)
        await wait_until(lambda: len(supervisor.started) == 3 and supervisor.alive == old)


async def test_a_service_that_cannot_start_ends_with_the_exit_status_of_its_worker(tmp_path: Path) -> None:
    async with supervising(tmp_path, 2, mode="broken") as supervisor:
        assert await supervisor.running == 3
    assert len(supervisor.started) == 1


async def test_a_supervisor_refuses_an_address_in_use() -> None:
    port = free_port()
    [other] = listen("127.0.0.1", port)
    with other, pytest.raises(AddressTakenError):
        await Supervisor(["never"], "127.0.0.1", port, 2).run()
