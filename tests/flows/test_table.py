"""The table, walked."""

from collections.abc import Iterable

import pytest

from flows.engine import START, TABLE
from flows.events import ANSWERS, EVERYWHERE, OUTSIDE, SMALL_TALK
from flows.rules import STAY
from flows.states import PASSING, RESTING, STATES
from tests.flows.answers import ANSWERED, HAPPENINGS, WAITS_FOR

ROWS = [
    (event, one, one if to == STAY else to, guard)
    for event, source, to, guard, _ in TABLE
    for one in ((source,) if isinstance(source, str) else source)
]


def reachable(start: str, rows: Iterable[tuple[str, str, str, object]]) -> set[str]:
    found, seen = [start], {start}
    for state in found:
        new = {to for _, source, to, _ in rows if source == state} - seen
        seen |= new
        found += sorted(new)
    return seen


def test_every_state_is_reached() -> None:
    assert reachable(START, ROWS) == set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_every_state_reaches_the_menu_and_a_person_in_one_step(state: str) -> None:
    steps = {event: to for event, source, to, guard in ROWS if source == state and guard is None}
    assert steps["menu"] == steps["start_over"] == "menu"
    assert steps["person"] == "person.message"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", [*EVERYWHERE, *SMALL_TALK, *OUTSIDE])
def test_every_state_answers_what_can_be_said_anywhere(state: str, event: str) -> None:
    assert any((event, state, None) == (name, source, guard) for name, source, _, guard in ROWS)


@pytest.mark.parametrize("state", PASSING)
def test_a_passing_state_takes_every_answer_to_its_question(state: str) -> None:
    for answer in ANSWERS[WAITS_FOR[state]]:
        assert any((answer, state, None) == (name, source, guard) for name, source, _, guard in ROWS), answer


def test_a_state_is_passing_or_resting() -> None:
    assert set(PASSING) == set(WAITS_FOR)
    assert set(PASSING).isdisjoint(RESTING)
    assert set(PASSING.values()) <= set(RESTING)


def test_no_row_hides_behind_an_earlier_one() -> None:
    """After a row without a guard, a later row for the same event and state would never be taken."""
    settled: set[tuple[str, str]] = set()
    for event, source, _, guard in ROWS:
        assert (event, source) not in settled, f"{event} from {source} is answered above"
        if guard is None:
            settled.add((event, source))


def test_every_event_is_walked_by_these_tests() -> None:
    walked = {name for name, _ in HAPPENINGS} | {name for answers in ANSWERED.values() for name, _ in answers}
    assert {event for event, *_ in ROWS} == walked


def test_every_answer_that_an_effect_may_get_is_walked() -> None:
    assert {effect: {name for name, _ in answers} for effect, answers in ANSWERED.items()} == {
        effect: set(names) for effect, names in ANSWERS.items()
    }
