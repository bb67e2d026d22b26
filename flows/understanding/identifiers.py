"""Emails and mobiles as people type them, found in a message and normalised to the stored form."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Literal

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from msgspec import Struct
from phonenumbers import PhoneNumber, PhoneNumberType

from flows.understanding.normalise import normalise
from flows.understanding.typos import TypoIndex
from flows.understanding.vocabulary import VOCABULARY

Problem = Literal["misspelt_email", "misspelt_number", "landline", "foreign", "no_texts"]


class Identifier(Struct, frozen=True):
    """`kind` email (lower case) or mobile (E.164: +447700900001); phone for a number that only the team calls."""

    kind: Literal["email", "mobile", "phone"]
    value: str


class FoundIdentifiers(Struct, frozen=True):
    """The distinct identifiers in a message, in order; `problem` is the first reason why a lookalike is none."""

    identifiers: tuple[Identifier, ...] = ()
    problem: Problem | None = None


MAX_LOOKALIKES = 8
"""Emails, and numbers, of one message that are checked: checking takes far longer than finding them."""

# Before the @ up to 70 characters are read: an email's name may have 64, and longer ones are to be refused.
MAX_NAME = 70
MAX_EMAIL = 320
NO_NAME = frozenset(' \t\n\r\f\v<>()[]{}"“”«»;:,!?¡¿|')
FROM_AT = re.compile(r"@[^\s<>()\[\]{}\"“”«»;:!?¡¿|]*")
_NOT_PUBLIC = "|".join(re.escape(name.rpartition(".")[2]) for name in SPECIAL_USE_DOMAIN_NAMES)
PLAIN_EMAIL = re.compile(
    rf"""(?=.{{6,63}}\Z)  [a-z0-9]+ (?: [._+-] [a-z0-9]+ )*
    @ (?: [a-z0-9]+ (?: -[a-z0-9]+ )* \. )+  (?! (?: {_NOT_PUBLIC} ) \Z )  [a-z]{{2,}}""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
"""The shape of nearly all emails. email-validator accepts each of them and changes nothing but capitals.

Up to 63 characters, so that no part can be too long.
"""
SURROUNDING_PUNCTUATION = "'`.,-*_/\\"
NUMBER_LIKE = re.compile(r"(?:\+|\b)\d[\d\s().\-/]{3,}\d\b")
WHOLE_NUMBER = re.compile(r"\+?[\d\s().\-/]{5,40}")
BEFORE_NEXT_NUMBER = re.compile(r"(?<![\s\-])[\s\-]+(?=[+0])")
SPOKEN_AT = re.compile(rf"(?<=\w)\s{{0,3}}(?:{VOCABULARY.spoken_at})\s*(?=\w)", re.IGNORECASE)
MIN_DIGITS, MAX_DIGITS = 7, 15
"""Digits in a telephone number: fewer are a code or a count, and E.164 allows no more."""

MOBILE_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def find_identifiers(text: str, region: str, countries: Sequence[str]) -> FoundIdentifiers:
    """Return every email and mobile in a text, normalised.

    `region` (ISO 3166) is the country of numbers without a country code; `countries` are those that texts are sent to,
    empty where no texts are sent.
    """
    stripped = text.strip()
    if PLAIN_EMAIL.fullmatch(stripped):  # before all else, since it is the usual case
        return FoundIdentifiers((Identifier("email", stripped.lower()),))
    text = normalise(text)
    found: list[Identifier] = []
    problem: Problem | None = None
    for one in (*_emails(SPOKEN_AT.sub("@", text)), *_mobiles(_without_emails(text), region, countries)):
        if not isinstance(one, Identifier):
            problem = problem or one
        elif one not in found:
            found.append(one)
    return FoundIdentifiers(tuple(found), problem)


def _emails(text: str) -> Iterator[Identifier | Problem]:
    for start, end in islice(_email_like(text), MAX_LOOKALIKES):
        if end - start > MAX_EMAIL:
            yield "misspelt_email"
            continue
        try:
            yield Identifier("email", normalise_email(_without_surroundings(text[start:end])))
        except EmailNotValidError:
            yield "misspelt_email"


def _without_surroundings(written: str) -> str:
    """Strip punctuation around an email, but keep an underscore that it begins with: _ada@example.com, not _ada@…_."""
    stripped = written.strip(SURROUNDING_PUNCTUATION)
    begins_so = written.startswith("_") and not written.endswith("_")
    return f"_{stripped}" if begins_so else stripped


def normalise_email(written: str) -> str:
    """Return an email in the form that it is stored and looked up by. Raises EmailNotValidError."""
    return validate_email(normalise(written).strip(), check_deliverability=False).normalized.lower()


def _email_like(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans that look like emails, each from its @ to both sides."""
    end = 0
    for match in FROM_AT.finditer(text):
        first = max(end, match.start() - MAX_NAME)
        start = match.start()
        while start > first and text[start - 1] not in NO_NAME and not text[start - 1].isspace():
            start -= 1
        end = match.end()
        yield start, end


def _without_emails(text: str) -> str:
    """Return the text with a space in place of everything that looks like an email."""
    parts: list[str] = []
    at = 0
    for start, end in _email_like(text):
        parts.append(text[at:start])
        at = end
    return " ".join([*parts, text[at:]])


def _mobiles(text: str, region: str, countries: Sequence[str]) -> Iterator[Identifier | Problem]:
    if len(text) < MIN_DIGITS:
        return
    written = (one for match in NUMBER_LIKE.finditer(text) for one in _split_numbers(match.group()))
    counted = ((one, sum(c.isdigit() for c in one)) for one in written)
    for one, digits in islice((pair for pair in counted if pair[1] >= MIN_DIGITS), MAX_LOOKALIKES):
        yield _mobile(one, region, tuple(countries)) if digits <= MAX_DIGITS else "misspelt_number"


def _split_numbers(written: str) -> list[str]:
    """Split numbers separated only by a space or a dash: each begins with a zero or a plus."""
    return [written] if sum(c.isdigit() for c in written) <= MAX_DIGITS else BEFORE_NEXT_NUMBER.split(written)


def _mobile(written: str, region: str, countries: tuple[str, ...]) -> Identifier | Problem:
    number = _parse(written, region)
    if number is None:
        return "misspelt_number"
    if not countries:
        return "no_texts"
    if number.country_code not in _calling_codes(countries):
        return "foreign"
    return _as_mobile(number)


def read_mobile(written: str, region: str | None) -> Identifier | Problem:
    """Return the mobile that a whole text is, of any country. Letters, as in +44 7700 FLOWER, are a misspelling.

    `region` is the country of a number without +; None where there is none.
    """
    text = normalise(written).strip()
    number = _parse(text, region) if WHOLE_NUMBER.fullmatch(text) else None
    return "misspelt_number" if number is None else _as_mobile(number)


def _as_mobile(number: PhoneNumber) -> Identifier | Problem:
    kind = phonenumbers.number_type(number)
    if kind in MOBILE_TYPES or (kind == PhoneNumberType.UNKNOWN and _looks_mobile(number)):
        return Identifier("mobile", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return "misspelt_number" if kind == PhoneNumberType.UNKNOWN else "landline"


def _parse(written: str, region: str | None) -> PhoneNumber | None:
    """Return the number as written or, where that is impossible, with a plus before it; None if both fail."""
    for attempt in (written, f"+{written}"):
        try:
            number = phonenumbers.parse(attempt, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return number
    return None


def _looks_mobile(number: PhoneNumber) -> bool:
    """Tell whether a number outside the issued ranges has the first digit and the length of a mobile.

    Ranges reserved for drama (+44 7700 900xxx) are in no numbering plan, and new ranges are issued before
    phonenumbers describes them.
    """
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return (str(number.national_number)[:1], len(str(number.national_number))) in _mobile_shapes(region)


@cache
def _mobile_shapes(region: str) -> frozenset[tuple[str, int]]:
    """Return first digit and length of the region's mobiles; empty if its landlines have the same."""
    mobile = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    landline = phonenumbers.example_number_for_type(region, PhoneNumberType.FIXED_LINE)
    shapes = [(str(n.national_number)[:1], len(str(n.national_number))) for n in (mobile, landline) if n is not None]
    return frozenset(shapes[:1]) - frozenset(shapes[1:])


@cache
def _calling_codes(countries: tuple[str, ...]) -> frozenset[int]:
    return frozenset(phonenumbers.country_code_for_region(country) for country in countries)


PROVIDERS = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.es",
    "outlook.com",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.es",
    "icloud.com",
    "live.com",
    "btinternet.com",
    "protonmail.com",
    "mail.com",
    "email.com",
    "ymail.com",
)
"""The most common email domains: for an address one typo away from one of these, the customer is asked."""

_KNOWN_PROVIDERS = TypoIndex(PROVIDERS)


def likely_meant(identifier: Identifier) -> Identifier | None:
    """Return the address probably meant: owes@gmail.com for owes@gmial.com. None where nothing looks wrong."""
    name, _, domain = identifier.value.partition("@")
    if not domain or domain in PROVIDERS:
        return None
    meant = min(_KNOWN_PROVIDERS.near(domain), key=PROVIDERS.index, default=None)
    return Identifier("email", f"{name}@{meant}") if meant else None
