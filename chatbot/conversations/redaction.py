"""Masks card numbers and one-time codes in a customer's text, before it is stored, logged or shown to a person.

Card numbers are found by `card_numbers`; PCI DSS 3.4 allows keeping their last four digits.

A code is six digits on their own, together or spaced. Parts of a phone number, a longer reference, an amount, a date or
an email address are no code. Six digits are also meter readings, sort codes and invoice numbers, so they are masked
only while a code is asked for or sent, where the text calls them a code, or where they were one (`Codes`).
"""

import re
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from chatbot.conversations.card_numbers import GROUP, Span, find_cards, overlaps
from chatbot.conversations.plain_digits import has_digits, plain, spread
from flows.understanding.vocabulary import VOCABULARY

CARD_MASK = "•••• "
"""Stands before the last four digits of a card number."""
CODE_MASK = "••••••"
SECRET_MASK = "•••"  # noqa: S105 (a mask, no secret)  # nosec B105
"""Stands for a card's security code or expiry date, and for a piece of a card number."""


class Redacted(Struct, frozen=True):
    """A customer's text without its secrets.

    `text` holds no card data; `clean` holds no code either and is the only form that may be stored. `card`: card data
    was found.
    """

    text: str
    clean: str
    card: bool


class Codes(Struct, frozen=True):
    """The six digits to mask in a text.

    `asked`: the dialogue asks for a code, so that amounts and references are no excuse; `sent`: a code works now;
    `over`: codes of this conversation that no longer work. Of codes that do, none may be compared with the text:
    the mask would tell who guesses which one it is.
    """

    asked: bool = False
    sent: bool = False
    over: Collection[str] = ()


ASKED, SENT, NO_CODES = Codes(asked=True, sent=True), Codes(sent=True), Codes()

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
_LONGEST_BESIDE = 12

# What customers send after a card number, in a message of its own: an expiry date, a security code, or both.
_REST_OF_CARD = re.compile(rf"[^\w£$€]*(?:{_EXPIRY}|[0-9]{{3,4}})(?:[^\w£$€]+[0-9]{{3,4}})?\W*")
_CARD_BEFORE = re.compile(r"(?<!•)•{3,4}(?!•)")

# A number as people write it: words of digits, with spaces or brackets between the words.
_NUMBER = re.compile(r"(?<![0-9£$€.,])(?P<found>[0-9]{3,4})(?![0-9]|[.,][0-9])")
# Distance in characters within which a card number's expiry date and security code are masked.
_NEARBY = 40

# A number as people write it: words of digits, with spaces or brackets between the words.
_NUMBER = re.compile(r"[0-9](?:(?:[.,\-/]|[ \t()]{1,3})?[0-9])*")
_WORD = re.compile(r"[0-9]+(?:[.,\-/][0-9]+)*")
_CODE_DIGITS = 6
_NO_DIGIT = re.compile(r"[^0-9]")
_DIGITS_IN_A_ROW = re.compile(r"[0-9](?:[^\w£$€]*[0-9])*")
_SPACED_CODE = re.compile(r"[0-9](?:[ \t\-]{0,3}[0-9]){5}")
_CODE_WORD = re.compile(r"[0-9](?:-?[0-9]){5}|[0-9]{3}[.,][0-9]{3}|[0-9](?:[.,][0-9]){5}")
_ASKED_WORD = re.compile(rf"{_CODE_WORD.pattern}|[0-9]{{6}}[.,][0-9]{{1,2}}")
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
_MAY_BE_EMAIL = re.compile(r"[^\s<>,;:]+")
# Six digits as the dialogue takes them for a code, in whatever they are wrapped.
_TYPED_CODE = re.compile(r"(?<![0-9])[0-9](?:(?:\.|[ \t\-]{0,3})[0-9]){5}(?![0-9])")
_LETTER = re.compile(r"[^\W\d_]")
_NAMED_CODE = re.compile(
    rf"\b(?:{'|'.join(VOCABULARY.redaction.named_codes)})[ :=#\-]{{0,3}}(?P<found>{_TYPED_CODE.pattern})", re.IGNORECASE
)


def redact(text: str, own: Collection[str] = (), codes: Codes = SENT) -> Redacted:
    """Mask the secrets of a text.

    `own` holds the customer's own account and invoice numbers (digits only), which are never taken for a card's.
    """
    if not has_digits(text):
        return Redacted(text, text, card=False)
    typed, text = text, spread(text)
    read = plain(text)
    card = _card_secrets(read, own)
    if card:
        text = _masked(text, card)
        read = plain(text)
    masks = _codes(read, codes)
    if not card and not masks:
        return Redacted(typed, typed, card=False)
    return Redacted(text, _masked(text, masks), card=bool(card))


def without_code(text: str, digits: str) -> str:
    """Return the form to store of a text from which the dialogue took these digits for a code."""
    read = plain(spread(text))
    taken = dict.fromkeys(_places_of(read, {digits}), CODE_MASK)
    # Written so that they are not found again: nothing of it is kept.
    return _masked(spread(text), _codes(read, ASKED) | taken) if taken else CODE_MASK


def rest_of_card(before: str, text: str) -> bool:
    """Tell whether a text is the expiry date or the security code of a card whose number came right before."""
    return _CARD_BEFORE.search(before) is not None and _REST_OF_CARD.fullmatch(plain(text)) is not None


def without_digits(text: str) -> str:
    """Return a text that holds a piece of a card number without any digits."""
    read = plain(spread(text))
    places = [match.span() for match in _DIGITS_IN_A_ROW.finditer(read)]
    if not any(map(str.isalpha, read)):
        return SECRET_MASK
    return _masked(spread(text), dict.fromkeys(places, SECRET_MASK))


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


def _card_secrets(read: str, own: Collection[str]) -> dict[Span, str]:
    numbers = find_cards(read)
    cards = {span: CARD_MASK + digits[-4:] for span, digits in numbers if not any(digits in each for each in own)}
    found = {
        match.span("found"): SECRET_MASK
        for pattern in (_SECURITY_CODE_AFTER, _SECURITY_CODE_BEFORE)
        for match in pattern.finditer(read)
    }
    found |= dict.fromkeys(_beside(read, list(cards)), SECRET_MASK)
    whole = [span for span, _ in numbers]
    return {span: mask for span, mask in found.items() if not overlaps(span, whole)} | cards


def _beside(read: str, cards: Sequence[Span]) -> Iterator[Span]:
    """Yield the spans of the expiry dates and the security codes near card numbers."""
    for first, last in _around(cards):
        for pattern in (_EXPIRY_DATE, _SHORT_NUMBER):
            for match in pattern.finditer(read, first, last + _LONGEST_BESIDE):
                if match.start() < last:
                    yield match.span("found")
    for _, end in cards:
        glued = GROUP.match(read, end)
        if glued:
            yield glued.span()


def _around(cards: Sequence[Span]) -> Iterator[Span]:
    """Yield the stretches of a text that are near to card numbers; none is read twice."""
    for number, (start, end) in enumerate(cards):
        before = cards[number - 1][1] + _NEARBY if number else 0
        after = cards[number + 1][0] if number + 1 < len(cards) else end + _NEARBY
        yield max(before, start - _NEARBY, 0), start
        yield end, min(after, end + _NEARBY)


# ── codes ──


def _codes(read: str, codes: Codes) -> dict[Span, str]:
    over = [*_places_of(read, codes.over)]
    found = list(over)
    if _LETTER.search(read) and _TYPED_CODE.search(read):
        found += [match.span("found") for match in _NAMED_CODE.finditer(read)]
    if codes.sent or codes.asked or over:  # who names one code may name others: "was it 123456 or 654321?"
        emails = [*_emails(read)]
        found += [
            span
            for number in _NUMBER.finditer(read)
            if number.end() - number.start() >= _CODE_DIGITS
            for span in _codes_in(read, number.span(), _ASKED_WORD if codes.asked else _CODE_WORD)
            if not overlaps(span, emails)
            and (codes.asked or not (_is_reference(read, span[0]) or _is_amount(read, span)))
        ]
    return dict.fromkeys(found, CODE_MASK)


def _places_of(read: str, digits: Collection[str]) -> Iterator[Span]:
    """Yield the spans of these codes, in whatever they are wrapped."""
    if digits:
        for match in _TYPED_CODE.finditer(read):
            if _NO_DIGIT.sub("", match[0]) in digits:
                yield match.span()


def _emails(read: str) -> Iterator[Span]:
    """Yield the spans of email addresses."""
    if "@" not in read:
        return
    for match in _MAY_BE_EMAIL.finditer(read):
        name, _, rest = match[0].partition("@")
        if name and "." in rest[1:-1]:
            yield match.span()


def _codes_in(read: str, number: Span, code: re.Pattern[str]) -> Iterator[Span]:
    """Yield the codes in a number: the whole number, or its six-digit words that do not end a phone number."""
    if _SPACED_CODE.fullmatch(read, *number):
        yield number
        return
    if not code.search(read, *number):
        return
    plus = _PLUS.search(read, max(0, number[0] - 2), number[0]) is not None
    lead: list[str] = []  # the words before, while they may belong to one phone number
    for word in _WORD.finditer(read, *number):
        digits = word[0]
        begins_phone = plus and word.start() == number[0]
        is_code = len(digits) >= _CODE_DIGITS and code.fullmatch(digits)
        if is_code and not begins_phone and not _ends_phone(lead, plus):
            yield word.span()
            lead, plus = [], False
        else:
            lead = [*lead, digits] if digits.isdigit() and len(lead) < _PHONE_WORDS else []


def _ends_phone(lead: Sequence[str], plus: bool) -> bool:
    """Tell whether six digits after these words end a phone number."""
    leads = ["".join(lead[first:]) for first in range(len(lead))]
    return any(
        len(digits) + _CODE_DIGITS in _PHONE_DIGITS and (plus or digits[0] == "0" or _MOBILE_LEAD.fullmatch(digits))
        for digits in leads
    )


def _is_reference(read: str, start: int) -> bool:
    """Tell whether capitals before the digits make a reference, as in INV-100234."""
    match = _REFERENCE.search(read, max(0, start - 8), start)
    return match is not None and match["letters"] not in _BEFORE_CODES


def _is_amount(read: str, span: Span) -> bool:
    return bool(_CURRENCY_BEFORE.search(read, max(0, span[0] - 5), span[0]) or _CURRENCY_AFTER.match(read, span[1]))
