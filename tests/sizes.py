"""The two sizes of the tests: small in `make test`, full in `make soak`.

BILLCHAT_TEST_SIZE=soak chooses the full size. `make soak` runs the tests that have one, and no others:
tests marked `soak` and Hypothesis tests.

- A test takes its numbers from `size(test, soak)`.
- `@pytest.mark.soak(repeat=20)` runs a test of a race so many times.
- `@pytest.mark.soak(only=True)` leaves a test out of `make test`.
- Hypothesis tests set no `max_examples`: their profiles do.
"""

import os
from typing import TypeVar

import pytest
from hypothesis import settings

T = TypeVar("T")

SOAK = os.environ.get("BILLCHAT_TEST_SIZE") == "soak"
EXAMPLES = {"test": 100, "soak": 3_000}
"""Examples of each Hypothesis test."""


def size(test: T, soak: T) -> T:
    """Return the first value in `make test` and the second in `make soak`."""
    return soak if SOAK else test


def load_hypothesis_profile() -> None:
    for name, examples in EXAMPLES.items():
        settings.register_profile(name, max_examples=examples, deadline=None)
    settings.load_profile(size("test", "soak"))


def repetitions(test: pytest.Item) -> int:
    """Return how often a test runs."""
    marker = test.get_closest_marker("soak")
    return int(marker.kwargs.get("repeat", 1)) if SOAK and marker is not None else 1


def is_selected(test: pytest.Item) -> bool:
    """Tell whether a test runs at the size in use."""
    marker = test.get_closest_marker("soak")
    if SOAK:
        return marker is not None or test.get_closest_marker("hypothesis") is not None
    return marker is None or not marker.kwargs.get("only", False)
