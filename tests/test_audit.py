"""The audit of dependencies in `make check`: a vulnerability fails it, and what was not looked up is said."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CLEAN = {"name": "one", "version": "1", "vulns": []}
SKIPPED = {"name": "two", "skip_reason": "not found"}
VULNERABLE = {"name": "three", "version": "3", "vulns": [{"id": "CVE-1", "fix_versions": ["3.1"]}]}


def _audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("dependencies", "status", "said"),
    [
        ([CLEAN], 0, "No known vulnerability in 1 packages."),
        ([CLEAN, VULNERABLE], 1, "three 3: CVE-1, mended in 3.1"),
        ([CLEAN, SKIPPED], 0, "NOT AUDITED: 1 of 2 packages were not looked up: two"),
        ([SKIPPED, VULNERABLE], 1, "NOT AUDITED: 1 of 2"),
    ],
)
def test_a_vulnerability_fails_and_what_was_not_looked_up_is_said(
    dependencies: list[dict[str, Any]], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _audit().judge(dependencies) == status
    assert said in "".join(capsys.readouterr())


def test_a_database_that_cannot_be_reached_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text("#!/bin/sh\necho 'no route to host' >&2\nexit 1\n")
    program.chmod(0o755)
    audit = _audit()
    monkeypatch.setattr(audit, "PIP_AUDIT", program)
    assert audit.audit(tmp_path / "constraints.txt") == 0
    assert (
        "NOT AUDITED: the database of vulnerabilities could not be reached (no route to host)"
        in capsys.readouterr().err
    )
