"""One event in, effects out: all flows' tables in one shared machine that never learns of any conversation.

`transitions` builds the machine from the table. A turn reads the machine's rows and takes one by itself: the machine's
own way round (event data, callbacks, log lines) cost three times as much as all that the flows do, and nobody hooks
into it. The tests take every row both ways.
"""

from collections.abc import Mapping
from typing import Any, cast

from transitions import Machine, Transition

from flows.dialogues import global_rules, menu, pay_bill, payment_updates, person
from flows.dialogues.prompts import then_ask
from flows.events import Decision, Event
from flows.rules import Action, Guard, Rule, Step
from flows.states import MENU, STATES, WAITING

__all__ = ["START", "TABLE", "Decision", "Event", "advance"]

START = MENU
"""The state of a conversation in which nothing has happened yet."""

TABLE: list[Rule] = [*menu.RULES, *pay_bill.RULES, *person.RULES, *payment_updates.RULES, *global_rules.RULES]
"""Every row, in the order in which they are tried."""

Facts = Mapping[str, Any]

_KNOWN = frozenset(STATES)


def _build() -> Machine:
    machine = Machine(model=None, states=list(STATES), initial=None, auto_transitions=False)
    for event, source, to, guard, act in TABLE:
        for one in (source,) if isinstance(source, str) else source:
            machine.add_transition(event, one, to, conditions=guard, after=cast("Any", act))
    return machine


Way = tuple[str, Guard | None, Action]
"""One row for one event in one state: where it leads, the guard it depends on, and what it does."""


def _ways(machine: Machine) -> dict[tuple[str, str], tuple[Way, ...]]:
    """The machine's rows by event and state, in the order in which they are tried."""
    return {
        (name, state): tuple(_way(row) for row in rows)
        for name, event in machine.events.items()
        for state, rows in event.transitions.items()
    }


def _way(row: Transition) -> Way:
    guard = row.conditions[0].func if row.conditions else None
    return cast("Way", (row.dest, guard, row.after[0]))


MACHINE = _build()
_WAYS = _ways(MACHINE)
_NOT_UNDERSTOOD = then_ask("not-understood")


def advance(state: str, facts: Facts, event: Event) -> Decision:
    """Apply one event to a conversation. Pure: `facts` is left as it is, and the same input gives the same outcome.

    An event that means nothing here is answered with the state's question again. A state that is no longer in the
    table (a conversation from an older version) starts at the menu.
    """
    here = state if state in _KNOWN else START
    step = Step(here, dict(facts), event, here)
    for to, guard, act in _WAYS.get((event.name, here), ()):
        if guard is None or guard(step):
            return _go(step, to, act)
    return _go(step, WAITING.get(here, here), _NOT_UNDERSTOOD)


def _go(step: Step, to: str, act: Action) -> Decision:
    step.state = to
    asked = act(step)
    return Decision(to, step.facts, asked if isinstance(asked, tuple) else (asked,))
