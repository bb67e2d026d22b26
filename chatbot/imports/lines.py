"""The lines of a file as JSON values. Memory is bounded by the longest line allowed."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NoReturn

MAX_LINE = 2**20
"""Bytes of a line: an invoice of several thousand lines. A longer one is no JSON Lines, and would fill the memory."""
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class InvalidLine(Exception):
    """A line that holds no JSON object; the message goes to the operator."""


class UnreadableFile(InvalidLine):
    """A line that shows that the rest of the file needs no reading."""


def read_lines(source: BinaryIO | Iterable[str | bytes]) -> Iterator[bytes | str]:
    """Yield the lines of an open file, or of any iterable. A line longer than MAX_LINE is cut one byte above it."""
    if not hasattr(source, "readline"):
        yield from source
        return
    while line := source.readline(MAX_LINE + 1):
        yield line


def parse_line(line: bytes | str, *, first: bool) -> dict[str, Any] | None:
    """Return the object on a line; None for an empty one. Raises InvalidLine."""
    if len(line) > MAX_LINE:
        raise UnreadableFile(f"is longer than {MAX_LINE} bytes; put one record on each line")
    text = _text(line, first=first).removeprefix("\ufeff").strip()  # the byte order mark of spreadsheet programs
    if not text:
        return None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidLine(f"is no valid JSON from column {error.colno} on; put one whole record on each line") from None
    except RecursionError:
        raise InvalidLine("is nested too deeply for a record") from None
    except ValueError:  # an integer of thousands of digits
        raise InvalidLine("holds a number that is too long") from None
    if not isinstance(value, dict):
        raise InvalidLine("must be a JSON object: a record in braces")
    return value


def _text(line: bytes | str, *, first: bool) -> str:
    if isinstance(line, str):
        return line
    if first and line.startswith(UTF16_MARKS):
        raise UnreadableFile("is UTF-16; save the file as UTF-8")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise InvalidLine(f"is not UTF-8 (0x{byte:02X} is byte {error.start + 1}); save the file as UTF-8") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise InvalidLine(f"has the key {twice!r} twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise InvalidLine(f"holds {name}, which is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number)
