"""The worker's side of several processes: its control pipe to the supervisor and its listening sockets.

The worker writes one ready byte to the pipe once it serves. The pipe's end of file tells it to stop: the supervisor has
closed its end, or has died.
"""

import asyncio
import signal
import socket
from dataclasses import dataclass

from aiohttp import web

from chatbot.sockets.origin_checks import refuse_polling

READY = b"r"


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """A worker's end of the control pipe, and the sockets on which it accepts connections."""

    control: socket.socket
    listeners: list[socket.socket]

    @classmethod
    def parse(cls, text: str) -> "WorkerContext":
        """Parse the argument of --worker: inherited file descriptors, the control pipe's first, as in "3,4,5"."""
        control, *listeners = (socket.socket(fileno=int(number)) for number in text.split(","))
        return cls(control, listeners)

    def attach(self, app: web.Application) -> None:
        """Report when the application is ready, and stop it gracefully at the end of the control pipe.

        HTTP long-polling is refused: the kernel deals out connections, so its requests would reach several workers.
        """
        refuse_polling(app)
        app.on_startup.append(self._started)
        app.on_shutdown.insert(0, self._stopping)

    async def _started(self, app: web.Application) -> None:
        self.control.setblocking(False)
        asyncio.get_running_loop().add_reader(self.control, self._stop)
        self.control.send(READY)

    def _stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self.control)
        signal.raise_signal(signal.SIGTERM)

    async def _stopping(self, app: web.Application) -> None:
        """Ignore further signals: a service manager may send some to every process."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.control)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: None)
