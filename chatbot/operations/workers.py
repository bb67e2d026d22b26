"""Several processes of one service on one machine: a parent that starts its workers, watches and replaces them.

The parent opens the listening sockets, one for each worker, so that the kernel deals new connections out evenly
(SO_REUSEPORT), and keeps them open while a worker is replaced: who connects meanwhile waits a moment, unrefused.
A worker is a new program and no fork, so one that is replaced runs what is installed and configured by then.

Parent and worker hold the two ends of a line. The worker says on it that it is ready; when it closes, the worker goes
home: the parent wants it to stop, or is gone.
"""

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

import structlog
from aiohttp import web
from prometheus_client import multiprocess

from chatbot.sockets.origin_checks import refuse_polling

log = structlog.get_logger(__name__)

READY = b"r"
# A worker that lived for longer than this was well, and is replaced at once.
WELL_AFTER_S = 2.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
LONGEST_START_S = 120.0
# A worker that drains needs twelve seconds at the most, on a machine that has time for it; see the graces it gives.
LONGEST_STOP_S = 30.0
BACKLOG = 1024
# Where the metrics of all workers come together; prometheus_client reads it when it is imported.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class AddressTakenError(Exception):
    """There is no listening where the settings say; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """A worker's context: its end of the line to the parent, and the sockets that it takes customers from."""

    control: socket.socket
    listeners: list[socket.socket]

    @classmethod
    def read(cls, written: str) -> "WorkerContext":
        """Take the place that the parent wrote on the command line."""
        control, *listeners = (socket.socket(fileno=int(number)) for number in written.split(","))
        return cls(control, listeners)

    def attach(self, app: web.Application) -> None:
        """Say when the application is ready, and end it in good order when the line is closed.

        The kernel deals out connections, not customers: what needs more than one would reach several workers.
        """
        refuse_polling(app)
        app.on_startup.append(self._begin)
        app.on_shutdown.insert(0, self._end)

    async def _begin(self, app: web.Application) -> None:
        self.control.setblocking(False)
        asyncio.get_running_loop().add_reader(self.control, self._go_home)
        self.control.send(READY)

    def _go_home(self) -> None:
        asyncio.get_running_loop().remove_reader(self.control)
        signal.raise_signal(signal.SIGTERM)

    async def _end(self, app: web.Application) -> None:
        """From here on further signals change nothing: a service manager may send some to every process."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.control)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: None)


@dataclass(eq=False, slots=True)
class Worker:
    """A process at work, the parent's end of its line, and when it started."""

    process: asyncio.subprocess.Process
    control: socket.socket
    started: float = field(default_factory=monotonic)
    ready: bool = False

    async def until_ready(self, longest_s: float | None) -> bool:
        """Wait until it takes customers; False when it ended before, or took too long."""
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(longest_s):
                self.ready = await asyncio.get_running_loop().sock_recv(self.control, 1) == READY
        return self.ready

    async def retire(self) -> None:
        """Let it finish what is under way, and wait for its end."""
        self.control.close()
        try:
            async with asyncio.timeout(LONGEST_STOP_S):
                await self.process.wait()
        except TimeoutError:
            log.error("a worker did not stop in time and was killed", pid=self.process.pid)
            self.process.kill()
            await self.process.wait()

    def was_well(self) -> bool:
        """Whether it did its work for a while."""
        return self.ready and monotonic() - self.started > WELL_AFTER_S


@dataclass(eq=False, slots=True)
class WorkerSlot:
    """Where one worker after another works: they share its listening sockets."""

    listeners: list[socket.socket]
    worker: Worker | None = None
    failures: int = 0
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def close(self) -> None:
        """Stop listening: the kernel gives new connections to the other slots."""
        for listener in self.listeners:
            listener.close()
        self.listeners = []


class Supervisor:
    """Keeps `count` workers at work. `command` starts one; its context is added as `--worker PLACE`."""

    def __init__(self, command: Sequence[str], host: str, port: int, count: int) -> None:
        self._command = command
        self._host = host
        self._port = port
        self._count = count
        self._slots: list[WorkerSlot] = []
        self._alive: set[Worker] = set()
        self._environment: dict[str, str] = {}
        self._stopping = asyncio.Event()
        self._renewing = asyncio.Event()

    async def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP replaces the workers one by one. Returns the exit status.

        Raises AddressTakenError.
        """
        refuse_taken(self._host, self._port)
        self._slots = [WorkerSlot(listen(self._host, self._port)) for _ in range(self._count)]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._renewing.set)
        with tempfile.TemporaryDirectory(prefix="billchat-metrics-") as metrics:
            self._environment = {**os.environ, METRICS_FOLDER: metrics}
            work = asyncio.create_task(self._work())
            stop = asyncio.create_task(self._stopping.wait())
            await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            work.cancel()
            [status] = await asyncio.gather(work, return_exceptions=True)
            for slot in self._slots:
                slot.close()
            await asyncio.gather(*(worker.retire() for worker in self._alive))
        if isinstance(status, Exception):
            raise status
        return status if isinstance(status, int) else 0

    async def _work(self) -> int:
        """Start the first worker, which brings the database up to date and meets what is wrong; then the others."""
        first, *others = self._slots
        worker = await self._fill(first, None)  # a large database takes its time to be brought up to date
        if not worker.ready:
            return await worker.process.wait() or 1
        log.info("workers start", count=self._count)
        await asyncio.gather(*(self._fill(slot, LONGEST_START_S) for slot in others))
        await asyncio.gather(self._renew_when_asked(), *map(self._keep, self._slots))
        return 0

    async def _fill(self, slot: WorkerSlot, longest_s: float | None) -> Worker:
        worker = slot.worker = await self._start(slot)
        if not await worker.until_ready(longest_s):
            await worker.retire()  # one that hangs would keep those waiting whom the kernel deals to it
        return worker

    async def _start(self, slot: WorkerSlot) -> Worker:
        slot.listeners = slot.listeners or listen(self._host, self._port)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            passed = [end.fileno() for end in (theirs, *slot.listeners)]
            process = await asyncio.create_subprocess_exec(
                *self._command,
                "--worker",
                ",".join(map(str, passed)),
                pass_fds=passed,
                env=self._environment,
                start_new_session=True,  # so that Ctrl-C reaches it by its line only
            )
        worker = Worker(process, ours)
        self._alive.add(worker)
        return worker

    async def _keep(self, slot: WorkerSlot) -> None:
        """Put a new worker into a slot whenever the one in it dies."""
        while True:
            worker = slot.worker
            assert worker is not None
            status = await worker.process.wait()
            async with slot.changing:
                if slot.worker is worker:
                    self._forget(worker)
                    if status:
                        log.error("a worker died", pid=worker.process.pid, status=status)
                    else:
                        log.info("a worker was told to stop", pid=worker.process.pid)
                    await self._wait_a_little(slot, worker)
                    await self._fill(slot, LONGEST_START_S)

    async def _wait_a_little(self, slot: WorkerSlot, worker: Worker) -> None:
        """Wait longer and longer while workers die soon after their start; meanwhile the others get its customers."""
        slot.failures = 0 if worker.was_well() else slot.failures + 1
        if slot.failures:
            slot.close()
            await asyncio.sleep(min(FIRST_WAIT_S * 2 ** (slot.failures - 1), LONGEST_WAIT_S))

    async def _renew_when_asked(self) -> None:
        while True:
            await self._renewing.wait()
            self._renewing.clear()
            for slot in self._slots:
                if not await self._renew(slot):
                    log.error("a new worker did not start; the old ones go on")
                    break
            else:
                log.info("all workers are new")

    async def _renew(self, slot: WorkerSlot) -> bool:
        """Replace a worker: the new one is at work before the old one goes."""
        async with slot.changing:
            old = slot.worker
            new = await self._start(slot)
            kept, gone = (new, old) if await new.until_ready(LONGEST_START_S) else (old, new)
            slot.worker = kept
            if gone is not None:
                await gone.retire()
                self._forget(gone)
            return kept is new

    def _forget(self, worker: Worker) -> None:
        """Take a dead worker's sockets and the like out of the metrics; what it counted stays."""
        worker.control.close()
        self._alive.discard(worker)
        folder = self._environment[METRICS_FOLDER]
        multiprocess.mark_process_dead(worker.process.pid, folder)  # type: ignore[no-untyped-call]


def listen(host: str, port: int) -> list[socket.socket]:
    """Open one worker's sockets: one for each address that the host's name has."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [
        socket.create_server(address[:2], family=family, backlog=BACKLOG, reuse_port=True)
        for family, address in dict.fromkeys((family, address) for family, *_, address in found)
    ]


def refuse_taken(host: str, port: int) -> None:
    """Raise AddressTakenError if somebody listens there: by SO_REUSEPORT, two services would share customers."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as fault:
        why = fault.strerror if fault.errno is None or fault.errno < 0 else os.strerror(fault.errno)
        raise AddressTakenError(
            f"server.host, server.port: cannot listen on {host}, port {port} ({why}); "
            "stop what listens there, or choose another"
        ) from None


def run(command: Sequence[str], host: str, port: int, count: int) -> int:
    """Keep workers at work until told to stop; returns the exit status. Raises AddressTakenError."""

    async def supervise() -> int:
        return await Supervisor(command, host, port, count).run()

    return asyncio.run(supervise())
