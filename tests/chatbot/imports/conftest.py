"""A database for the tests of imports."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import Database, open_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/billchat.db")
    await opened.migrate()
    yield opened
    await opened.close()
