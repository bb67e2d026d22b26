"""The problems of a file in words for the operator, up to a limit. Nothing is told in the words of a library."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

MAX_PROBLEMS = 100
"""Reading stops there: a file with more problems is the wrong file."""

MAX_CHARACTERS = 400
"""Characters of a problem that are told: it may quote a key or a value of any length."""

WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no key of this kind; check its spelling",
    "string_type": "must be text in quotes",
    "string_unicode": "holds half of a surrogate pair; leave it out",
    "string_too_short": "is empty",
    "string_too_long": "has more than {max_length} characters",
    "int_type": "must be a whole number of minor units, without quotes",
    "int_from_float": "must be a whole number of minor units, without decimals",
    "finite_number": "must be a whole number of minor units, without decimals",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false",
    "literal_error": "must be {expected}",
    "tuple_type": "must be a list in brackets",
    "model_type": "must be an object in braces",
    "model_attributes_type": "must be an object in braces",
    "union_tag_not_found": "kind: is missing",
    "union_tag_invalid": "kind: must be {expected_tags}",
    "value_error": "{error}",
}
"""pydantic's types of errors → our words, with the names of its context."""


@dataclass(frozen=True, slots=True)
class NotImported:
    """The file was rejected and nothing imported. Each problem is “line N: problem; remedy”."""

    problems: tuple[str, ...]


@dataclass(slots=True)
class Problems:
    """Collects the problems of a file, up to MAX_PROBLEMS."""

    found: list[str] = field(default_factory=list)

    def add(self, line: int, problem: str) -> None:
        """Add a problem of a line. Raises TooManyProblems beyond the limit."""
        if len(self.found) == MAX_PROBLEMS:
            raise TooManyProblems
        self.found.append(f"line {line}: {_printable(problem[:MAX_CHARACTERS])}")

    def result(self, *, more: bool) -> NotImported:
        """Return the rejection; `more` adds that the list is not complete."""
        return NotImported((*self.found, "… and more; mend these first") if more else tuple(self.found))


class TooManyProblems(Exception):
    """The file has more than MAX_PROBLEMS problems."""


def in_words(error: ValidationError) -> Iterator[str]:
    """Yield each problem of a record with the path of its field: "lines.0.amount_minor: must be …"."""
    for problem in error.errors(include_url=False, include_input=False):
        words = _words(problem["type"], problem.get("ctx", {}))
        field_path = ".".join(str(part) for part in problem["loc"][1:])  # the first part is the kind
        yield f"{field_path}: {words}" if field_path else words


def _words(kind: str, context: dict[str, Any]) -> str:
    return WORDS.get(kind, "is not valid").format(**context)


def _printable(text: str) -> str:
    """Return the text with escapes for what would steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
