"""A message for the team while the customer writes it: its lines in the facts, and the limits on them.

A line is one message of the customer, and may have line breaks itself. Only masked text is stored.
"""

from collections.abc import Mapping
from typing import Any

from flows.wording.visible_text import visible_text

MAX_LINES = 20
MAX_CHARACTERS = 4000
"""Characters of all lines, with the breaks between them."""


def lines(facts: Mapping[str, Any]) -> list[str]:
    """Return the lines so far. A conversation of an older version has its message in the fact `message`."""
    if "message" in facts:
        return [facts["message"], *facts.get("lines", ())]
    return list(facts.get("lines", ()))


def whole_message(facts: Mapping[str, Any]) -> str:
    """Return the message as the team will read it."""
    return visible_text("\n".join(lines(facts)))


def has_room_for(facts: Mapping[str, Any], text: str) -> bool:
    """Tell whether one more line fits."""
    return len(lines(facts)) < MAX_LINES and len(whole_message(facts)) + 1 + len(text) <= MAX_CHARACTERS


def add_line(facts: dict[str, Any], text: str) -> None:
    """Add a line, without its line breaks at both ends. A line that does not fit or is empty is left out."""
    line = visible_text(text).strip("\n")
    if line.strip() and has_room_for(facts, line):
        facts["lines"] = [*facts.get("lines", ()), line]


def mask_line(facts: dict[str, Any], typed: str, masked: str) -> None:
    """Replace a line that turned out to be a piece of a secret."""
    line = visible_text(typed).strip("\n")
    if line in facts.get("lines", ()):
        facts["lines"] = [masked if one == line else one for one in facts["lines"]]


def forget_message(facts: dict[str, Any]) -> bool:
    """Remove the message from the facts; True if there was one."""
    begun = bool(lines(facts))
    for key in ("lines", "message", "reply_to"):
        facts.pop(key, None)
    return begun
