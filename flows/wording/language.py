"""One language: its Fluent lines over the fallback's, and its way of writing figures."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from flows.effects import Choice, Money
from flows.wording.formats import Formats


@cache
def parse(path: Path) -> ast.Resource:
    """A Fluent file, read once."""
    return FluentParser().parse(path.read_text("utf-8"))


def messages(resource: ast.Resource) -> dict[str, ast.Message]:
    """The messages of a file by key."""
    return {entry.id.name: entry for entry in resource.body if isinstance(entry, ast.Message)}


class _Names(Visitor):
    """Collects the variables and the other messages that a message mentions."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.messages: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - the visitor's own spelling
        self.variables.add(node.id.name)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802
        self.messages.add(node.id.name)


def placeables(message: ast.Message, others: Mapping[str, ast.Message] | None = None) -> frozenset[str]:
    """The names of the variables in a message, and in the messages of `others` that it mentions."""
    found = _Names()
    found.visit(message)
    for key in found.messages:
        if others and key in others:
            found.variables |= placeables(others[key], others)
    return frozenset(found.variables)


def blank_form(message: ast.Message) -> str | None:
    """A message of nothing but text and plain placeables, with "%(name)s" for each; None where Fluent has to decide."""
    pieces = [_piece(element) for element in message.value.elements] if message.value else [None]
    return None if None in pieces else "".join(piece for piece in pieces if piece)


def _piece(element: ast.TextElement | ast.Placeable) -> str | None:
    match element:
        case ast.TextElement(value=text):
            return text.replace("%", "%%")
        case ast.Placeable(expression=ast.VariableReference(id=ast.Identifier(name=name))):
            return f"%({name})s"
    return None


class Language:
    """Renders by key. What has no placeables is formatted once and kept; where they are plain, they are filled in.

    The rest, such as plurals, is left to Fluent.
    """

    def __init__(self, name: str, files: Iterable[Path]) -> None:
        """Files are in order of precedence, the last one winning line by line."""
        self.name = name
        self._bundle = FluentBundle([name], use_isolating=False)
        lines: dict[str, ast.Message] = {}
        for path in files:
            resource = parse(path)
            self._bundle.add_resource(resource, allow_overrides=True)
            lines |= messages(resource)
        self._placeables = {key: placeables(message, lines) for key, message in lines.items()}
        self._forms = {key: blank_form(message) for key, message in lines.items()}
        self._fixed = {key: self._format(key, {}) for key, names in self._placeables.items() if not names}
        self.formats = Formats(self._fixed["format-locale"])

    @property
    def keys(self) -> Iterable[str]:
        """Every key that has a text."""
        return self._placeables.keys()

    def text(self, key: str, args: Mapping[str, Any], zone: tzinfo) -> str:
        """A text with its arguments told in this language. Raises KeyError for an unknown key."""
        fixed = self._fixed.get(key)
        if fixed is not None:
            return fixed
        names = self._placeables[key]
        told = {name: self._told(args[name], zone) for name in names if name in args}
        form = self._forms[key]
        if form is not None and len(told) == len(names) and {*map(type, told.values())} == {str}:
            return (form % told).rstrip()  # a list of lines at the end may be empty
        return self._format(key, told)

    def label(self, choice: Choice, zone: tzinfo) -> dict[str, str]:
        """A choice as the wire carries it."""
        return {"id": choice.id, "label": self._fixed.get(choice.key) or self.text(choice.key, choice.args, zone)}

    def template(self, key: str) -> str:
        """A text whose placeables read "{name}"; a plural takes its general form."""
        return self._format(key, {name: f"{{{name}}}" for name in self._placeables[key]})

    def card(self, card: Mapping[str, Any]) -> dict[str, Any]:
        """The card with `formatted` beside each amount; its invoices are in its own currency."""
        ready = dict(card)
        if "amount_minor" in card:
            ready["formatted"] = self.formats.money(Money(card["amount_minor"], card["currency"]))
        if "invoices" in card:
            ready["invoices"] = [self.card({**row, "currency": card["currency"]}) for row in card["invoices"]]
        return ready

    def _format(self, key: str, args: dict[str, str | int]) -> str:
        pattern = self._bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)  # a message of attributes only
        text, _ = self._bundle.format_pattern(pattern, args)  # a name left out is shown by its name, never an error
        return str(text).rstrip()

    def _told(self, value: object, zone: tzinfo) -> str | int:
        if isinstance(value, (str, int)):
            return value
        if isinstance(value, tuple):
            return "\n".join(self.text(line.key, line.args, zone) for line in value)
        return self.formats.told(value, zone)
