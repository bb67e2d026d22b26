"""The six digits of a one-time code in a message, which may be the whole text message that brought the code.

Each wrong code costs one of five tries, so of several candidates the likeliest is taken: the one after the # in a text
message's last line (WICG, "Origin-bound one-time codes delivered via SMS"), then six digits together, then in groups.
"""

import re
from itertools import islice

from flows.understanding.vocabulary import VOCABULARY

MAX_CANDIDATES = 8
"""Candidates of one kind that are compared; a text message with a code has two or three."""

_GROUPED = r"\d(?:(?:\.|[ \t\-]{0,3})\d){5}(?!\d)(?![ \-.]\d)"
_AFTER_HASH = re.compile(rf"#\s?(?P<code>{_GROUPED})")
# Alone: in no amount (£539060, 539060.00), reference (INV-539060) or date (539060/26).
_TOGETHER = re.compile(r"(?<![\w£$€¥#])(?<![\w£$€¥][\-/.,])(?P<code>\d{6})(?![\w£$€¥]|[\-/.,]\d)")
_IN_HALVES = re.compile(r"(?<![\w£$€¥.,\-/])(?P<code>\d{3}[ \t\-]{1,3}\d{3})(?!\w|[ \-/.,]\d)")
_ANYHOW = re.compile(rf"(?<!\d)(?P<code>{_GROUPED})")
_WORD = re.compile(r"[^\W\d_]+")
_CODE_WORDS = frozenset(VOCABULARY.redaction.before_codes)
"""Words that stand beside a code, in capitals."""

_NO_DIGIT = re.compile(r"\D+")


def find_code(message: str) -> str | None:
    """Return the six digits that are most likely the code in a normalised message; None if there are none."""
    for pattern in (_AFTER_HASH, _TOGETHER, _IN_HALVES, _ANYHOW):
        found = list(islice(pattern.finditer(message), MAX_CANDIDATES))
        if found:
            return _NO_DIGIT.sub("", _likeliest(message, found)["code"])
    return None


def _likeliest(message: str, found: list[re.Match[str]]) -> re.Match[str]:
    """Return the match nearest to a word for a code: the second one of "118118: your code is 539060"."""
    if len(found) == 1:
        return found[0]
    words = [word.span() for word in _WORD.finditer(message) if word[0].upper() in _CODE_WORDS]
    return min(found, key=lambda match: min((_distance(match, word) for word in words), default=0))


def _distance(match: re.Match[str], word: tuple[int, int]) -> int:
    """Return the number of characters between a match and a word."""
    return max(word[0] - match.end(), match.start() - word[1])
