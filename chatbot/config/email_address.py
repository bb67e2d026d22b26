"""Email addresses as SMTP servers take them: one mailbox, its domain in ASCII (IDNA)."""

import re

import idna
from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

EXAMPLE = "billing@example.com"
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_ESCAPED = re.compile(r"\\(.)")


class Mailbox(Struct, frozen=True):
    """A name to show, which may be empty, and an address with its domain in ASCII."""

    name: str
    address: str


def parse_mailbox(written: str) -> Mailbox:
    """Return the mailbox of `user@domain` or `Name <user@domain>`. Raises ValueError with the remedy.

    A name is taken as written, with brackets and commas, in quotation marks or without: there is one mailbox only.
    """
    if not written.isprintable():
        raise ValueError(f"must be one line; write one like {EXAMPLE}")
    name, opened, address = written.strip().rpartition("<")
    if opened:
        if not address.endswith(">"):
            raise ValueError(f"has no > after the address; write one like Billing <{EXAMPLE}>")
        name, address = _name(name.strip()), address[:-1].strip()
    if "@" in name:
        raise ValueError("holds more than one address; write one")
    return Mailbox(name, ascii_address(address))


def ascii_address(address: str) -> str:
    """Return an address with its domain in ASCII. Raises ValueError for one that no server has to take."""
    user, _, domain = address.rpartition("@")
    if not user or not domain:
        raise ValueError(f"not an email address; write one like {EXAMPLE}")
    if not user.isascii():
        raise ValueError(
            "has special letters before the @, which many mail servers refuse; use an address without them"
        )
    try:
        # The domain is checked apart: the library refuses those of private networks, such as acme.local.
        validate_email(f"{user}@example.com", check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(f"not one email address; write one like {EXAMPLE}") from error
    return f"{user}@{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    try:
        encoded = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"its domain cannot be written in ASCII (IDNA); write one like {EXAMPLE}") from error
    if len(encoded) > 253 or not all(map(_LABEL.fullmatch, encoded.split("."))):
        raise ValueError(f"its domain is none; write one like {EXAMPLE}")
    return encoded


def _name(written: str) -> str:
    if len(written) >= 2 and written[0] == written[-1] == '"':
        return _ESCAPED.sub(r"\1", written[1:-1])
    return written
