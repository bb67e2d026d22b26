"""What a flow's table is made of: a step, rows, and the few ways of answering that all flows share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flows.effects import Choice, Effect, Say
from flows.events import Event
from flows.states import PROMPTING, WAITING


@dataclass(slots=True)
class Step:
    """One event on its way through the table: `was` is the state it found, `state` the one that a row leads to."""

    state: str
    facts: dict[str, Any]
    event: Event
    was: str


Guard = Callable[[Step], bool]
Action = Callable[[Step], Effect | tuple[Effect, ...]]
Rule = tuple[str, str | tuple[str, ...], str, Guard | None, Action]
"""Event, from (one state or several), to, guard (None: always), what to do. The first row that fits is taken."""

STAY = "="
"""As a row's `to`: the state it came from."""


def from_any(event: str, to: str, guard: Guard | None, act: Action, but: Iterable[str] = ()) -> list[Rule]:
    """The rows that answer an event wherever the dialogue is, except in the states `but`.

    States are listed one by one, so that nothing is answered by accident. "Stay" in a passing state means the state
    where it would rest: a customer never hangs in between.
    """
    out = set(but)
    if to != STAY:
        return [(event, tuple(s for s in (*PROMPTING, *WAITING) if s not in out), to, guard, act)]
    rows: list[Rule] = [(event, tuple(s for s in PROMPTING if s not in out), STAY, guard, act)]
    rows += [(event, state, rest, guard, act) for state, rest in WAITING.items() if state not in out]
    return rows


def say(key: str, *choices: Choice, expects: str | None = None) -> Action:
    """Always the same words; made once."""
    always = Say(key, choices=choices, expects=expects)
    return lambda _: always
