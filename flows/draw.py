"""Draws the dialogue from the table that runs it."""

from collections.abc import Iterator
from textwrap import fill

from flows.dialogues import menu, pay_bill, person
from flows.engine import START, TABLE
from flows.rules import STAY, Action, Guard
from flows.states import STATES, WAITING

FLOWS = {"menu": "Menu", "pay_bill": "Pay my bill", "person": "Talk to a person"}

EVERYWHERE = len(STATES) // 2
"""A row with more sources than this is told once beside the drawing instead of as so many arrows."""

Arrow = tuple[str, str, str]


def draw() -> str:
    """The dialogue as a Mermaid state diagram: a box per flow, and what every state answers as a note."""
    here, anywhere = _arrows()
    lines = ["stateDiagram-v2", f"    [*] --> {_id(START)}"]
    for flow, title in FLOWS.items():
        lines += _box(flow, title, [arrow for arrow in here if _flow(arrow[0]) == _flow(arrow[1]) == flow])
    lines += [f"    {line}" for line in _lines([arrow for arrow in here if _flow(arrow[0]) != _flow(arrow[1])])]
    lines += [
        "    classDef passing font-style:italic,stroke-dasharray:4",
        f"    class {','.join(map(_id, WAITING))} passing",
    ]
    lines += [f"    note right of {_id(START)}", "        From any state that has no arrow for it"]
    lines += [f"        {line}" for line in anywhere]
    return "\n".join([*lines, "    end note", ""])


def document() -> str:
    """docs/flows.md, whole."""
    text = "\n\n".join(fill(paragraph, 118, break_on_hyphens=False) for paragraph in _paragraphs())
    return f"# The dialogue\n\n{text}\n\n<!-- drawing -->\n\n```mermaid\n{draw()}```\n\n<!-- /drawing -->\n"


def _paragraphs() -> list[str]:
    start = (
        "Every conversation is in one of the states below. An event (something typed, tapped or reported) takes it to "
        "the next one and says or asks for something on the way. The drawing is made from the tables in `flows/`, the "
        "same rows that run the dialogue; `billchat flows` prints it. A word in [brackets] is the guard that a row "
        "depends on. Dashed states only wait for an answer from the service, which comes in the same turn."
    )
    paying = (
        f"**Pay my bill** (`flows/dialogues/pay_bill.py`). {_said(pay_bill.__doc__)} Nothing about an account is "
        "said before a right code, and amounts are read anew whenever they are told, so a verification that has run "
        "out is noticed."
    )
    anywhere = (
        "**From any state** (`flows/dialogues/global_rules.py`, `flows/dialogues/payment_updates.py`). Help, the "
        "way back, the menu and a person; and what a gateway or the clock reports about a payment, said wherever the "
        "customer is."
    )
    return [
        start,
        f"**Menu** (`flows/dialogues/menu.py`). {_said(menu.__doc__)}",
        paying,
        f"**Talk to a person** (`flows/dialogues/person.py`). {_said(person.__doc__)}",
        anywhere,
    ]


def _arrows() -> tuple[list[Arrow], list[str]]:
    """The arrows (from, to, label), and the lines of the note about rows that hold nearly everywhere."""
    groups: dict[tuple[str, Guard | None, Action], list[tuple[str, str]]] = {}
    for event, source, to, guard, act in TABLE:
        for one in (source,) if isinstance(source, str) else source:
            groups.setdefault((event, guard, act), []).append((one, to))
    arrows: list[Arrow] = []
    everywhere: dict[str, list[str]] = {}
    for (event, guard, _), pairs in groups.items():
        label, target = _label(event, guard), _target(pairs)
        if target is not None and len(pairs) > EVERYWHERE:
            everywhere.setdefault(target, []).append(label)
        else:
            arrows += [(one, one if to == STAY else to, label) for one, to in pairs]
    return arrows, [line for where, labels in everywhere.items() for line in _note(where, labels)]


def _target(pairs: list[tuple[str, str]]) -> str | None:
    """Where all of these rows lead, when it is one place; where a passing state rests counts as staying."""
    stays = any(to == STAY for _, to in pairs)
    targets = {STAY if stays and to == WAITING.get(one) else to for one, to in pairs}
    only = targets.pop() if len(targets) == 1 else None
    return "stays" if only == STAY else only and f"to {only}"


def _note(where: str, labels: list[str]) -> Iterator[str]:
    distinct = list(dict.fromkeys(labels))
    for start in range(0, len(distinct), 4):
        yield f"{', '.join(distinct[start : start + 4])} — {where}"


def _box(flow: str, title: str, arrows: list[Arrow]) -> list[str]:
    states = [state for state in STATES if _flow(state) == flow]
    if len(states) == 1:
        return [f"    {line}" for line in _lines(arrows)]
    names = [f"{_id(state)}: {state.partition('.')[2]}" for state in states]
    return [f'    state "{title}" as {flow} {{', *(f"        {line}" for line in (*names, *_lines(arrows))), "    }"]


def _lines(arrows: list[Arrow]) -> list[str]:
    """One line for all that leads from one state to another."""
    labels: dict[tuple[str, str], list[str]] = {}
    for source, to, label in arrows:
        labels.setdefault((source, to), []).append(label)
    return [f"{_id(a)} --> {_id(b)}: {', '.join(dict.fromkeys(said))}" for (a, b), said in labels.items()]


def _label(event: str, guard: Guard | None) -> str:
    return event if guard is None else f"{event} [{guard.__name__.replace('_', ' ')}]"


def _id(state: str) -> str:
    return state.replace(".", "_")


def _flow(state: str) -> str:
    return state.partition(".")[0]


def _said(doc: str | None) -> str:
    told = (doc or "").partition(": ")[2] or (doc or "")
    return told[:1].upper() + told[1:].strip()
