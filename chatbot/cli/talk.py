"""`billchat talk`: the dialogue in a terminal, with the turns that the web chat uses.

Each line typed is a customer's message; a number takes a choice. Emails and texts are printed instead of sent.
"""

import asyncio
import logging
import sys
import tempfile
import uuid
from argparse import Namespace
from pathlib import Path

from chatbot.channels.web.wire import MAX_TEXT
from chatbot.conversations.pay_url import text_with_address
from chatbot.conversations.requests import SayRequest, StartRequest, TurnResult
from chatbot.conversations.turns import Turns
from chatbot.delivery.dispatcher import Dispatcher
from chatbot.demo import app
from chatbot.demo.customers import load_demo
from chatbot.demo.inbox import Inbox
from chatbot.operations import logs
from chatbot.service import Service, open_service


def run(arguments: Namespace) -> int:
    """Talk in the locale given, until the input ends."""
    logs.set_up(machine_readable=False, level=logging.WARNING)
    asyncio.run(talk(arguments.locale))
    return 0


async def talk(locale: str) -> None:
    """Hold one conversation on standard input and output, over a temporary database with the demo's customers."""
    with tempfile.TemporaryDirectory() as folder:
        service = open_service(app.settings(8080, Path(folder)))
        await service.database.migrate()
        await load_demo(service.database, service.clock.now().date())
        inbox = Inbox(service)
        dispatcher = Dispatcher(service, {"email": inbox, "sms": inbox})
        await _converse(service, dispatcher, _InboxPrinter(inbox), service.words.best(locale))
        await service.database.close()


async def _converse(service: Service, dispatcher: Dispatcher, printer: "_InboxPrinter", locale: str) -> None:
    print("Type as a customer would, for example as owes@example.com. Ctrl-D leaves.\n")
    turns, session = Turns(service), uuid.uuid4().hex
    answer = await turns.start(StartRequest(session, uuid.uuid4().hex, "terminal", "talk", locale, None))
    assert isinstance(answer, TurnResult)
    _print(service, answer)
    while (line := await asyncio.to_thread(_read_line)) is not None:
        if not line.strip():
            continue
        said = await turns.say(
            SayRequest(answer.conversation, session, uuid.uuid4().hex, "terminal", text=line[:MAX_TEXT])
        )
        assert isinstance(said, TurnResult)
        _print(service, said)
        await dispatcher.settle()
        await printer.print_new()


def _read_line() -> str | None:
    """Prompt and read a line; None at the end of the input."""
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


class _InboxPrinter:
    """Prints each email and text of the inbox once."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._printed = 0

    async def print_new(self) -> None:
        letters = await self._inbox.letters()
        for letter in reversed(letters[: len(letters) - self._printed]):
            text = letter["text"].strip().replace("\n", "\n       │ ")
            print(f"       ┌ {letter['channel']} to {letter['to']}\n       │ {text}\n")
        self._printed = len(letters)
