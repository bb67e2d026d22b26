"""`billchat talk`: the dialogue in a terminal, with the turns that the web chat uses.

Each line typed is a customer's message; a number takes a choice. Emails and texts are printed instead of sent. The
demo serves the payment pages on a free port meanwhile, so that a payment link can be opened and paid.
"""

import asyncio
import contextlib
import logging
import socket
import sys
import tempfile
import uuid
from argparse import Namespace
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from chatbot.app import PARTS, Parts
from chatbot.channels.web.wire import MAX_TEXT
from chatbot.conversations.pay_url import text_with_address
from chatbot.conversations.requests import SayRequest, StartRequest, TurnResult
from chatbot.demo import app
from chatbot.demo.inbox import Inbox
from chatbot.operations import logs
from chatbot.service import Service
from flows.wording.words import Words

ORIGIN = "terminal"


def run(arguments: Namespace) -> int:
    """Talk in the locale given, until the input ends; returns the exit status, 2 for a locale without texts."""
    words, locale = Words(), arguments.locale.replace("_", "-").lower()
    if not f"{locale}-".startswith(f"{words.best(locale)}-".lower()):
        sys.stderr.write(f"--locale {arguments.locale}: there are no texts; write {' or '.join(words.locales)}\n")
        return 2
    logs.set_up(machine_readable=False, level=logging.WARNING)
    asyncio.run(talk(words.best(locale)))
    return 0


async def talk(locale: str) -> None:
    """Hold one conversation on standard input and output, over a temporary database with the demo's customers."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        settings = app.settings(listener.getsockname()[1], Path(folder))
        async with _served(app.build(settings, Path(folder)), listener) as parts:
            await _converse(parts, locale)


@contextlib.asynccontextmanager
async def _served(application: web.Application, listener: socket.socket) -> AsyncIterator[Parts]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield application[PARTS]
    finally:
        await runner.cleanup()


async def _converse(parts: Parts, locale: str) -> None:
    print("Type as a customer would, for example as owes@example.com. Ctrl-D leaves.\n")
    turns, service, session = parts.turns, parts.service, uuid.uuid4().hex
    letters = _LetterPrinter(Inbox(service))

    async def print_report(result: TurnResult) -> None:
        if result.origin != ORIGIN:  # a payment's outcome, while the terminal waits for a line
            print("\n")
            _print(service, result)
            _prompt()

    turns.subscribe(print_report)
    answer = await turns.start(StartRequest(session, uuid.uuid4().hex, ORIGIN, "talk", locale, None, ORIGIN))
    assert isinstance(answer, TurnResult)
    _print(service, answer)
    while (line := await asyncio.to_thread(_read_line)) is not None:
        if not line.strip():
            continue
        said = await turns.say(
            SayRequest(answer.conversation, session, uuid.uuid4().hex, ORIGIN, text=line[:MAX_TEXT], origin=ORIGIN)
        )
        assert isinstance(said, TurnResult)
        _print(service, said)
        await parts.dispatcher.settle()
        await letters.print_new()


def _prompt() -> None:
    sys.stdout.write("you  › ")
    sys.stdout.flush()


def _read_line() -> str | None:
    """Prompt and read a line; None at the end of the input."""
    _prompt()
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _print(service: Service, result: TurnResult) -> None:
    for message in result.messages:
        if message.author != "customer":
            print("bot  › " + text_with_address(service, message).replace("\n", "\n       "))
            for number, choice in enumerate((message.extra or {}).get("choices", ()), start=1):
                print(f"       {number}  {choice['label']}")
    print()


class _LetterPrinter:
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
