"""Rules, of which a flow's table is made: event, source state, target state, guard, action."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flows.effects import Effect
from flows.events import Event
from flows.states import PROMPTING, WAITING


@dataclass(slots=True)
class Step:
    """One event being handled: `source` is the state before it, `state` the target of the rule that is taken.

    Actions may change `facts`, which are the step's own copy.
    """

    state: str
    facts: dict[str, Any]
    event: Event
    source: str


Guard = Callable[[Step], bool]
Action = Callable[[Step], Effect | tuple[Effect, ...]]
Rule = tuple[str, str | tuple[str, ...], str, Guard | None, Action]
"""Event, source (one state or several), target, guard (None: always), action. The first rule that fits is taken."""

STAY = "="
"""Target of a rule that keeps the source state."""


def from_any(event: str, target: str, guard: Guard | None, action: Action, but: Iterable[str] = ()) -> list[Rule]:
    """Return the rules that handle an event in every state except those in `but`.

    STAY in a waiting state leads to its prompting state, so that no customer is left waiting for an answer that came
    already or never will.
    """
    excluded = set(but)
    if target != STAY:
        return [(event, tuple(s for s in (*PROMPTING, *WAITING) if s not in excluded), target, guard, action)]
    rules: list[Rule] = [(event, tuple(s for s in PROMPTING if s not in excluded), STAY, guard, action)]
    rules += [(event, state, fallback, guard, action) for state, fallback in WAITING.items() if state not in excluded]
    return rules
