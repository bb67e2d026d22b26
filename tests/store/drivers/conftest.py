"""A second process on the same database."""

from collections.abc import AsyncIterator

import pytest

from store import Database, open_database


@pytest.fixture
async def other(url: str) -> AsyncIterator[Database]:
    """The same database, as another process has it open."""
    opened = open_database(url)
    yield opened
    await opened.close()
