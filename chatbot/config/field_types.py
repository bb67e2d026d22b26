"""Types of single settings: validated strings, whose errors say how to write them. Addresses are in `address_types`."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field

from chatbot.config.email_address import parse_mailbox


def _timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key  # ZoneInfo caches it: the first turn opens no file
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("not a time zone name; write one like Europe/London") from error


def _locale_tag(name: str) -> str:
    try:
        Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError("not a language tag; write one like en or es") from error
    return name


def _region(code: str) -> str:
    # A phone number is read by its country: with another code, every number without a prefix would be refused.
    if code not in SUPPORTED_REGIONS:
        hint = "the United Kingdom is GB" if code == "UK" else "write one like GB"
        raise ValueError(f"not a country's code of two capital letters (ISO 3166); {hint}")
    return code


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of text")
    return text.strip()


def _email_address(written: str) -> str:
    parse_mailbox(written)
    return written


LocaleTag = Annotated[str, AfterValidator(_locale_tag)]
Timezone = Annotated[str, AfterValidator(_timezone)]
EmailAddress = Annotated[str, AfterValidator(_email_address)]
Region = Annotated[str, AfterValidator(_region)]
Line = Annotated[str, AfterValidator(_one_line)]
Count = Annotated[int, Field(ge=1, le=10**9)]
