"""The form in which typed text is compared: one width, lower case, no accents, split into words."""

import re
import unicodedata

MAX_WORDS = 60
"""Words of a message that are read; customers say their request before that."""

TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def one_width(text: str) -> str:
    """Return the text with full-width and other forms of letters and digits as the plain ones; accents stay."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text.replace("’", "'"))
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def plain(text: str) -> str:
    """Return a text of one width in lower case without accents."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.casefold()


def tokens(text: str) -> list[str]:
    """Return the first words of a plain text."""
    return TOKEN.findall(text)[:MAX_WORDS]
