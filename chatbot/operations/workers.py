"""The supervisor of several processes on one machine: it starts the workers, watches and replaces them.

The supervisor opens listening sockets for each worker slot, so that the kernel distributes new connections evenly
(SO_REUSEPORT). They stay open while a worker is replaced: a client that connects meanwhile waits and is not refused.
A worker is a new program, not a fork, so a replacement runs the code and the configuration installed by then.

Supervisor and worker hold the two ends of a control pipe; `chatbot.operations.worker` describes the protocol.
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
from prometheus_client import multiprocess

from chatbot.operations.listening import listen, refuse_taken
from chatbot.operations.worker import READY

log = structlog.get_logger(__name__)

HEALTHY_AFTER_S = 2.0
"""A worker that ran for longer is replaced at once when it dies; earlier deaths count towards the restart backoff."""
MIN_BACKOFF_S, MAX_BACKOFF_S = 0.5, 30.0
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 30.0
"""A draining worker needs twelve seconds at the most on a machine that is not overloaded."""
METRICS_DIR_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder of all workers' metrics; prometheus_client reads it when it is imported."""


@dataclass(eq=False, slots=True)
class Worker:
    """A running process, the supervisor's end of its control pipe, and its start time by the monotonic clock."""

    process: asyncio.subprocess.Process
    control: socket.socket
    started: float = field(default_factory=monotonic)
    ready: bool = False

    async def wait_ready(self, timeout_s: float | None) -> bool:
        """Wait for the ready byte; False if the worker ended before, or took too long."""
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(timeout_s):
                self.ready = await asyncio.get_running_loop().sock_recv(self.control, 1) == READY
        return self.ready

    async def stop(self) -> None:
        """Let the worker finish its requests, and wait for its end; kill it after STOP_TIMEOUT_S."""
        self.control.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self.process.wait()
        except TimeoutError:
            log.error("a worker did not stop in time and was killed", pid=self.process.pid)
            self.process.kill()
            await self.process.wait()

    def was_healthy(self) -> bool:
        """Tell whether the worker served for a while."""
        return self.ready and monotonic() - self.started > HEALTHY_AFTER_S


@dataclass(eq=False, slots=True)
class WorkerSlot:
    """Listening sockets and the worker that serves them; a replacement inherits the sockets."""

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
    """Keeps `count` workers running. `command` starts one; its sockets are added as `--worker SOCKETS`."""

    def __init__(self, command: Sequence[str], host: str, port: int, count: int) -> None:
        self._command = command
        self._host = host
        self._port = port
        self._count = count
        self._slots: list[WorkerSlot] = []
        self._alive: set[Worker] = set()
        self._environment: dict[str, str] = {}
        self._stop = asyncio.Event()
        self._restart = asyncio.Event()

    async def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP replaces the workers one by one. Returns the exit status.

        Raises AddressTakenError.
        """
        refuse_taken(self._host, self._port)
        self._slots = [WorkerSlot(listen(self._host, self._port)) for _ in range(self._count)]
        self._handle_signals()
        with tempfile.TemporaryDirectory(prefix="billchat-metrics-") as metrics:
            self._environment = {**os.environ, METRICS_DIR_VARIABLE: metrics}
            serving = asyncio.create_task(self._serve())
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait((serving, stop), return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            serving.cancel()
            [status] = await asyncio.gather(serving, return_exceptions=True)
            for slot in self._slots:
                slot.close()
            await asyncio.gather(*(worker.stop() for worker in self._alive))
        if isinstance(status, Exception):
            raise status
        return status if isinstance(status, int) else 0

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._restart.set)

    async def _serve(self) -> int:
        """Start one worker, which migrates the database or fails; then the others. Returns a failed start's status."""
        first, *others = self._slots
        worker = await self._fill(first, None)  # no timeout: migrating a large database takes its time
        if not worker.ready:
            return await worker.process.wait() or 1
        log.info("workers start", count=self._count)
        await asyncio.gather(*(self._fill(slot, START_TIMEOUT_S) for slot in others))
        await asyncio.gather(self._restart_on_request(), *map(self._watch, self._slots))
        return 0

    async def _fill(self, slot: WorkerSlot, timeout_s: float | None) -> Worker:
        worker = slot.worker = await self._start(slot)
        if not await worker.wait_ready(timeout_s):
            await worker.stop()  # a hanging one would leave its share of the clients waiting
        return worker

    async def _start(self, slot: WorkerSlot) -> Worker:
        slot.listeners = slot.listeners or listen(self._host, self._port)
        control, workers_end = socket.socketpair()
        control.setblocking(False)
        with workers_end:
            inherited = [each.fileno() for each in (workers_end, *slot.listeners)]
            process = await asyncio.create_subprocess_exec(
                *self._command,
                "--worker",
                ",".join(map(str, inherited)),
                pass_fds=inherited,
                env=self._environment,
                start_new_session=True,  # Ctrl-C must reach it through the control pipe only
            )
        worker = Worker(process, control)
        self._alive.add(worker)
        return worker

    async def _watch(self, slot: WorkerSlot) -> None:
        """Start a new worker whenever the slot's dies."""
        while True:
            worker = slot.worker
            assert worker is not None
            status = await worker.process.wait()
            async with slot.changing:
                if slot.worker is worker:
                    self._remove(worker)
                    if status:
                        log.error("a worker died", pid=worker.process.pid, status=status)
                    else:
                        log.info("a worker was told to stop", pid=worker.process.pid)
                    await self._back_off(slot, worker)
                    await self._fill(slot, START_TIMEOUT_S)

    async def _back_off(self, slot: WorkerSlot, worker: Worker) -> None:
        """Wait twice as long after each early death; meanwhile the other slots get the clients."""
        slot.failures = 0 if worker.was_healthy() else slot.failures + 1
        if slot.failures:
            slot.close()
            await asyncio.sleep(min(MIN_BACKOFF_S * 2 ** (slot.failures - 1), MAX_BACKOFF_S))

    async def _restart_on_request(self) -> None:
        while True:
            await self._restart.wait()
            self._restart.clear()
            for slot in self._slots:
                if not await self._replace(slot):
                    log.error("a new worker did not start; the old ones go on")
                    break
            else:
                log.info("all workers are new")

    async def _replace(self, slot: WorkerSlot) -> bool:
        """Start a new worker and stop the old one once the new one is ready; False leaves the old one running."""
        async with slot.changing:
            old = slot.worker
            new = await self._start(slot)
            kept, ended = (new, old) if await new.wait_ready(START_TIMEOUT_S) else (old, new)
            slot.worker = kept
            if ended is not None:
                await ended.stop()
                self._remove(ended)
            return kept is new

    def _remove(self, worker: Worker) -> None:
        """Release a dead worker, and drop its gauges from the metrics; its counters stay."""
        worker.control.close()
        self._alive.discard(worker)
        folder = self._environment[METRICS_DIR_VARIABLE]
        multiprocess.mark_process_dead(worker.process.pid, folder)  # type: ignore[no-untyped-call]


def run(command: Sequence[str], host: str, port: int, count: int) -> int:
    """Supervise `count` workers until stopped; returns the exit status. Raises AddressTakenError."""

    async def supervise() -> int:
        return await Supervisor(command, host, port, count).run()

    return asyncio.run(supervise())
