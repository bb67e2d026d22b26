"""`billchat import`: the command around the import."""

import json
from pathlib import Path

import pytest

from chatbot.cli.import_file import import_file
from chatbot.config.settings import DatabaseSettings, Settings

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


async def test_the_command_prints_the_counts_or_the_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/other.db"))
    file = tmp_path / "bills.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))

    assert await import_file(settings, file) == 0
    said = capsys.readouterr()
    assert "invoices added: 1\n" in said.out
    assert said.err == f"Imported into the new database {tmp_path}/other.db.\n"
    file.write_text("nonsense\n")
    assert await import_file(settings, file) == 1
    assert capsys.readouterr().err.endswith("Nothing was imported.\n")
    assert await import_file(settings, tmp_path / "none.jsonl") == 1
    assert "none.jsonl cannot be read: No such file" in capsys.readouterr().err
