"""The service over a real database, with the demo's customers in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture


@pytest.fixture
async def billchat(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[ServiceFixture]:
    opened = await ServiceFixture.open(tmp_path, clock, url)
    yield opened
    await opened.close()
