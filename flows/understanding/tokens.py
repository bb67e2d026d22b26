"""The words of a normalised text as they are compared: lower case, no accents."""

import re
import unicodedata

MAX_WORDS = 60
"""Words of a message that are read; customers say their request before that."""

TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def plain(text: str) -> str:
    """Return a normalised text in lower case without accents."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.casefold()


def tokens(text: str) -> list[str]:
    """Return the first words of a plain text."""
    return TOKEN.findall(text)[:MAX_WORDS]
