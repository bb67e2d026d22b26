"""Digits in every script and form, read as the plain ones from 0 to 9."""

import re
import unicodedata

from flows.understanding.normalise import normalise

# Every character that reads as one digit: of any script, superscript, circled and so on.
_ONE = (
    "\\d²³¹⁰-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒፩-፱᧚"
    "\U00010a40-\U00010a43\U00010e60-\U00010e68\U00011052-\U0001105a\U0001f100-\U0001f10a"
)
# Every character that reads as a number of two digits, such as ㊶.
_TWO = "⑩-⑳⑽-⒇⒑-⒛⓫-⓴⓾❿➉➓㉈-㉏㉑-㉟㊱-㊿"
_SOME_DIGIT = re.compile(f"[{_ONE}{_TWO}]")
_TWO_DIGITS = re.compile(f"[{_TWO}]")
_SPREAD = {
    code: str(int(unicodedata.numeric(chr(code)))) for code in range(0x2460, 0x3300) if _TWO_DIGITS.match(chr(code))
}

_REMEMBERED = 4096
"""Characters whose plain form is remembered: more than a language has, fewer than a stranger could send."""


class _PlainForms(dict[int, str]):
    """The plain form of each character, found when it is first met."""

    def __missing__(self, code: int) -> str:
        form = _plain_character(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = form
        return form


def _plain_character(character: str) -> str:
    """Return the one character that the dialogue reads: a code that it accepts has to be found here, too."""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if character in "·．":
        return "-"
    # Invisible characters (joiners, the keycap of an emoji) separate no more than a space does.
    form = normalise(character).strip(" ") or " "
    return form if len(form) == 1 else character


_PLAIN = _PlainForms()


def has_digits(text: str) -> bool:
    """Tell whether a text has a digit of any script."""
    return _SOME_DIGIT.search(text) is not None


def spread(text: str) -> str:
    """Return the text with characters of two digits, such as ㊶, written as the two."""
    if text.isascii() or not _TWO_DIGITS.search(text):
        return text
    return text.translate(_SPREAD)


def plain(text: str) -> str:
    """Return the text with plain digits, spaces and dashes, character for character, so that spans stay valid."""
    return text if text.isascii() and text.isprintable() else text.translate(_PLAIN)
