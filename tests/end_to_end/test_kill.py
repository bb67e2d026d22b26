"""Two hundred customers pay at once while the server is killed again and again: nothing is lost, nothing is doubled."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from chatbot.demo import app
from chatbot.keys import Keys
from tests.end_to_end.crowd import Stubborn, bill, check_books, pay_while, until_all_has_left
from tests.end_to_end.demo_server import DemoServer

CUSTOMERS = 200
KILLS = 20


class OpenDemo(DemoServer):
    """A demo whose books can be looked into."""

    def read(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.data / 'billchat.db'}?mode=ro", uri=True, timeout=10) as connection:
            return connection.execute(sql, params).fetchall()


@pytest.mark.timeout(280)
async def test_nothing_is_lost_and_nothing_doubled_when_the_server_is_killed(tmp_path: Path) -> None:
    await bill(CUSTOMERS, tmp_path, app.settings(0, tmp_path / ".demo").database.url)
    server = OpenDemo(tmp_path)
    await asyncio.to_thread(server.start)
    keys = Keys((server.data / "key").read_text())
    customers = [Stubborn(server, number, keys) for number in range(CUSTOMERS)]

    async def kill() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    await pay_while(customers, [kill] * KILLS)
    await until_all_has_left(server)
    await asyncio.to_thread(server.stop)
    check_books(server, customers)
