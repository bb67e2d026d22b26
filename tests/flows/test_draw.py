from pathlib import Path

from flows.draw import document, draw
from flows.states import STATES

DOCUMENT = Path(__file__).parents[2] / "docs" / "flows.md"


def test_every_state_is_drawn() -> None:
    drawn = draw()
    assert [state for state in STATES if state.replace(".", "_") not in drawn] == []


def test_the_drawing_in_the_documentation_is_fresh() -> None:
    assert DOCUMENT.read_text("utf-8") == document()


def test_every_box_and_note_is_closed() -> None:
    lines = [line.strip() for line in draw().splitlines()]
    assert sum(line.endswith("{") for line in lines) == lines.count("}")
    assert sum(line.startswith("note ") for line in lines) == lines.count("end note")
