"""`billchat import`: the command around the import."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatbot.cli.import_file import import_file
from chatbot.cli.interruption import SIGNALS
from chatbot.config.settings import DatabaseSettings, Settings
from chatbot.imports import jsonl
from chatbot.imports.jsonl import book
from store import StoreError

RECORDS = [
    {"kind": "customer", "id": "C-1", "name": "Ada Moss", "emails": ["ada@example.com"]},
    {"kind": "account", "number": "BB-1", "name": "Home broadband", "currency": "GBP", "customers": ["C-1"]},
    {
        "kind": "invoice",
        "number": "INV-1",
        "account": "BB-1",
        "issued_on": "2026-11-01",
        "due_on": "2026-11-15",
        "lines": [{"description": "Fibre 80", "amount_minor": 2000}],
    },
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/other.db"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bills.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    return path


def stored(tmp_path: Path) -> int:
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as database:
        return int(database.execute("select count(*) from contacts").fetchone()[0])


def test_the_command_prints_the_counts_or_the_problems(
    settings: Settings,
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert import_file(settings, file) == 0
    said = capsys.readouterr()
    assert "invoices added: 1\n" in said.out
    assert said.err == f"Imported into the new database {tmp_path}/other.db.\n"
    file.write_text("nonsense\n")
    assert import_file(settings, file) == 1
    assert capsys.readouterr().err.endswith("Nothing was imported.\n")
    assert import_file(settings, tmp_path / "none.jsonl") == 1
    assert "none.jsonl cannot be read: No such file" in capsys.readouterr().err
    assert import_file(settings, tmp_path) == 1
    assert f"{tmp_path} cannot be read: Is a directory\nNothing was imported.\n" in capsys.readouterr().err


def test_root_imports_nothing_into_the_folder_of_the_services_user(
    settings: Settings, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if os.getuid() == 0:
        os.chown(tmp_path, 65534, 65534)
    with pytest.raises(StoreError, match="run this as that user"):
        import_file(settings, file)
    assert not (tmp_path / "other.db").exists()


def test_root_is_warned_that_a_new_database_in_its_own_folder_is_its_own(
    settings: Settings, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.getuid() != 0:
        pytest.skip("only root has folders of root's own")
    assert import_file(settings, file) == 0
    assert f"chown -R billchat: {tmp_path}\n" in capsys.readouterr().err
    assert import_file(settings, file) == 0
    assert "chown" not in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff\r\n"])
def test_a_file_without_records_is_refused_and_makes_no_database(
    content: str, settings: Settings, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(content)
    assert import_file(settings, file) == 1
    assert capsys.readouterr().err == "the file holds no records; look at how it was made\nNothing was imported.\n"
    assert not (tmp_path / "other.db").exists()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("at", range(1, len(RECORDS) + 1))
def test_a_signal_while_records_are_booked_imports_nothing(
    number: int,
    at: int,
    settings: Settings,
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = iter(range(1, 100))

    def book_and_be_interrupted(*arguments: Any) -> Any:
        if next(calls) == at:
            signal.raise_signal(number)
        return book(*arguments)

    monkeypatch.setattr(jsonl, "book", book_and_be_interrupted)
    handlers = [signal.getsignal(each) for each in SIGNALS]
    assert import_file(settings, file) == 128 + number
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Nothing was imported.\n")
    assert stored(tmp_path) == 0
    assert [signal.getsignal(each) for each in SIGNALS] == handlers
    assert import_file(settings, file) == 0
    assert stored(tmp_path) == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_the_file_is_read_imports_nothing(number: int, status: int, tmp_path: Path) -> None:
    config, pipe = tmp_path / "config.yaml", tmp_path / "bills.pipe"
    config.write_text(f"database: {{url: 'sqlite:///{tmp_path}/other.db'}}\n")
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "chatbot", "import", str(pipe), "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with pipe.open("w") as writer:  # opens once the command has opened it for reading
        writer.write(json.dumps(RECORDS[0]) + "\n")
        writer.flush()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (status, "", "Nothing was imported.\n")
    assert not (tmp_path / "other.db").exists()
