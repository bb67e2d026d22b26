"""Servers and visitors of the end-to-end tests. Tests that stop a server start one of their own."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.browser import NoChromiumError, Visitor, chromium
from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.customer import Customer
from tests.end_to_end.demo_server import DemoServer
from tests.end_to_end.server_log import logged_errors


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    server = DemoServer(tmp_path_factory.mktemp("demo"))
    server.start()
    yield server
    assert server.stop() == 0
    assert logged_errors(server.log) == []


@pytest.fixture
async def customer(demo: DemoServer) -> AsyncIterator[Customer]:
    device = await Customer(demo.url).connect()
    yield device
    await device.leave()


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], ConfiguredDemo]]:
    """Starts demos with changed settings, by section."""
    servers: list[ConfiguredDemo] = []

    def start(changes: dict[str, Any]) -> ConfiguredDemo:
        folder = tmp_path / f"demo-{len(servers)}"
        folder.mkdir()
        servers.append(ConfiguredDemo(folder, changes=changes))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop() == 0


@pytest.fixture(scope="session")
def browser_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfiguredDemo]:
    """The demo that the browser tests share. A payment that is approved “later” is approved after 3 s."""
    server = ConfiguredDemo(
        tmp_path_factory.mktemp("browser-demo"), changes={"payments": {"sandbox": {"later_seconds": 3}}}
    )
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a file: its driver uses the thread's event loop, and has to end before asynchronous tests."""
    try:
        with chromium() as started:
            yield started
    except NoChromiumError as fault:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"BROWSER TESTS NOT RUN: {fault}")


@pytest.fixture
def new_visitor(browser: Browser, browser_demo: ConfiguredDemo) -> Iterator[Callable[..., Visitor]]:
    """Opens visitors with a browser context each; takes the options of a Playwright context."""
    visitors: list[Visitor] = []

    def visitor(at: DemoServer = browser_demo, **options: Any) -> Visitor:
        visitors.append(Visitor.open(browser, at, **options))
        return visitors[-1]

    yield visitor
    for each in visitors:
        each.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfiguredDemo]:
    """A demo to attack. It logs no error and stops normally."""
    server = ConfiguredDemo(tmp_path_factory.mktemp("target"))
    server.changes = {"limits": {"identifiers_per_address_per_hour": 40}}
    server.start()
    yield server
    assert server.stop() == 0
    assert logged_errors(server.log) == []


@pytest.fixture
async def other_customers_unaffected(target: ConfiguredDemo) -> AsyncIterator[None]:
    """After a test another customer is answered, and the log holds no error."""
    before = target.log.stat().st_size
    yield
    other = await Customer(target.url).connect()
    assert (await other.start("pay_bill"))[-1]["expects"] == "identifier"
    await other.leave()
    assert logged_errors(target.log, before) == []
