"""Computes the tables of docs/sizing.md by its own formulas: `python -m tests.sizing` prints them."""

import sys
from typing import Any

from tests.pages import blocks

STEPS = (1_000, 100_000, 10_000_000)
CELL = 1_000_000


def arithmetic() -> dict[str, Any]:
    """Return the page's inputs and formulas, by name."""
    names: dict[str, Any] = {}
    for block in blocks("python", "sizing.md"):
        exec(block.text, names)  # noqa: S102 (the page's own text)
    return names


def formatted(value: float) -> str:
    """Format a figure as the page does: two or three significant digits."""
    if value == 0:
        return "–"
    if value < 10:
        return f"{value:.2g}"
    return f"{float(f'{value:.3g}'):,.0f}"


def steps_table() -> str:
    columns = [arithmetic()["need"](customers) for customers in STEPS]
    return "".join(f"| {name} | {' | '.join(formatted(each[name]) for each in columns)} |\n" for name in columns[0])


def cell_table() -> str:
    return "".join(f"| {name} | {formatted(value)} |\n" for name, value in arithmetic()["need"](CELL).items())


def sentence() -> str:
    names = arithmetic()
    most = names["BUSY"] / names["one_process"](1)
    return f"One process on SQLite is full at {formatted(float(f'{most:.2g}'))} connected customers."


if __name__ == "__main__":
    sys.stdout.write(f"{steps_table()}\n{sentence()}\n\n{cell_table()}")
