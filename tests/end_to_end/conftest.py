"""One demo for all the tests that only use it; those that break it start their own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.end_to_end.customer import Customer
from tests.end_to_end.demo_server import DemoServer


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
