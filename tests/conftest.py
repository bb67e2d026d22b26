"""Fixtures of all tests, the size in which they run, and a block on connections to other machines."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import services, sizes
from tests.clock import FakeClock
from tests.skipping import skip_without

# For failure messages with the values that were compared.
pytest.register_assert_rewrite("tests.end_to_end.accessibility", "tests.end_to_end.load_customers")


def pytest_configure() -> None:
    sizes.load_hypothesis_profile()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    count = sizes.repetitions(metafunc.definition)
    if count > 1:
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(count))


@pytest.hookimpl(trylast=True)  # once Hypothesis has marked its tests
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [test for test in items if not sizes.is_selected(test)]
    items[:] = [test for test in items if sizes.is_selected(test)]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=services.DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    """The database that the service runs on; a test that uses it, directly or not, runs once for each."""
    return str(request.param)


@pytest.fixture
def url(driver: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database without rows for this test alone. It may have the schema already."""
    with services.temporary_database(driver, tmp_path) as address:
        yield address


@pytest.fixture
def redis_url() -> str:
    """The address of a Redis that other tests use too: choose unique names for keys and channels."""
    address = services.redis()
    if address is None:
        skip_without("Redis")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{address}/{services.REDIS_DATABASES - 1 - worker % 8}"


def pytest_sessionfinish() -> None:
    services.stop_all()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = " ".join(str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    for service in services.NEEDED:
        if f"{service} is not installed" in skipped:
            terminalreporter.write_sep("!", f"NOT TESTED on {service}: it is not installed", red=True, bold=True)


@pytest.fixture(autouse=True, scope="session")
def no_connections_to_other_machines() -> Iterator[None]:
    """Fail every connection of this process to another machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse_others(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")

    def guarded(self: socket.socket, address: Any) -> None:
        refuse_others(self, address)
        return connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        refuse_others(self, address)
        return connect_ex(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    patch.setattr(socket.socket, "connect_ex", guarded_ex)
    yield
    patch.undo()
