"""Ctrl-C and SIGTERM during atomic commands: the command rolls its work back, and prints that nothing was done."""

import signal
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal arrived. Not an Exception, so that no handler for errors takes it for one."""


class Interruption:
    """Handles the signals while it is entered: raises Interrupted, or only notes the signal, for work that asks.

    An exception between two arbitrary instructions suits the reading of a file, but no open transaction.
    """

    def __init__(self) -> None:
        self.signal = 0
        """The number of the signal that arrived; 0 for none."""
        self._raises = True
        self._before: dict[int, Any] = {}

    def only_note(self) -> None:
        """Note signals from here on, and raise no exception."""
        self._raises = False

    def __enter__(self) -> Self:
        heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # nohup, cmd & in scripts
        self._before = {number: signal.signal(number, self._handle) for number in heeded}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        if self._raises:
            raise Interrupted
