"""A real database for every test, once for each driver."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store import Database, open_database
from tests import services
from tests.store.notes import TABLE


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open database with the schema in place."""
    opened = open_database(url)
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
async def notes(database: Database) -> Database:
    """A database with the table of notes."""
    await database.write(lambda tx: tx.execute_count(TABLE))
    return database


@pytest.fixture
def empty_url(driver: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a schema."""
    with services.temporary_database(driver, tmp_path, empty=True) as address:
        yield address
