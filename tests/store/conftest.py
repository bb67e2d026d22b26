"""A real database for every test, once for each driver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import Database, open_database

DRIVERS = ["sqlite"]


@pytest.fixture(params=DRIVERS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of the driver's kind."""
    return f"{request.param}:///{tmp_path}/billchat.db"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open database with the schema in place."""
    opened = open_database(url)
    await opened.migrate()
    yield opened
    await opened.close()
