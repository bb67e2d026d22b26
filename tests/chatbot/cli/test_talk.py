"""`billchat talk`: a conversation in the terminal."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from chatbot.cli.main import main

ROOT = Path(__file__).parents[3]
PROMPT = "you  › "


class Terminal:
    """Types lines, and reads up to the next prompt."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self._stdin, self._stdout = process, process.stdin, process.stdout

    async def read(self) -> str:
        async with asyncio.timeout(60):
            return (await self._stdout.readuntil(PROMPT.encode())).decode()

    async def type(self, line: str) -> str:
        self._stdin.write(f"{line}\n".encode())
        return await self.read()

    async def leave(self) -> int:
        self._stdin.close()
        async with asyncio.timeout(30):
            return await self.process.wait()


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chatbot", "talk"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    yield Terminal(process)
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_the_link_that_is_handed_out_can_be_paid_and_the_receipt_arrives(terminal: Terminal) -> None:
    await terminal.read()
    await terminal.type("pay my bill")
    letter = re.search(r"^ +│ *(\d{6})$", await terminal.type("owes@example.com"), re.MULTILINE)
    assert letter is not None
    assert "£42.50" in await terminal.type(letter[1])
    link = re.search(r"http://127\.0\.0\.1:\d+/pay/\S+", await terminal.type("pay"))
    assert link is not None
    async with aiohttp.ClientSession() as http:
        async with http.get(link[0]) as page:
            assert page.status == 200
        async with http.post(link[0], data={"method": "sandbox"}) as checkout:
            assert checkout.status == 200
            address = checkout.url
        async with http.post(address, data={"action": "approve"}) as done:
            assert done.status == 200
    assert "received your payment of £42.50" in await terminal.read()
    assert await terminal.leave() == 0


@pytest.mark.parametrize("locale", ["fr", "eng", "nonsense"])
def test_a_language_without_texts_is_refused_with_those_there_are(
    locale: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["talk", "--locale", locale]) == 2
    assert capsys.readouterr().err == f"--locale {locale}: there are no texts; write en or es\n"
