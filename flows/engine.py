"""One event in, effects out: all flows' tables in one shared machine that never learns of any conversation."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from transitions import Machine, MachineError

from flows import anywhere, menu, pay_bill, payments, person
from flows.events import Event, Outcome
from flows.prompts import then_ask
from flows.rules import Act, Row, Step
from flows.states import MENU, PASSING, STATES

__all__ = ["START", "TABLE", "Event", "Outcome", "advance"]

START = MENU
"""The state of a conversation in which nothing has happened yet."""

TABLE: list[Row] = [*menu.RULES, *pay_bill.RULES, *person.RULES, *payments.RULES, *anywhere.RULES]
"""Every row, in the order in which they are tried."""

Facts = Mapping[str, Any]

_KNOWN = frozenset(STATES)


def _perform(act: Act, step: Step) -> None:
    asked = act(step)
    if isinstance(asked, tuple):
        step.effects.extend(asked)
    else:
        step.effects.append(asked)


def _build() -> Machine:
    machine = Machine(model=None, states=list(STATES), initial=None, auto_transitions=False)
    for event, source, to, guard, act in TABLE:
        for one in (source,) if isinstance(source, str) else source:
            machine.add_transition(event, one, to, conditions=guard, after=partial(_perform, act))
    return machine


_MACHINE = _build()
_NOT_UNDERSTOOD = then_ask("not-understood")


def advance(state: str, facts: Facts, event: Event) -> Outcome:
    """Apply one event to a conversation. Pure: `facts` is left as it is, and the same input gives the same outcome.

    An event that means nothing here is answered with the state's question again. A state that is no longer in the
    table (a conversation from an older version) starts at the menu.
    """
    here = state if state in _KNOWN else START
    step = Step(here, dict(facts), event, here)
    if not _moved(step):
        step.state = PASSING.get(here, here)
        _perform(_NOT_UNDERSTOOD, step)
    return Outcome(step.state, step.facts, tuple(step.effects))


def _moved(step: Step) -> bool:
    trigger = _MACHINE.events.get(step.event.name)
    if trigger is None:
        return False
    try:
        return trigger.trigger(step, step)
    except MachineError:
        return False  # the event exists, but not in this state
