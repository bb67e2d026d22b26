"""Conversations with payments on every database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.payment_fixture import PaymentFixture


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(tmp_path, clock, url) as opened:
        yield opened
