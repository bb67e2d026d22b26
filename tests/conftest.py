"""What every test has: a clock to move, a database of its own, and no way out of this machine."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.clock import FakeClock

pytest.register_assert_rewrite("tests.end_to_end.looks")  # so that it says what it found


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=services.DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    """Each database that the service runs on; a test that asks for it, or for what needs it, runs on every one."""
    return str(request.param)


@pytest.fixture
def url(driver: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database for this test alone. It may have the schema already, and holds nothing."""
    with services.a_database(driver, tmp_path) as address:
        yield address


@pytest.fixture
def redis_url() -> str:
    """The address of a Redis. Others may use it: keep to names of your own."""
    address = services.redis()
    if address is None:
        services.without("Redis")
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
def nothing_leaves_this_machine() -> Iterator[None]:
    """Refuse every connection that is not to this machine, whoever asks for it."""
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
