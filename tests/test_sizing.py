"""The tables of docs/sizing.md equal the results of its formulas."""

from tests.pages import DOCS
from tests.sizing import cell_table, sentence, steps_table


def test_the_tables_are_computed_from_the_inputs() -> None:
    page = (DOCS / "sizing.md").read_text("utf-8")
    again = "run  python -m tests.sizing  and copy its output into the page"
    assert f"\n{sentence()}\n" in page, again
    assert f"\n{steps_table()}\n" in page, again
    assert f"\n{cell_table()}\n" in page, again
