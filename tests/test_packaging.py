"""What is installed: pinned files with their hashes, and the modules of this checkout alone."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = {"constraints.txt": [], "constraints-dev.txt": PROJECT["project"]["optional-dependencies"]["dev"]}


def pins(name: str) -> dict[str, Requirement]:
    lines = [line.split(" \\")[0] for line in (ROOT / name).read_text("utf-8").splitlines() if line[:1].isalnum()]
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


@pytest.mark.parametrize("name", LOCKS)
def test_every_file_to_install_is_known_by_its_hash_and_by_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert re.fullmatch(r"[\w.-]+(\[.*\])?==\S+( ; .*?)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n?)+", block), (
            block[:80]
        )


@pytest.mark.parametrize(("name", "more"), LOCKS.items())
def test_the_pins_are_what_the_project_asks_for(name: str, more: list[str]) -> None:
    pinned = pins(name)
    for asked in map(Requirement, [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"], *more]):
        [pin] = pinned[canonicalize_name(asked.name)].specifier
        assert asked.specifier.contains(pin.version, prereleases=True), asked
    assert PROJECT["dependency-groups"]["build"] == PROJECT["build-system"]["requires"]


def test_the_tests_run_with_the_versions_that_operators_install() -> None:
    everything = pins("constraints-dev.txt")
    assert {name: str(pin) for name, pin in pins("constraints.txt").items()} == {
        name: str(everything[name]) for name in pins("constraints.txt")
    }


def test_older_pythons_get_what_they_lack() -> None:
    needed = pins("constraints.txt")["async-timeout"].marker
    assert needed is not None
    assert needed.evaluate({"python_full_version": "3.11.2", "python_version": "3.11"})
    assert not needed.evaluate({"python_full_version": "3.13.1", "python_version": "3.13"})


def test_a_module_that_an_older_version_left_is_not_installed(tmp_path: Path) -> None:
    pytest.importorskip("setuptools", "80")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    for name in ("chatbot", "flows", "store", "widget/dist"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    left = checkout / "build" / "lib" / "chatbot" / "deleted.py"
    left.parent.mkdir(parents=True)
    left.touch()
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", build, str(tmp_path)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    packed = zipfile.ZipFile(wheel).namelist()
    assert "chatbot/app.py" in packed
    assert "store/migrations/0001.start.sql" in packed
    assert "chatbot/deleted.py" not in packed
