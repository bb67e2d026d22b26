"""The interface between the dispatcher and a channel: how a message is sent, and the results of a try."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from chatbot.delivery.letter import OutgoingMessage


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message, and gave it this id if it gives ids."""

    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The message may get through later. `after` replaces the delay of the retry policy."""

    reason: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The message will never get through. `alerted`: the sender has logged the error itself."""

    reason: str
    alerted: bool = False


SendResult = Sent | Retry | Failed


class Sender(Protocol):
    """Sends the messages of a channel: an SMTP server, an SMS provider, the demo's inbox."""

    lookup_delay: timedelta = timedelta(0)
    """How long after an interrupted try the provider can say whether it accepted the message.

    Zero for a channel on which a second try does no harm: it is made at once.
    """

    async def send(self, message: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        """Send a message. `key` is the same on every try; `maybe_sent`: an earlier try may have sent it.

        Network errors are results; an exception means a bug in the sender.
        """
        ...

    async def imitate(self, message: OutgoingMessage, *, key: str) -> SendResult:
        """Do the work of sending a message without sending it, for an unknown identifier.

        A sender whose work can be noticed overrides this: the delay of other requests would tell customers from
        strangers otherwise.
        """
        del message, key
        return Sent()
