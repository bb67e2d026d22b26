"""Words by which customers are understood: one TOML file per language, checked and merged when this module is imported.

A language is added by its file alone. All languages are understood at once, because many customers write in another
language than their browser's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from flows.understanding.normalise import plain, tokens

FOLDER = Path(__file__).parent / "vocabulary"
REFERENCE = "en"
"""The language whose file has every key."""

TEAM_MESSAGE_EVENTS = {"done": "message_done", "more": "add_more", "discard": "discard_message"}

WordList = tuple[str, ...]


class VocabularyError(ValueError):
    """A vocabulary file is wrong. The message names the file and the key."""


class _Choices(Struct, frozen=True, forbid_unknown_fields=True):
    fillers: WordList = ()
    ordinals: dict[int, WordList] = {}


class _Identifiers(Struct, frozen=True, forbid_unknown_fields=True):
    email: WordList = ()
    mobile: WordList = ()
    spoken_at: WordList = ()


class _TeamMessage(Struct, frozen=True, forbid_unknown_fields=True):
    done: WordList = ()
    more: WordList = ()
    discard: WordList = ()


class RedactionWords(Struct, frozen=True, forbid_unknown_fields=True):
    """Words around secrets, apart from `before_codes` as regular expressions to be joined by "|"."""

    security_codes: WordList = ()
    """Names of a card's security code: "cvv2?"."""
    card_words: WordList = ()
    """Words for a card: "debit card"."""
    named_codes: WordList = ()
    """Names of a one-time code, right before its digits: "my code is"."""
    before_codes: WordList = ()
    """Words in capitals that may stand right before a one-time code: "PIN"."""
    currencies: WordList = ()
    """Currencies in words: "pounds?"."""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """One language's file; `en.toml` explains the keys."""

    polite: WordList = ()
    message_commands: WordList = ()
    team_message: _TeamMessage = _TeamMessage()
    choices: _Choices = _Choices()
    identifiers: _Identifiers = _Identifiers()
    commands: dict[str, WordList] = {}
    topics: dict[str, WordList] = {}
    redaction: RedactionWords = RedactionWords()


class Vocabulary(Struct, frozen=True):
    """The words of all languages, in the form in which messages are looked up."""

    commands: Mapping[str, str]
    """Whole message → event."""
    message_commands: frozenset[str]
    """Commands that are obeyed where a message to the team is being written."""
    team_message: Mapping[str, str]
    """Whole message, where a message to the team is being written → event."""
    topics: Mapping[str, frozenset[str]]
    """Word or phrase → its topics."""
    polite: frozenset[str]
    """Words that change nothing in a short message."""
    choice_fillers: frozenset[str]
    """Polite words, and words around the number or place of a choice."""
    ordinals: Mapping[str, int]
    """Word → index in the list of choices; -1 is the last."""
    identifier_kinds: Mapping[str, str]
    """Word → kind of identifier."""
    spoken_at: str
    """Regular expression of the ways to say an email's @."""
    redaction: RedactionWords


def load(folder: Path = FOLDER) -> Vocabulary:
    """Return the merged vocabulary of a folder. Raises VocabularyError for a file that is wrong."""
    files = {path.name: _read(path) for path in _in_order(folder)}
    _check_keys(files)
    commands = _invert(files, "commands", lambda file: file.commands)
    for name, file in files.items():
        for said in file.message_commands:
            if said not in commands:
                raise VocabularyError(f"{name}: message_commands: {said!r} is no command")
    written = _invert(files, "team_message", lambda file: msgspec.structs.asdict(file.team_message))
    places = _invert(files, "choices.ordinals", lambda file: file.choices.ordinals)
    polite = _union(file.polite for file in files.values())
    return Vocabulary(
        commands=commands,
        message_commands=_union(file.message_commands for file in files.values()),
        team_message={said: TEAM_MESSAGE_EVENTS[key] for said, key in written.items()},
        topics=_topics(files.values()),
        polite=polite,
        choice_fillers=polite | _union(file.choices.fillers for file in files.values()),
        ordinals={word: place - 1 if place > 0 else place for word, place in places.items()},
        identifier_kinds=_invert(files, "identifiers", lambda file: _kinds(file.identifiers)),
        spoken_at="|".join(_merge(map(_spoken_pattern, file.identifiers.spoken_at) for file in files.values())),
        redaction=RedactionWords(
            *(
                _merge(getattr(file.redaction, key) for file in files.values())
                for key in RedactionWords.__struct_fields__
            )
        ),
    )


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_order(folder: Path) -> list[Path]:
    """The reference first: of two known words that are equally near to a mistyped one, the first file's is taken."""
    return sorted(folder.glob("*.toml"), key=lambda path: (path.stem != REFERENCE, path.stem))


def _read(path: Path) -> _File:
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
    except msgspec.DecodeError as error:
        raise VocabularyError(f"{path.name}: {error}") from error
    for key, words in _lists(msgspec.to_builtins(file, str_keys=True)):
        for word in words:
            problem = _problem(key, word)
            if problem:
                raise VocabularyError(f"{path.name}: {key}: {word!r} {problem}")
    return file


def _lists(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Sequence[str]]]:
    """Yield every list of words with its dotted key."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _lists(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _problem(key: str, word: str) -> str | None:
    """Why an entry could never match, or None."""
    if key in {"redaction.security_codes", "redaction.card_words", "redaction.named_codes", "redaction.currencies"}:
        return _pattern_problem(word)
    if key == "redaction.before_codes":
        return None if word == word.upper() else "must be in capitals"
    if key == "identifiers.spoken_at":
        return None
    compared = " ".join(tokens(plain(word)))
    if key.startswith(("commands.", "team_message.")):
        compared = compared.replace("'", "")
    return None if word == compared else f"must be written as it is compared: {compared!r}"


def _pattern_problem(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"is no regular expression: {error}"
    return None


def _check_keys(files: Mapping[str, _File]) -> None:
    reference = files.get(f"{REFERENCE}.toml")
    if reference is None:
        raise VocabularyError(f"{REFERENCE}.toml: is missing")
    for name, file in files.items():
        for section in ("commands", "topics"):
            unknown = sorted(getattr(file, section).keys() - getattr(reference, section).keys())
            if unknown:
                raise VocabularyError(f"{name}: {section}.{unknown[0]}: {REFERENCE}.toml has no such key")


# ── merging ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _merge(lists: Iterable[Iterable[str]]) -> WordList:
    """Every entry once, in order."""
    return tuple(dict.fromkeys(entry for entries in lists for entry in entries))


def _union(lists: Iterable[WordList]) -> frozenset[str]:
    return frozenset(_merge(lists))


def _invert(
    files: Mapping[str, _File], section: str, read: Callable[[_File], Mapping[Any, WordList]]
) -> dict[str, Any]:
    """Word → key of its list. Raises VocabularyError for a word under two keys, in one file or in two."""
    found: dict[str, Any] = {}
    for name, file in files.items():
        for key, words in read(file).items():
            for word in words:
                if found.setdefault(word, key) != key:
                    raise VocabularyError(f"{name}: {section}.{key}: {word!r} already means {found[word]!r}")
    return found


def _topics(files: Iterable[_File]) -> dict[str, frozenset[str]]:
    files = list(files)
    found: dict[str, frozenset[str]] = {}
    for topic in files[0].topics:
        for word in _merge(file.topics.get(topic, ()) for file in files):
            found[word] = found.get(word, frozenset()) | {topic}
    return found


def _kinds(identifiers: _Identifiers) -> dict[str, WordList]:
    return {"email": identifiers.email, "mobile": identifiers.mobile}


def _spoken_pattern(written: str) -> str:
    """A word counts between spaces only; a sign such as "(at)" counts anywhere."""
    return f" {written} " if written.isalnum() else re.escape(written)


VOCABULARY = load()
