"""One language: its Fluent messages over the fallback's, and its formats for amounts and dates."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor
from msgspec import Struct

from flows.effects import Choice, Money, Say
from flows.wording.formats import Formats


class Rendered(Struct):
    """A message in words: text, choices [{id, label}], the expected field and a card."""

    text: str
    choices: list[dict[str, str]]
    expects: str | None
    card: dict[str, Any] | None


@cache
def parse(path: Path) -> ast.Resource:
    """Return a Fluent file's syntax tree, read once."""
    return FluentParser().parse(path.read_text("utf-8"))


def messages(resource: ast.Resource) -> dict[str, ast.Message]:
    """Return the messages of a file by key."""
    return {entry.id.name: entry for entry in resource.body if isinstance(entry, ast.Message)}


class _References(Visitor):
    """Collects the variables and the other messages that a message refers to."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.messages: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - the visitor's own spelling
        self.variables.add(node.id.name)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802
        self.messages.add(node.id.name)


def placeables(message: ast.Message, others: Mapping[str, ast.Message] | None = None) -> frozenset[str]:
    """Return the names of the variables in a message, and in the messages of `others` that it refers to."""
    found = _References()
    found.visit(message)
    for key in found.messages:
        if others and key in others:
            found.variables |= placeables(others[key], others)
    return frozenset(found.variables)


def percent_format(message: ast.Message) -> str | None:
    """Return a message of text and plain variables as a "%(name)s" format; None where Fluent has to decide."""
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
    """Renders messages by key.

    A message without variables is formatted once; one with plain variables is filled in by the % operator; the rest,
    such as plurals, goes to Fluent each time.
    """

    def __init__(self, name: str, files: Iterable[Path]) -> None:
        """Files are in order of precedence, the last one winning message by message."""
        self.name = name
        self._bundle = FluentBundle([name], use_isolating=False)
        lines: dict[str, ast.Message] = {}
        for path in files:
            resource = parse(path)
            self._bundle.add_resource(resource, allow_overrides=True)
            lines |= messages(resource)
        self._placeables = {key: placeables(message, lines) for key, message in lines.items()}
        self._percent_formats = {key: percent_format(message) for key, message in lines.items()}
        self._fixed = {key: self._format(key, {}) for key, names in self._placeables.items() if not names}
        self.formats = Formats(self._fixed["format-locale"])

    @property
    def keys(self) -> Iterable[str]:
        """Every key that has a text."""
        return self._placeables.keys()

    def render(self, say: Say, zone: tzinfo) -> Rendered:
        """Return a message in words, its times on the clock of `zone`."""
        return Rendered(
            self.text(say.key, say.args, zone),
            [self._choice(choice, zone) for choice in say.choices],
            say.expects,
            None if say.card is None else self._card(say.card),
        )

    def text(self, key: str, args: Mapping[str, Any], zone: tzinfo) -> str:
        """Return a text with its arguments in this language. Raises KeyError for an unknown key."""
        fixed = self._fixed.get(key)
        if fixed is not None:
            return fixed
        names = self._placeables[key]
        values = {name: self._value(args[name], zone) for name in names if name in args}
        template = self._percent_formats[key]
        if template is not None and len(values) == len(names) and {*map(type, values.values())} == {str}:
            return (template % values).rstrip()  # a list of lines at the end may be empty
        return self._format(key, values)

    def template(self, key: str) -> str:
        """Return a text whose placeables read "{name}"; a plural takes its general form."""
        return self._format(key, {name: f"{{{name}}}" for name in self._placeables[key]})

    def _choice(self, choice: Choice, zone: tzinfo) -> dict[str, str]:
        return {"id": choice.id, "label": self._fixed.get(choice.key) or self.text(choice.key, choice.args, zone)}

    def _card(self, card: Mapping[str, Any]) -> dict[str, Any]:
        """Return the card with `formatted` beside each amount; its invoices are in its own currency."""
        rendered = dict(card)
        if "amount_minor" in card:
            rendered["formatted"] = self.formats.money(Money(card["amount_minor"], card["currency"]))
        if "invoices" in card:
            rendered["invoices"] = [self._card({**row, "currency": card["currency"]}) for row in card["invoices"]]
        return rendered

    def _format(self, key: str, args: dict[str, str | int]) -> str:
        pattern = self._bundle.get_message(key).value
        if pattern is None:
            raise KeyError(key)  # a message of attributes only
        text, _ = self._bundle.format_pattern(pattern, args)  # a missing argument is shown by its name, never an error
        return str(text).rstrip()

    def _value(self, value: object, zone: tzinfo) -> str | int:
        if isinstance(value, (str, int)):
            return value
        if isinstance(value, tuple):
            return "\n".join(self.text(line.key, line.args, zone) for line in value)
        return self.formats.format(value, zone)
