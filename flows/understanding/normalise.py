"""The form in which typed and imported text is matched: plain digits, spaces, dashes, apostrophes; nothing invisible.

What is pasted from web pages, letters and spreadsheets holds zero-width spaces, direction marks, soft hyphens,
typographic dashes and apostrophes, ligatures and full-width letters, which nobody sees. Identifiers, codes, labels and
words pass through here before they are compared or stored as something to find. Text that people read (messages to the
team, names) is stored as it came.
"""

import re
import unicodedata
from functools import lru_cache

MAX_WORDS = 60
"""Words of a message that are read; customers say their request before that."""

_DASHES = "˗‐‑‒–⁃⁻₋−➖"
_LONG_DASHES = "—―⸺⸻﹘"
"""Dashes between two thoughts: they separate a word from an identifier, and join none."""
_APOSTROPHES = "´ʹʻʼʾʿˈ‘’‛′‵ꞌ＇"
_DOTS = "。｡"  # the full stop of East Asian keyboards, which NFKC leaves
# Default_Ignorable_Code_Point of Unicode without its format characters (category Cf), and the blank Braille pattern.
_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u20e3"
_INVISIBLE_RANGES = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
_LOOKED_AT = re.compile(rf"[^\w -~]|(?![0-9])\d|[{_DASHES}{_APOSTROPHES}{_INVISIBLE}]")
"""Characters that may have a plain form; letters have none, and most of a text is letters."""
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_MAX_MARKS = 30
"""Accents on one letter that are read (UAX #15, stream-safe text): sorting more takes time by their square."""
_AT_ONCE = 250
"""Characters of a long text that are normalised at once."""
_WHITE_SPACE = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85"


def is_invisible(character: str) -> bool:
    """Tell whether a character shows nothing and separates nothing: joiners, marks of direction, controls."""
    if unicodedata.category(character) in {"Cf", "Cc"}:
        return character not in _WHITE_SPACE
    return character in _INVISIBLE or any(ord(character) in each for each in _INVISIBLE_RANGES)


@lru_cache(4096)
def _plain_character(character: str) -> str:
    """Return the plain form of a character: itself, or empty for an invisible one."""
    category = unicodedata.category(character)
    if is_invisible(character):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if character in _LONG_DASHES:
        return " - "
    if category == "Pd" or character in _DASHES:
        return "-"
    if character in _APOSTROPHES:
        return "'"
    if character in _DOTS:
        return "."
    return " " if category in {"Zs", "Zl", "Zp"} else character


def normalise(text: str) -> str:
    """Return the form of a text for matching. A normalised text stays as it is."""
    if text.isascii() and text.isprintable():
        return text
    if len(text) > _MAX_MARKS:
        text = _without_piles(text)
    # A full-width dash becomes a dash, and an accent meets its letter, by NFKC only; so the forms are replaced twice.
    composed = unicodedata.normalize("NFKC", _replace(text))
    return unicodedata.normalize("NFKC", _replace(composed))


def normalise_start(text: str, most: int) -> str:
    """Return up to `most` characters of a text for matching; one character may stand for eighteen."""
    parts: list[str] = []
    length = 0
    for start in range(0, min(len(text), most), _AT_ONCE):
        parts.append(normalise(text[start : start + _AT_ONCE]))
        length += len(parts[-1])
        if length >= most:
            break
    return "".join(parts)[:most]


def _without_piles(text: str) -> str:
    """Return the text without the accents above _MAX_MARKS on one letter."""
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def _replace(text: str) -> str:
    return _LOOKED_AT.sub(lambda match: _plain_character(match[0]), text)


def plain(text: str) -> str:
    """Return a normalised text in lower case without accents, the form in which words are compared."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.casefold()


def tokens(text: str) -> list[str]:
    """Return the first words of a plain text."""
    return _TOKEN.findall(text)[:MAX_WORDS]
