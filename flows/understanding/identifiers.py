"""Emails and mobiles as people type them, found in a message and brought into the one form that is stored."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from msgspec import Struct
from phonenumbers import PhoneNumber, PhoneNumberType

from flows.understanding.typos import TypoIndex

Problem = Literal["misspelt_email", "misspelt_number", "landline", "foreign", "no_texts"]


class Identifier(Struct, frozen=True):
    """`kind` email (lower case) or mobile (E.164: +447700900001)."""

    kind: Literal["email", "mobile"]
    value: str


class FoundIdentifiers(Struct, frozen=True):
    """The identifiers in a message, in order and each once; and why something that looked like one is none."""

    identifiers: tuple[Identifier, ...] = ()
    problem: Problem | None = None


# What stands before the @ is looked at as far as an email's name may be long, and a little further to refuse the rest.
EMAIL_LIKE = re.compile(r"[^\s<>()\[\]{}\"“”«»;:,!?¡¿|]{0,70}@[^\s<>()\[\]{}\"“”«»;:!?¡¿|]*")
_NOT_PUBLIC = "|".join(re.escape(name.rpartition(".")[2]) for name in SPECIAL_USE_DOMAIN_NAMES)
PLAIN_EMAIL = re.compile(
    rf"""(?=.{{6,63}}\Z)  [a-z0-9]+ (?: [._+-] [a-z0-9]+ )*
    @ (?: [a-z0-9]+ (?: -[a-z0-9]+ )* \. )+  (?! (?: {_NOT_PUBLIC} ) \Z )  [a-z]{{2,}}""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
"""How nearly all emails look: email-validator takes every one of these, and changes nothing but capitals.

Up to 63 characters, no part of one is too long.
"""
AROUND = "'’`.,-*_/\\"
NUMBER_LIKE = re.compile(r"(?:\+|\b)\d[\d\s().\-/–]{3,}\d\b")
SPOKEN_AT = re.compile(r"(?<=\w)\s{0,3}(?:\(at\)|\[at\]| arroba )\s*(?=\w)", re.IGNORECASE)
SHORTEST, LONGEST = 7, 15
"""Digits in a telephone number: what is shorter is a code or a count, and E.164 allows no more."""

MOBILE_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def find_identifiers(text: str, region: str, countries: Sequence[str]) -> FoundIdentifiers:
    """Every email and mobile in a text, which is NFKC-normalised.

    `region` (ISO 3166) is where a number without a country code belongs; `countries` are those that texts are sent to,
    none where no texts are sent at all.
    """
    alone = text.strip()
    if PLAIN_EMAIL.fullmatch(alone):
        return FoundIdentifiers((Identifier("email", alone.lower()),))
    found: list[Identifier] = []
    problem: Problem | None = None
    for one in (*_emails(SPOKEN_AT.sub("@", text)), *_mobiles(EMAIL_LIKE.sub(" ", text), region, countries)):
        if not isinstance(one, Identifier):
            problem = problem or one
        elif one not in found:
            found.append(one)
    return FoundIdentifiers(tuple(found), problem)


def _emails(text: str) -> Iterator[Identifier | Problem]:
    if "@" not in text:
        return
    for match in EMAIL_LIKE.finditer(text):
        try:
            checked = validate_email(match.group().strip(AROUND), check_deliverability=False)
        except EmailNotValidError:
            yield "misspelt_email"
        else:
            yield Identifier("email", checked.normalized.lower())


def _mobiles(text: str, region: str, countries: Sequence[str]) -> Iterator[Identifier | Problem]:
    if len(text) < SHORTEST:
        return
    for match in NUMBER_LIKE.finditer(text):
        for written in _apart(match.group()):
            digits = sum(c.isdigit() for c in written)
            if digits < SHORTEST:
                continue
            yield _mobile(written, region, tuple(countries)) if digits <= LONGEST else "misspelt_number"


def _apart(written: str) -> list[str]:
    """Two numbers that only a space keeps apart are two: each begins with a zero or a plus."""
    return [written] if sum(c.isdigit() for c in written) <= LONGEST else re.split(r"\s+(?=[+0])", written)


def _mobile(written: str, region: str, countries: tuple[str, ...]) -> Identifier | Problem:
    number = _parse(written, region)
    if number is None:
        return "misspelt_number"
    if not countries:
        return "no_texts"
    if number.country_code not in _calling_codes(countries):
        return "foreign"
    kind = phonenumbers.number_type(number)
    if kind in MOBILE_TYPES or (kind == PhoneNumberType.UNKNOWN and _looks_mobile(number)):
        return Identifier("mobile", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return "misspelt_number" if kind == PhoneNumberType.UNKNOWN else "landline"


def _parse(written: str, region: str) -> PhoneNumber | None:
    """The number, tried as written and, where that is impossible, with a forgotten plus."""
    for attempt in (written, f"+{written}"):
        try:
            number = phonenumbers.parse(attempt, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return number
    return None


def _looks_mobile(number: PhoneNumber) -> bool:
    """Whether a number outside the issued ranges begins and measures like a mobile.

    Ranges reserved for drama (+44 7700 900xxx) are in nobody's plan, and new ranges are issued before the plan's
    description catches up.
    """
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return (str(number.national_number)[:1], len(str(number.national_number))) in _mobile_shapes(region)


@cache
def _mobile_shapes(region: str) -> frozenset[tuple[str, int]]:
    """First digit and length of the region's mobiles, unless its landlines begin and measure the same."""
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
"""Where most people have their mail: an address one slip away from one of these is asked about."""

_KNOWN_PROVIDERS = TypoIndex(PROVIDERS)


def likely_meant(identifier: Identifier) -> Identifier | None:
    """The address that was probably meant: owes@gmail.com for owes@gmial.com. None where nothing looks wrong."""
    name, _, domain = identifier.value.partition("@")
    if not domain or domain in PROVIDERS:
        return None
    meant = min(_KNOWN_PROVIDERS.near(domain), key=PROVIDERS.index, default=None)
    return Identifier("email", f"{name}@{meant}") if meant else None
