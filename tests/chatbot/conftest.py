"""The service over a real database, with the demo's customers in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.house import House


@pytest.fixture
async def house(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[House]:
    opened = await House.open(tmp_path, clock, url)
    yield opened
    await opened.close()
