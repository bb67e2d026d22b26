"""The types of the fields of records: each refuses a value that could not be shown, found or booked later.

A refusal is a ValueError whose text goes to the operator after the field's name.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypeVar

from email_validator import EmailNotValidError
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from flows.understanding.identifiers import Identifier, normalise_email, read_mobile
from flows.understanding.normalise import is_invisible
from flows.wording.currencies import ACCOUNT_CURRENCIES
from store.billing.ledger import MAX_MINOR

Item = TypeVar("Item")

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Days outside are typing errors; a bill has none of them."""

REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Direction controls that would reorder the text after a name. Marks of direction and joiners belong to scripts."""


@dataclass(frozen=True, slots=True)
class ImportContext:
    """The validation context of a file. `region` is the country of telephone numbers written without +.

    Without a context, identifiers are normalised already: a record from the file of checked records, or the demo's.
    """

    region: str | None


def _shown(character: str) -> str:
    return f"U+{ord(character):04X}"


def _readable(text: str) -> str:
    """Refuse characters that no line of text has: line ends, NUL and other controls, half a surrogate pair."""
    if text.isascii() and text.isprintable():  # nearly all texts
        return text
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in REORDERING:
            raise ValueError(f"holds the control character {_shown(character)}; leave it out")
    if all(character.isspace() or is_invisible(character) for character in text):
        raise ValueError("is empty")
    return text


def _key(text: str) -> str:
    """Refuse characters that nobody sees: two keys that look alike would be two records."""
    if text.isascii() and text.isprintable():
        return text
    for character in _readable(text):
        if is_invisible(character) or character == "\N{REPLACEMENT CHARACTER}":
            raise ValueError(f"holds the invisible or lost character {_shown(character)}; leave it out")
    return text


def _iso_date(value: object) -> object:
    """Take a day as YYYY-MM-DD only: a number would be read as seconds since 1970."""
    if isinstance(value, str) and ISO_DATE.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError("is a day that the calendar does not have") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError('must be a day in quotes, as in "2026-11-15"')
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError("is no day between 1900 and 2199")
    return value


def _currency(code: str) -> str:
    """Check the ISO 4217 code of a currency that people pay with."""
    if code not in ACCOUNT_CURRENCIES:
        raise ValueError("is no currency in use; write its three letters, such as GBP")
    return code


def _language(tag: str) -> str:
    if not LANGUAGE_TAG.fullmatch(tag):
        raise ValueError("is no language; write it as en or es-MX")
    return tag


def _email(text: str, info: ValidationInfo) -> str:
    """Normalise an email address to the form that a typed one is looked up by."""
    if info.context is None:
        return text
    try:
        return normalise_email(text)
    except EmailNotValidError:
        raise ValueError(f"{text!r} is no email address; write it as ada@example.com") from None


def _mobile(text: str, info: ValidationInfo) -> str:
    """Normalise a mobile to E.164, as in +447700900001; a typed one is looked up by the same rules."""
    if info.context is None:
        return text
    mobile = read_mobile(text, info.context.region)
    if isinstance(mobile, Identifier):
        return mobile.value
    if mobile == "landline":
        raise ValueError(f"{text!r} is no mobile but a landline, which gets no text messages; leave it out")
    raise ValueError(f"{text!r} is no mobile number; write it as +447700900001")


def _not_empty(items: Sequence[Item]) -> Sequence[Item]:
    """Check that there is at least one item; pydantic calls it only if every item is valid."""
    if not items:
        raise ValueError("holds nothing; at least one is needed")
    return items


_Text = Annotated[str, Field(min_length=1, max_length=200)]
ShortText = Annotated[_Text, AfterValidator(_readable)]
"""A text that people read, as it came."""
Key = Annotated[_Text, AfterValidator(_key)]
"""The company's own number or reference of a record."""
LanguageTag = Annotated[str, AfterValidator(_language)]
Email = Annotated[str, AfterValidator(_email)]
Mobile = Annotated[str, AfterValidator(_mobile)]
Currency = Annotated[str, AfterValidator(_currency)]
Day = Annotated[date, BeforeValidator(_iso_date)]
Minor = Annotated[int, Field(strict=True, ge=-MAX_MINOR, le=MAX_MINOR)]
PositiveMinor = Annotated[int, Field(strict=True, gt=0, le=MAX_MINOR)]
NotEmpty = AfterValidator(_not_empty)
"""Marks a list that needs an item: Annotated[tuple[Key, ...], NotEmpty]."""
