"""The table of rules: complete, reachable, and taken as `transitions` itself takes it."""

from collections.abc import Iterable
from typing import Any

import pytest
from transitions import MachineError

from flows.engine import MACHINE, START, TABLE, advance
from flows.events import ANSWERS, EXTERNAL_EVENTS, GLOBAL_EVENTS, SMALL_TALK, Event
from flows.rules import STAY, Step
from flows.states import PROMPTING, STATES, WAITING
from tests.flows.dialogue import EMAIL, MOBILE
from tests.flows.sample_events import AWAITED_EFFECTS, SAMPLE_ANSWERS, SAMPLE_EVENTS

RULES = [
    (event, one, one if to == STAY else to, guard)
    for event, source, to, guard, _ in TABLE
    for one in ((source,) if isinstance(source, str) else source)
]

EVENTS = [*SAMPLE_EVENTS, *(answer for answers in SAMPLE_ANSWERS.values() for answer in answers)]

NEWCOMER: dict[str, Any] = {"identifier": EMAIL, "account": "home", "lines": ["Hello"], "reply_to": EMAIL}
REGULAR: dict[str, Any] = {
    **NEWCOMER,
    "candidates": [EMAIL, MOBILE],
    "code_sent": True,
    "accounts": ["home", "shop"],
    "several": True,
    "debited": True,
    "invoices": ["late", "soon"],
    "overdue": ["late"],
    "picked": ["late"],
    "linked": ["late"],
    "receipt": "payment-1",
    "came_from": "pay_bill.owes",
}
"""Facts with which every guard holds, and without which none does."""


def reachable(start: str, rows: Iterable[tuple[str, str, str, object]]) -> set[str]:
    found, seen = [start], {start}
    for state in found:
        new = {to for _, source, to, _ in rows if source == state} - seen
        seen |= new
        found += sorted(new)
    return seen


def test_every_state_is_reached() -> None:
    assert reachable(START, RULES) == set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_every_state_reaches_the_menu_and_a_person_in_one_step(state: str) -> None:
    steps = {event: to for event, source, to, guard in RULES if source == state and guard is None}
    assert steps["menu"] == steps["start_over"] == "menu"
    assert steps["person"] == "person.message"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", [*GLOBAL_EVENTS, *SMALL_TALK, *EXTERNAL_EVENTS])
def test_every_state_handles_every_global_event(state: str, event: str) -> None:
    assert any((event, state, None) == (name, source, guard) for name, source, _, guard in RULES)


@pytest.mark.parametrize("state", WAITING)
def test_a_waiting_state_handles_every_answer_to_its_effect(state: str) -> None:
    for answer in ANSWERS[AWAITED_EFFECTS[state]]:
        assert any((answer, state, None) == (name, source, guard) for name, source, _, guard in RULES), answer


def test_a_state_is_waiting_or_prompting() -> None:
    assert set(WAITING) == set(AWAITED_EFFECTS)
    assert set(WAITING).isdisjoint(PROMPTING)
    assert set(WAITING.values()) <= set(PROMPTING)


def test_no_rule_hides_behind_an_earlier_one() -> None:
    """After a rule without a guard, a later rule for the same event and state would never be taken."""
    settled: set[tuple[str, str]] = set()
    for event, source, _, guard in RULES:
        assert (event, source) not in settled, f"{event} from {source} is answered above"
        if guard is None:
            settled.add((event, source))


def test_every_event_is_walked_by_these_tests() -> None:
    walked = {name for name, _ in SAMPLE_EVENTS} | {name for answers in SAMPLE_ANSWERS.values() for name, _ in answers}
    assert {event for event, *_ in RULES} == walked


def test_every_answer_that_an_effect_may_get_is_walked() -> None:
    assert {effect: {name for name, _ in answers} for effect, answers in SAMPLE_ANSWERS.items()} == {
        effect: set(names) for effect, names in ANSWERS.items()
    }


@pytest.mark.parametrize("facts", [NEWCOMER, REGULAR], ids=["newcomer", "regular"])
@pytest.mark.parametrize("state", STATES)
def test_a_turn_goes_where_the_machine_itself_goes(state: str, facts: dict[str, Any]) -> None:
    for name, data in [*EVENTS, ("danced", {})]:
        event = Event(name, data)
        decision = advance(state, facts, event)
        step = Step(state, dict(facts), event, state)
        if fire(step):
            assert (decision.state, decision.facts) == (step.state, step.facts), name
        else:
            assert (decision.state, decision.facts) == (WAITING.get(state, state), facts), name


def fire(step: Step) -> bool:
    """Let the machine take the step with all its own machinery; False where it has no rule."""
    try:
        return step.event.name in MACHINE.events and MACHINE.events[step.event.name].trigger(step, step)
    except MachineError:
        return False
