"""`make`: the list of targets."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_make_alone_prints_its_targets_and_does_nothing_else() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    done = subprocess.run([make, "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = {line.split()[1]: line for line in done.stdout.splitlines()}
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert told.keys() == set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    assert told.keys() > {"demo", "test", "check", "help"}
    assert "Serve the demo" in told["demo"]
