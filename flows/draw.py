"""Draws the dialogue as a diagram, from the table that runs it."""

from collections.abc import Iterator
from textwrap import fill
from types import ModuleType

from msgspec import Struct

from flows.dialogues import menu, pay_bill, person
from flows.engine import START, TABLE
from flows.rules import STAY, Action, Guard
from flows.states import STATES, WAITING


class Flow(Struct, frozen=True):
    """A box of the drawing: its title, and the module with its rules, whose docstring describes it."""

    title: str
    module: ModuleType


FLOWS = {
    "menu": Flow("Menu", menu),
    "pay_bill": Flow("Pay my bill", pay_bill),
    "person": Flow("Talk to a person", person),
}
"""The first part of a state's name → its flow."""

MAX_ARROWS = len(STATES) // 2
"""A rule with more source states is written in a note beside the drawing instead of as arrows."""

Arrow = tuple[str, str, str]
"""Source, target, label."""

INTRODUCTION = (
    "Every conversation is in one of the states below. An event (something typed, tapped or reported) takes it to the "
    "next one and says or asks for something on the way. The drawing is made from the tables in `flows/`, the same "
    "rules that run the dialogue; `billchat flows` prints it. A word in [brackets] is the guard that a rule depends "
    "on. Dashed states only wait for an answer from the service, which comes in the same turn."
)
GLOBAL_RULES = (
    "**From any state** (`flows/dialogues/global_rules.py`, `flows/dialogues/payment_updates.py`). Help, the way back, "
    "the menu and a person; and reports of a gateway or of the clock about a payment, passed on in every state."
)


def draw() -> str:
    """Return the dialogue as a Mermaid state diagram: a box per flow, and a note with the rules of every state."""
    arrows, notes = _arrows()
    lines = ["stateDiagram-v2", f"    [*] --> {_id(START)}"]
    for name, flow in FLOWS.items():
        lines += _box(name, flow.title, [arrow for arrow in arrows if _flow(arrow[0]) == _flow(arrow[1]) == name])
    lines += [f"    {line}" for line in _lines([arrow for arrow in arrows if _flow(arrow[0]) != _flow(arrow[1])])]
    lines += [
        "    classDef waiting font-style:italic,stroke-dasharray:4",
        f"    class {','.join(map(_id, WAITING))} waiting",
    ]
    lines += [f"    note right of {_id(START)}", "        From any state that has no arrow for it"]
    lines += [f"        {note}" for note in notes]
    return "\n".join([*lines, "    end note", ""])


def document() -> str:
    """Return the text of docs/flows.md."""
    text = "\n\n".join(fill(paragraph, 118, break_on_hyphens=False) for paragraph in _paragraphs())
    return f"# The dialogue\n\n{text}\n\n<!-- drawing -->\n\n```mermaid\n{draw()}```\n\n<!-- /drawing -->\n"


def _paragraphs() -> list[str]:
    flows = [
        f"**{flow.title}** (`{flow.module.__name__.replace('.', '/')}.py`). {_description(flow.module.__doc__)}"
        for flow in FLOWS.values()
    ]
    return [INTRODUCTION, *flows, GLOBAL_RULES]


def _arrows() -> tuple[list[Arrow], list[str]]:
    """Return the arrows, and the lines of the note about rules with nearly all states as source."""
    groups: dict[tuple[str, Guard | None, Action], list[tuple[str, str]]] = {}
    for event, sources, target, guard, action in TABLE:
        for source in (sources,) if isinstance(sources, str) else sources:
            groups.setdefault((event, guard, action), []).append((source, target))
    arrows: list[Arrow] = []
    noted: dict[str, list[str]] = {}
    for (event, guard, _), pairs in groups.items():
        label, common = _label(event, guard), _common_target(pairs)
        if common is not None and len(pairs) > MAX_ARROWS:
            noted.setdefault(common, []).append(label)
        else:
            arrows += [(source, source if target == STAY else target, label) for source, target in pairs]
    return arrows, [line for target, labels in noted.items() for line in _note(target, labels)]


def _common_target(pairs: list[tuple[str, str]]) -> str | None:
    """Return "stays" or "to STATE" if all pairs agree; a waiting state's fallback counts as staying."""
    stays = any(target == STAY for _, target in pairs)
    targets = {STAY if stays and target == WAITING.get(source) else target for source, target in pairs}
    only = targets.pop() if len(targets) == 1 else None
    return "stays" if only == STAY else only and f"to {only}"


def _note(target: str, labels: list[str]) -> Iterator[str]:
    distinct = list(dict.fromkeys(labels))
    for start in range(0, len(distinct), 4):
        yield f"{', '.join(distinct[start : start + 4])} — {target}"


def _box(name: str, title: str, arrows: list[Arrow]) -> list[str]:
    states = [state for state in STATES if _flow(state) == name]
    if len(states) == 1:
        return [f"    {line}" for line in _lines(arrows)]
    names = [f"{_id(state)}: {state.partition('.')[2]}" for state in states]
    return [f'    state "{title}" as {name} {{', *(f"        {line}" for line in (*names, *_lines(arrows))), "    }"]


def _lines(arrows: list[Arrow]) -> list[str]:
    """Return one line per pair of states, with all its labels."""
    labels: dict[tuple[str, str], list[str]] = {}
    for source, target, label in arrows:
        labels.setdefault((source, target), []).append(label)
    return [f"{_id(a)} --> {_id(b)}: {', '.join(dict.fromkeys(of_pair))}" for (a, b), of_pair in labels.items()]


def _label(event: str, guard: Guard | None) -> str:
    return event if guard is None else f"{event} [{guard.__name__.replace('_', ' ')}]"


def _id(state: str) -> str:
    return state.replace(".", "_")


def _flow(state: str) -> str:
    return state.partition(".")[0]


def _description(doc: str | None) -> str:
    """Return a module's docstring as one paragraph, without its title."""
    text = " ".join((doc or "").split())
    described = text.partition(": ")[2] or text
    return described[:1].upper() + described[1:]
