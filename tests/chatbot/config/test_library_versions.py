"""The libraries that security depends on: too old a version keeps the service from starting."""

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from chatbot.cli.main import main
from chatbot.config.library_versions import NEEDED, library_problems
from tests.config_file import config_file

ROOT = Path(__file__).parents[3]


def test_what_is_installed_here_is_new_enough() -> None:
    assert library_problems() == []


@pytest.mark.parametrize(
    ("version", "is_refused"), [("5.13.9", True), ("5.14.0rc1", True), ("5.14", False), ("5.14.0", False), ("6", False)]
)
def test_an_older_version_is_refused_by_name_with_the_version_that_is_needed(
    version: str, is_refused: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: version if name == "python-socketio" else real(name))
    assert main(["check-config", "--config", str(config_file(tmp_path, "{}"))]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if "python-socketio" in line]
    assert len(told) == is_refused
    if is_refused:
        assert f"is installed in version {version}, and 5.14 or newer is needed" in told[0]


def test_a_missing_package_is_refused_too() -> None:
    [problem] = library_problems({"no-such-package": ("1", "a reason")})
    assert problem.startswith("no-such-package: is not installed, and 1 or newer is needed (a reason)")


def test_the_project_never_asks_for_less() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {canonicalize_name(each.name): each for each in map(Requirement, project["dependencies"])}
    for package, (least, _) in NEEDED.items():
        if package in asked:
            below = [each for each in asked[package].specifier if each.operator == ">="]
            assert Version(below[0].version) >= Version(least), package
