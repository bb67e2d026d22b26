"""`make test` and `make soak` run the tests that they should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest
from hypothesis import given, settings, strategies as st
from tests.sizes import size

def test_plain(): assert size(1, 10) == 1

@pytest.mark.soak
def test_larger(): assert size(1, 10) in (1, 10)

@pytest.mark.soak(repeat=3)
def test_race(): pass

@pytest.mark.soak(only=True)
def test_long(): pass

@given(st.none())
def test_fuzzed(_): assert settings.default.max_examples == size(100, 3_000)
"""
CONFTEST = "from tests.conftest import pytest_collection_modifyitems, pytest_configure, pytest_generate_tests"
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("test", ["test_plain", "test_larger", "test_race", "test_fuzzed"]),
        ("soak", ["test_larger", "test_race[0]", "test_race[1]", "test_race[2]", "test_long", "test_fuzzed"]),
    ],
)
def test_each_size_selects_and_repeats_its_tests(tmp_path: Path, name: str, names: list[str]) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = soak\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BILLCHAT_TEST_SIZE": name, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    ran = [line.partition("::")[2].split()[0] for line in ended.stdout.splitlines() if "::" in line]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ran == names
