"""The engine: one event in, a decision out. The rules of all flows are in one `transitions` machine.

`transitions` builds and checks the table; `advance` reads it and applies a rule by itself. Calling `Event.trigger`
instead (event data, callbacks, log lines) would cost 60 to 100 µs a turn, three times as much as everything else in
`flows`, and nothing hooks into it. The tests take every rule both ways.
"""

from collections.abc import Mapping
from typing import Any, cast

from transitions import Machine

from flows.dialogues import global_rules, menu, pay_bill, payment_updates, person
from flows.dialogues.prompts import say_then_ask
from flows.events import Decision, Event
from flows.rules import Action, Rule, Step
from flows.states import MENU, STATES, WAITING

START = MENU
"""The state of a new conversation."""

TABLE: list[Rule] = [*menu.RULES, *pay_bill.RULES, *person.RULES, *payment_updates.RULES, *global_rules.RULES]
"""Every rule, in the order in which they are tried."""

Facts = Mapping[str, Any]


def _build() -> Machine:
    machine = Machine(model=None, states=list(STATES), initial=None, auto_transitions=False)
    for event, sources, target, guard, action in TABLE:
        for source in (sources,) if isinstance(sources, str) else sources:
            machine.add_transition(event, source, target, conditions=guard, after=cast("Any", action))
    return machine


MACHINE = _build()
"""Shared by all conversations; no conversation is added to it as a model."""

_STATES = frozenset(STATES)
_NOT_UNDERSTOOD = say_then_ask("not-understood")


def advance(state: str, facts: Facts, event: Event) -> Decision:
    """Apply one event to a conversation. Pure: `facts` is not changed, and equal input gives an equal decision.

    An event without a rule in this state is answered with the state's prompt. A state that is no longer in the table
    (a conversation from an older version) is taken for the menu.
    """
    source = state if state in _STATES else START
    step = Step(source, dict(facts), event, source)
    for rule in _rules(event.name, source):
        if not rule.conditions or rule.conditions[0].func(step):
            return _decide(step, rule.dest, rule.after[0])
    return _decide(step, WAITING.get(source, source), _NOT_UNDERSTOOD)


def _rules(event: str, source: str) -> list[Any]:
    """Return the machine's transitions. Their functions are functions, though `transitions` also allows names."""
    known = MACHINE.events.get(event)
    return known.transitions.get(source, []) if known is not None else []


def _decide(step: Step, target: str, action: Action) -> Decision:
    step.state = target
    effects = action(step)
    return Decision(target, step.facts, effects if isinstance(effects, tuple) else (effects,))
