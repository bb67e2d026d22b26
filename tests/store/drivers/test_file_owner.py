"""A database that root makes, and the service of another user that has to open it."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import StoreError, open_database
from store.drivers.file_owner import owner_hint
from store.drivers.opening import refuse_to_create_as_root
from store.drivers.sqlite import open_sqlite

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, as /var/lib is."""
    made = Path(tempfile.mkdtemp(prefix="billchat-owner-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a user who is not root, while root is at work."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    return folder


def test_root_makes_no_database_in_the_folder_of_the_services_user(others: Path) -> None:
    with pytest.raises(StoreError, match=r"would belong to root.*; run this as that user: sudo -u \S+"):
        refuse_to_create_as_root(f"sqlite:///{others}/data/billchat.db")
    assert list(others.iterdir()) == []


def test_root_may_use_a_database_that_is_there(others: Path) -> None:
    (others / "billchat.db").touch()
    assert refuse_to_create_as_root(f"sqlite:///{others}/billchat.db") == ""


def test_a_new_database_in_a_folder_of_roots_own_comes_with_a_warning(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has folders of root's own")
    assert f"chown -R billchat: {folder}" in refuse_to_create_as_root(f"sqlite:///{folder}/billchat.db")


def test_another_user_and_postgresql_are_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    assert refuse_to_create_as_root(f"sqlite:///{folder}/billchat.db") == ""
    assert refuse_to_create_as_root("postgresql://billchat@127.0.0.1/billchat") == ""


def test_a_service_that_may_not_open_its_database_names_the_owner_and_the_remedy(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be two users")
    path = folder / "billchat.db"
    sqlite3.connect(path).close()
    path.touch()
    path.chmod(0o600)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(StoreError, match=f"it belongs to root and this is nobody: chown nobody {path} {path}-"):
            open_sqlite(f"/{path}")
    finally:
        os.seteuid(0)


def test_a_file_of_ones_own_needs_no_hint(folder: Path) -> None:
    (folder / "billchat.db").touch()
    assert owner_hint(folder / "billchat.db") == ""
    assert owner_hint(folder / "missing.db") == ""


def test_a_database_that_cannot_be_opened_for_another_reason_is_reported_as_before(folder: Path) -> None:
    (folder / "billchat.db").mkdir()
    with pytest.raises(StoreError, match="check that it is a file"):
        open_database(f"sqlite:///{folder}/billchat.db")
