"""One demo for all the tests that only use it; those that break it start their own."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.browser import NoChromiumError, Visitor, chromium
from tests.end_to_end.complaints import complaints
from tests.end_to_end.customer import Customer
from tests.end_to_end.demo_server import DemoServer
from tests.end_to_end.own_demo import OwnDemo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    server = DemoServer(tmp_path_factory.mktemp("demo"))
    server.start()
    yield server
    assert server.stop() == 0
    complaints = [line for line in server.log.read_text().splitlines() if "[error" in line or "[critical" in line]
    assert complaints == []


@pytest.fixture
async def customer(demo: DemoServer) -> AsyncIterator[Customer]:
    device = await Customer(demo.url).connect()
    yield device
    await device.leave()


@pytest.fixture
def demo_with(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], OwnDemo]]:
    """Starts demos with settings of the test's own, by section."""
    servers: list[OwnDemo] = []

    def start(changes: dict[str, Any]) -> OwnDemo:
        folder = tmp_path / f"demo-{len(servers)}"
        folder.mkdir()
        servers.append(OwnDemo(folder, changes=changes))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop() == 0


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDemo]:
    """The demo that the browser tests share. What is to be approved “later” is approved soon."""
    server = OwnDemo(tmp_path_factory.mktemp("shop"), changes={"payments": {"sandbox": {"later_seconds": 3}}})
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a file: its driver occupies the thread's event loop and must be gone before asynchronous tests."""
    try:
        with chromium() as started:
            yield started
    except NoChromiumError as fault:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"BROWSER TESTS NOT RUN: {fault}")


@pytest.fixture
def arrive(browser: Browser, shop: OwnDemo) -> Iterator[Callable[..., Visitor]]:
    """Brings visitors with browsers of their own; takes the wishes of a Playwright context."""
    visitors: list[Visitor] = []

    def visitor(at: DemoServer = shop, **wishes: Any) -> Visitor:
        visitors.append(Visitor.arrives(browser, at, **wishes))
        return visitors[-1]

    yield visitor
    for each in visitors:
        each.leaves()


@pytest.fixture(scope="module")
def rude(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDemo]:
    """A demo to be rude to. Whatever it is sent, it has nothing to complain of, and stops in good order."""
    server = OwnDemo(tmp_path_factory.mktemp("rude"))
    server.changes = {"limits": {"identifiers_per_address_per_hour": 40}}
    server.start()
    yield server
    assert server.stop() == 0
    assert complaints(server.log) == []


@pytest.fixture
async def the_others_notice_nothing(rude: OwnDemo) -> AsyncIterator[None]:
    """After a test somebody else is served at once, and the log holds no complaint."""
    before = rude.log.stat().st_size
    yield
    other = await Customer(rude.url).connect()
    assert (await asyncio.wait_for(other.start("pay_bill"), 2))[-1]["expects"] == "identifier"
    await other.leave()
    assert complaints(rude.log, before) == []
