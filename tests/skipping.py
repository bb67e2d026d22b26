"""Skipping the tests of a program that is not installed."""

import os
from typing import NoReturn

import pytest


def skip_without(program: str) -> NoReturn:
    """Skip the test; with CI=true, where every test must run, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{program} could not be started here, and with CI=true every test must run")
    pytest.skip(f"{program} is not installed")
