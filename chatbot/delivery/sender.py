"""The interface between the dispatcher and a channel: how a message is sent, and the results of a try."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from chatbot.delivery.letter import OutgoingMessage


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the letter, under this id of its own if it gave one."""

    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The letter may get through later; `after` where the sender knows better than the usual waits."""

    reason: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The letter will never get through; `told` when the sender has raised the alarm itself."""

    reason: str
    told: bool = False


SendResult = Sent | Retry | Failed


class Sender(Protocol):
    """One way out: an SMTP server, a texting service, the demo's inbox."""

    async def send(self, letter: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        """Send a letter. `key` is its own for ever; `maybe_sent`: an earlier try may have sent it already.

        Whatever the network does is an outcome; an exception means that the sender is broken.
        """
