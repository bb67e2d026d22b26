"""The Fluent files: complete in every language, used to the last line, and safe to send as texts."""

import ast as python
import re
from pathlib import Path

import pytest
from fluent.syntax import ast

import flows
from flows.events import EXTERNAL_EVENTS, SMALL_TALK
from flows.wording.language import messages, parse, placeables

FLOWS = Path(flows.__file__).parent
LOCALES = sorted((FLOWS / "locales").glob("*.ftl"))
ENGLISH = FLOWS / "locales" / "en.ftl"
RESERVED = {
    *("stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"),
    *("start", "yes", "unstop", "help", "info"),
}
"""Words that telephone companies answer themselves: a text of one never reaches us, or stops all texts from us."""


def dialogue(path: Path) -> dict[str, ast.Message]:
    """The messages of the Dialogue section."""
    entries = parse(path).body
    start = next(i for i, e in enumerate(entries) if isinstance(e, ast.ResourceComment) and e.content == "Dialogue")
    rest = entries[start + 1 :]
    end = next((i for i, e in enumerate(rest) if isinstance(e, ast.ResourceComment)), len(rest))
    return {entry.id.name: entry for entry in rest[:end] if isinstance(entry, ast.Message)}


def keys_in_the_code() -> set[str]:
    """Every text key that the flows mention, or make from an event's name."""
    found = {name.replace("_", "-") for name in (*EXTERNAL_EVENTS, *SMALL_TALK)} | {
        "code-sent-email",
        "code-sent-mobile",
    }
    for path in FLOWS.rglob("*.py"):
        for node in python.walk(python.parse(path.read_text("utf-8"))):
            if isinstance(node, python.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_every_line_can_be_read(path: Path) -> None:
    assert not [entry.content for entry in parse(path).body if isinstance(entry, ast.Junk)]


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_no_key_is_given_twice(path: Path) -> None:
    keys = [entry.id.name for entry in parse(path).body if isinstance(entry, ast.Message)]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_every_language_has_every_line_with_the_same_placeables(path: Path) -> None:
    english, other = messages(parse(ENGLISH)), messages(parse(path))
    assert {key: placeables(message, other) for key, message in other.items()} == {
        key: placeables(message, english) for key, message in english.items()
    }


def test_every_line_of_the_dialogue_is_said_somewhere() -> None:
    lines = dialogue(ENGLISH)
    mentioned = {key for line in lines.values() for key in re.findall(r"{ ([a-z-]+) }", source_of(ENGLISH, line))}
    assert lines.keys() <= keys_in_the_code() | mentioned


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_no_choice_asks_for_a_word_that_the_telephone_company_answers(path: Path) -> None:
    for key, message in dialogue(path).items():
        if key.startswith("choice-"):
            words = re.findall(r"\w+", source_of(path, message).lower())
            assert not RESERVED & set(words), key


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_no_text_tells_the_customer_to_type_such_a_word(path: Path) -> None:
    for key, message in dialogue(path).items():
        text = source_of(path, message)
        quoted = re.findall(r"[“«\"]([^”»\"]+)[”»\"]", text) + re.findall(r"\b[A-Z]{3,}\b", text)
        assert not RESERVED & {word.lower() for word in quoted}, key


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_the_voice_is_calm(path: Path) -> None:
    for key, message in dialogue(path).items():
        text = source_of(path, message).lower()
        assert not re.search(r"[!¡]|\boops\b|\bups\b|\binvalid\b", text), key


@pytest.mark.parametrize("path", LOCALES, ids=lambda path: path.stem)
def test_the_words_after_a_code_tell_no_number_of_tries(path: Path) -> None:
    for key in ("code-wrong", "code-superseded", "code-expired", "code-used-up"):
        assert not re.search(r"\d", source_of(path, dialogue(path)[key]))


def source_of(path: Path, message: ast.Message) -> str:
    """A message's text as it is written in its file."""
    assert message.value is not None
    assert message.value.span is not None
    return path.read_text("utf-8")[message.value.span.start : message.value.span.end]
