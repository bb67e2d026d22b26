"""Backups as in docs/operating.md, taken while customers chat, are complete and can be restored."""

import asyncio
import shutil
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from tests.clock import FakeClock
from tests.database_servers import postgres_server
from tests.pages import blocks
from tests.service_fixture import ServiceFixture, Visitor, cards
from tests.skipping import skip_without

CUSTOMERS = 8
PARTS = ("billchat.db", "billchat.db-wal", "billchat.db-shm")


def line_of(words: str) -> str:
    """Return the page's command that contains these words."""
    lines = [line for block in blocks("sh", "operating.md") for line in block.text.splitlines()]
    [found] = [line for line in lines if words in line]
    return found


async def run(line: str, **places: str) -> str:
    """Run a command of the page with the test's paths and addresses; return its output."""
    program = line.partition(" ")[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed") if program == "sqlite3" else skip_without("PostgreSQL")
    for name, place in places.items():
        line = line.replace(PLACES[name], place)
    done = await asyncio.to_thread(subprocess.run, ["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


PLACES = {"live": "/var/lib/billchat", "copies": "/var/backups", "server": "10.0.0.5:5432", "host": "--host=10.0.0.5"}


@asynccontextmanager
async def chatting(billchat: ServiceFixture) -> AsyncIterator[list[Visitor]]:
    """Customers who chat without pause, each after a first answer."""
    visitors = [await billchat.visitor() for _ in range(CUSTOMERS)]

    async def chat(visitor: Visitor) -> None:
        while True:
            await visitor.say("menu")
            await visitor.choose("pay_bill")
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(chat(visitor)) for visitor in visitors]
    try:
        yield visitors
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def chats_go_on(billchat: ServiceFixture, visitors: list[Visitor]) -> None:
    """Check that every conversation is complete, and that a customer reaches the balance."""
    lasts = {row["id"]: row["last_seq"] for row in await billchat.rows("select id, last_seq from conversations")}
    assert lasts.keys() == {visitor.conversation for visitor in visitors}
    kept = Counter(row["conversation"] for row in await billchat.rows("select conversation from messages"))
    assert kept == lasts
    for visitor in visitors:
        visitor.billchat = billchat
    assert "balance" in cards(await visitors[0].verify())


@pytest.mark.parametrize(
    ("command", "copy"), [(".backup", "billchat.db"), ("vacuum into", "billchat-new.db")], ids=[".backup", "vacuum"]
)
async def test_a_copy_of_an_sqlite_database_in_use_is_restored(
    tmp_path: Path, clock: FakeClock, command: str, copy: str
) -> None:
    live, copies, before = (tmp_path / name for name in ("live", "copies", "before"))
    for folder in (live, copies, before):
        folder.mkdir()
    billchat = await ServiceFixture.open(live, clock)
    async with chatting(billchat) as visitors:
        await run(line_of(command), live=str(live), copies=str(copies))
    await billchat.close()
    assert await run(line_of("integrity_check").replace("billchat.db", copy), copies=str(copies)) == "ok\n"
    for part in PARTS:
        if (live / part).exists():
            (live / part).rename(before / part)
    shutil.copy(copies / copy, live / "billchat.db")
    restored = await ServiceFixture.open(live, clock)
    await chats_go_on(restored, visitors)
    await restored.close()


async def test_a_dump_of_a_postgresql_database_in_use_is_restored(tmp_path: Path, clock: FakeClock) -> None:
    with postgres_server() as server:
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("create database billchat")
        places = {
            "copies": str(tmp_path),
            "server": f"127.0.0.1:{server.port}",
            "host": f"--host=127.0.0.1 --port={server.port}",
        }
        billchat = await ServiceFixture.open(tmp_path, clock, server.url.replace("/postgres", "/billchat"))
        async with chatting(billchat) as visitors:
            await run(line_of("pg_dump --format"), **places)
        await billchat.close()
        for words in ("createdb", "pg_restore --exit", "psql --dbname"):
            await run(line_of(words), **places)
        restored = await ServiceFixture.open(tmp_path, clock, server.url.replace("/postgres", "/billchat_restored"))
        await chats_go_on(restored, visitors)
        await restored.close()
