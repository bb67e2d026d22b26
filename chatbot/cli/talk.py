"""The dialogue in a terminal: the same turns, with the keyboard for a channel.

Lines typed become what a customer says; a choice is taken by its number. Codes and letters that would have been sent
are printed, because they went nowhere else.
"""

import asyncio
import sys
import tempfile
import uuid
from pathlib import Path

from chatbot.channels.web.wire import MAX_TEXT
from chatbot.conversations.pay_url import text_with_address
from chatbot.conversations.requests import SayRequest, StartRequest, TurnResult
from chatbot.conversations.turns import Turns
from chatbot.delivery.dispatcher import Dispatcher
from chatbot.demo import app
from chatbot.demo.customers import load_demo
from chatbot.demo.inbox import Inbox
from chatbot.service import Service, open_service


async def talk(locale: str) -> None:
    """Hold one conversation with the demo's customers on standard input and output, until the input ends."""
    with tempfile.TemporaryDirectory() as folder:
        service = open_service(app.settings(8080, Path(folder)))
        await service.database.migrate()
        await load_demo(service.database, service.clock.now().date())
        inbox = Inbox(service)
        dispatcher = Dispatcher(service, {"email": inbox, "sms": inbox})
        await _converse(service, dispatcher, _Letters(inbox), service.words.best(locale))
        await service.database.close()


async def _converse(service: Service, dispatcher: Dispatcher, letters: "_Letters", locale: str) -> None:
    print("Type as a customer would, for example as owes@example.com. Ctrl-D leaves.\n")
    turns, session = Turns(service), uuid.uuid4().hex
    answer = await turns.start(StartRequest(session, uuid.uuid4().hex, "terminal", "talk", locale, None))
    assert isinstance(answer, TurnResult)
    _print(service, answer)
    while (line := await asyncio.to_thread(_read)) is not None:
        if not line.strip():
            continue
        said = await turns.say(
            SayRequest(answer.conversation, session, uuid.uuid4().hex, "terminal", text=line[:MAX_TEXT])
        )
        assert isinstance(said, TurnResult)
        _print(service, said)
        await dispatcher.settle()
        await letters.print_new()


def _read() -> str | None:
    """Read a line; None when the input ended."""
    sys.stdout.write("you  › ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _print(service: Service, result: TurnResult) -> None:
    for message in result.messages:
        if message.author != "customer":
            print("bot  › " + text_with_address(service, message).replace("\n", "\n       "))
            for number, choice in enumerate((message.extra or {}).get("choices", ()), start=1):
                print(f"       {number}  {choice['label']}")
    print()


class _Letters:
    """Prints each letter of the inbox once."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._printed = 0

    async def print_new(self) -> None:
        letters = await self._inbox.letters()
        for letter in reversed(letters[: len(letters) - self._printed]):
            text = letter["text"].strip().replace("\n", "\n       │ ")
            print(f"       ┌ {letter['channel']} to {letter['to']}\n       │ {text}\n")
        self._printed = len(letters)
