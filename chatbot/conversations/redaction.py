"""Masks card numbers and one-time codes in a customer's text, before it is stored, logged or shown to a person.

A card number is 13 to 19 digits, in any script and with any separators, with a brand's prefix and a valid check digit
(ISO/IEC 7812-1). Of random digits of that length about one in thirty passes. The tables follow the brands' published
ranges (Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay, Maestro, Mir); PCI DSS 3.4 allows
keeping the last four digits.

A code is six digits on their own, together or spaced. Parts of a phone number, a longer reference, an amount, a date or
an email address are no code.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from flows.understanding.normalise import normalise
from flows.understanding.vocabulary import VOCABULARY

CARD_MASK = "•••• "
"""Stands before the last four digits of a card number."""
CODE_MASK = "••••••"
SECRET_MASK = "•••"  # noqa: S105 (a mask, no secret)  # nosec B105
"""Stands for a card's security code or expiry date."""

SHORTEST, LONGEST = 13, 19
SHORTEST_PIECE = 3


class Redacted(Struct, frozen=True):
    """A customer's text without its secrets.

    `text` holds no card data; `clean` holds no code either and is the only form that may be stored. `card`: card data
    was found. `fragment`: all digits of a text that consists of digits and separators only, else empty.
    """

    text: str
    clean: str
    card: bool
    fragment: str


Span = tuple[int, int]

# Every character that reads as a digit: of any script, superscript, circled and so on.
_SOME_DIGIT = re.compile(r"[\d²³¹⁰-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽❶-❾➀-➈➊-➒]")

_SEPARATORS = r"[\s.\-_/,|*+]"
_RUN = re.compile(rf"[0-9](?:{_SEPARATORS}{{0,3}}[0-9]){{12,}}")
_GROUP = re.compile(r"[0-9]+")
_NO_DIGIT = re.compile(r"[^0-9]")
_ONLY_DIGITS = re.compile(rf"(?:[0-9]|{_SEPARATORS})+")

_SECURITY_CODE = f"(?:{'|'.join(VOCABULARY.redaction.security_codes)})"
_SECURITY_CODE_AFTER = re.compile(
    rf"\b{_SECURITY_CODE}(?![a-z])[^0-9]{{0,24}}(?P<found>[0-9](?:[ -]?[0-9]){{2,3}})(?![ -]?[0-9])", re.IGNORECASE
)
_SECURITY_CODE_BEFORE = re.compile(
    rf"(?<![0-9.,£$€])(?P<found>[0-9]{{3,4}})(?![0-9])[^0-9\n]{{1,12}}\b{_SECURITY_CODE}(?![a-z])", re.IGNORECASE
)
_EXPIRY = r"(?:0?[1-9]|1[0-2]) ?[/.\- ] ?(?:20)?[0-9]{2}"
_EXPIRY_DATE = re.compile(rf"(?<![0-9/.\-])(?P<found>{_EXPIRY})(?![0-9/.\-]?[0-9])")
_SHORT_NUMBER = re.compile(r"(?<![0-9£$€.,])(?P<found>[0-9]{3,4})(?![0-9]|[.,][0-9])")
# Distance in characters within which a card number's expiry date and security code are masked.
_NEARBY = 40

# A number as people write it: words of digits, with spaces or brackets between the words.
_NUMBER = re.compile(r"[0-9](?:(?:[.,\-/]|[ \t()]{1,3})?[0-9])*")
_WORD = re.compile(r"[0-9]+(?:[.,\-/][0-9]+)*")
_CODE_DIGITS = 6
_SPACED_CODE = re.compile(r"[0-9](?:[ \t\-]{0,3}[0-9]){5}")
_CODE_WORD = re.compile(r"[0-9](?:-?[0-9]){5}|[0-9]{3}[.,][0-9]{3}|[0-9](?:[.,][0-9]){5}")
_PLUS = re.compile(r"\+[ (]?$")
# A mobile's digits before its last six without the leading 0, as in 7700 900001 and 44 7700 900001.
_MOBILE_LEAD = re.compile(r"[0-9]{0,3}[67][0-9]{2,3}")
_PHONE_DIGITS = range(9, 16)
_PHONE_WORDS = 4
_CURRENCY_BEFORE = re.compile(r"(?:[£$€¥]|\b(?:gbp|eur|usd)) ?$", re.IGNORECASE)
_CURRENCY_AFTER = re.compile(
    rf" ?(?:[£$€¥]|(?:gbp|eur|usd|{'|'.join(VOCABULARY.redaction.currencies)})\b)", re.IGNORECASE
)
_REFERENCE = re.compile(r"(?<![^\W\d_])(?P<letters>[A-Z]{1,6})[-/]?$")
_BEFORE_CODES = frozenset(VOCABULARY.redaction.before_codes)
_EMAIL = re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+\.[^\s@<>,;:]+")


def redact(text: str, own: Collection[str] = ()) -> Redacted:
    """Mask the secrets of a text.

    `own` holds the customer's own account and invoice numbers (digits only), which are never taken for a card's.
    """
    if not _SOME_DIGIT.search(text):
        return Redacted(text, text, card=False, fragment="")
    plain = _plain(text)
    fragment = _only_digits(plain)
    card = _card_secrets(plain, own)
    if card:
        text = _masked(text, card)
        plain = _plain(text)
    return Redacted(text, _masked(text, _codes(plain)), card=bool(card), fragment=fragment)


def fragment_of(text: str) -> str:
    """Return all digits of a text that consists of digits and separators only; empty for any other text."""
    return _only_digits(_plain(text)) if _SOME_DIGIT.search(text) else ""


def is_piece(fragment: str) -> bool:
    """Tell whether a fragment may be a piece of a card number sent in several messages."""
    return SHORTEST_PIECE <= len(fragment) <= LONGEST


def splits_card(earlier: Sequence[str], fragment: str) -> bool:
    """Tell whether a fragment ends a card number that was begun in the messages before it.

    `earlier` are the fragments of the customer's previous messages, oldest first. When True, neither this message nor
    the earlier pieces may be kept.
    """
    digits = fragment
    for piece in reversed(earlier):
        if not (digits and piece):
            return False
        digits = piece + digits
        if len(digits) > LONGEST:
            return False
        if _is_card(digits):
            return True
    return False


def _only_digits(plain: str) -> str:
    return _NO_DIGIT.sub("", plain) if _ONLY_DIGITS.fullmatch(plain) else ""


def _plain(text: str) -> str:
    """Return the text as the dialogue reads it, character for character, so that spans stay valid."""
    return text if text.isascii() and text.isprintable() else "".join(map(_plain_character, text))


@lru_cache(4096)
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


def _masked(text: str, masks: dict[Span, str]) -> str:
    """Replace spans by their masks; of two overlapping spans, the first one masks both."""
    parts: list[str] = []
    at = 0
    for (start, end), mask in sorted(masks.items()):
        if start >= at:
            parts += [text[at:start], mask]
        at = max(at, end)
    return "".join([*parts, text[at:]])


# ── cards ──


def _card_secrets(plain: str, own: Collection[str]) -> dict[Span, str]:
    cards: dict[Span, str] = {}
    for run in _RUN.finditer(plain):
        for start, end in _cards_in(plain, run.span()):
            digits = _digits(plain, (start, end))
            if digits not in own:
                cards[start, end] = CARD_MASK + digits[-4:]
    found = {
        match.span("found"): SECRET_MASK
        for pattern in (_SECURITY_CODE_AFTER, _SECURITY_CODE_BEFORE)
        for match in pattern.finditer(plain)
    }
    for card in cards:
        found |= dict.fromkeys(_beside(plain, card), SECRET_MASK)
    return {span: mask for span, mask in found.items() if not any(_overlap(span, card) for card in cards)} | cards


def _cards_in(plain: str, run: Span) -> Iterator[Span]:
    """Yield the card numbers in a run of digits; a number begins and ends where a group of digits does.

    Searching inside groups too would find a card number in one of eight random references.
    """
    places = [at for at in range(*run) if plain[at].isdigit()]
    digits = "".join([plain[at] for at in places])
    ends = [n for n, at in enumerate(places, 1) if n == len(places) or places[n] != at + 1]
    if len(ends) == len(digits) <= LONGEST:  # typed digit by digit: all of it or nothing
        ends = ends[-1:]
    taken = 0
    for start in [0, *ends[:-1]]:
        if start >= taken:
            taken = next((end for end in _card_ends(start, ends) if _is_card(digits[start:end])), 0)
            if taken:
                yield places[start], places[taken - 1] + 1


def _card_ends(start: int, ends: list[int]) -> Iterable[int]:
    """Return the possible ends of a card number that begins at a group's start, the longest first."""
    group_end = ends[bisect_right(ends, start)]
    if group_end - start > LONGEST:  # a card number with its expiry date and security code in one go
        return range(start + LONGEST, start + SHORTEST - 1, -1)
    return reversed(ends[bisect_left(ends, start + SHORTEST) : bisect_right(ends, start + LONGEST)])


def _digits(plain: str, span: Span) -> str:
    return _NO_DIGIT.sub("", plain[span[0] : span[1]])


def _beside(plain: str, card: Span) -> Iterator[Span]:
    """Yield the spans of the expiry date and the security code near a card number."""
    for pattern in (_EXPIRY_DATE, _SHORT_NUMBER):
        for match in pattern.finditer(plain):
            if card[0] - _NEARBY <= match.start() < card[1] + _NEARBY:
                yield match.span("found")
    glued = _GROUP.match(plain, card[1])
    if glued:
        yield glued.span()


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_card(digits: str) -> bool:
    return SHORTEST <= len(digits) <= LONGEST and _brand_has(digits) and _check_digit_fits(digits)


def _brand_has(digits: str) -> bool:
    """Tell whether a brand issues numbers with this prefix and length."""
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return length in {13, 16, 19}
    if 51 <= two <= 55 or 2200 <= four <= 2204 or 2221 <= four <= 2720:
        return length == 16
    if two in {34, 37}:
        return length == 15
    if two in {36, 38, 39} or 300 <= three <= 305:
        return 14 <= length <= LONGEST
    if 3528 <= four <= 3589 or four == 6011 or 644 <= three <= 649 or two in {62, 65}:
        return length >= 16
    return two in {50, 56, 57, 58, 63, 67}


_DOUBLED = bytes.maketrans(b"0123456789", bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]))


def _check_digit_fits(digits: str) -> bool:
    """Check the Luhn digit: doubling every second digit from the right, the sum of all digits ends in 0."""
    raw = digits.encode()
    plain = raw[-1::-2]
    return (sum(plain) - 48 * len(plain) + sum(raw[-2::-2].translate(_DOUBLED))) % 10 == 0


# ── codes ──


def _codes(plain: str) -> dict[Span, str]:
    emails = [match.span() for match in _EMAIL.finditer(plain)] if "@" in plain else []
    return {
        span: CODE_MASK
        for number in _NUMBER.finditer(plain)
        for span in _codes_in(plain, number.span())
        if not any(_overlap(span, email) for email in emails)
        and not _is_reference(plain, span[0])
        and not _is_amount(plain, span)
    }


def _codes_in(plain: str, number: Span) -> Iterator[Span]:
    """Yield the codes in a number: the whole number, or its six-digit words that do not end a phone number."""
    if _SPACED_CODE.fullmatch(plain, *number):
        yield number
        return
    plus = _PLUS.search(plain, max(0, number[0] - 2), number[0]) is not None
    lead: list[str] = []  # the words before, while they may belong to one phone number
    for word in _WORD.finditer(plain, *number):
        begins_phone = plus and word.start() == number[0]
        if _CODE_WORD.fullmatch(word[0]) and not begins_phone and not _ends_phone(lead, plus):
            yield word.span()
            lead, plus = [], False
        else:
            lead = [*lead, word[0]] if word[0].isdigit() and len(lead) < _PHONE_WORDS else []


def _ends_phone(lead: Sequence[str], plus: bool) -> bool:
    """Tell whether six digits after these words end a phone number."""
    leads = ["".join(lead[first:]) for first in range(len(lead))]
    return any(
        len(digits) + _CODE_DIGITS in _PHONE_DIGITS and (plus or digits[0] == "0" or _MOBILE_LEAD.fullmatch(digits))
        for digits in leads
    )


def _is_reference(plain: str, start: int) -> bool:
    """Tell whether capitals before the digits make a reference, as in INV-100234."""
    match = _REFERENCE.search(plain, max(0, start - 8), start)
    return match is not None and match["letters"] not in _BEFORE_CODES


def _is_amount(plain: str, span: Span) -> bool:
    return bool(_CURRENCY_BEFORE.search(plain, max(0, span[0] - 5), span[0]) or _CURRENCY_AFTER.match(plain, span[1]))
