"""The records of a bill file: customers, accounts, invoices, direct debits and credits, from the company's billing.

The file is JSON Lines: one JSON object a line, UTF-8, each with its `kind`. A record stands below the records that it
refers to, unless those came with an earlier file. Amounts are whole minor units (4250 is £42.50), dates YYYY-MM-DD.
One record of each kind, wrapped here to fit the page:

    {"kind": "customer", "id": "C-1", "name": "Ada Moss", "locale": "en",
     "emails": ["ada@example.com"], "mobiles": ["+447700900001"]}
    {"kind": "account", "number": "BB-1", "name": "Home broadband", "currency": "GBP", "customers": ["C-1"]}
    {"kind": "invoice", "number": "INV-1", "account": "BB-1", "issued_on": "2026-11-01", "due_on": "2026-11-15",
     "lines": [{"description": "Fibre 80", "amount_minor": 2000}, {"description": "VAT 20%", "amount_minor": 400}]}
    {"kind": "mandate", "reference": "DD-1", "account": "BB-1", "state": "active",
     "next_on": "2026-12-01", "next_minor": 2400}
    {"kind": "credit", "reference": "BACS-77", "account": "BB-1", "amount_minor": 1000}
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

import phonenumbers
from email_validator import EmailNotValidError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationInfo, model_validator

from flows.understanding.identifiers import normalise_email
from flows.understanding.normalise import normalise
from flows.wording.currencies import ACCOUNT_CURRENCIES

Item = TypeVar("Item")


def known_currency(code: str) -> str:
    """Check the ISO 4217 code of a currency that people pay with."""
    if code not in ACCOUNT_CURRENCIES:
        raise ValueError("is no currency in use; write its three letters, such as GBP")
    return code


def email(text: str, info: ValidationInfo) -> str:
    """Normalise an email address to the form that a typed one is looked up by."""
    if info.context is None:  # read back from the file of checked records, already normalised
        return text
    try:
        return normalise_email(text)
    except EmailNotValidError as error:
        raise ValueError(f"{text!r} is no email address: {error}") from error


def mobile(text: str, info: ValidationInfo) -> str:
    """Normalise a telephone number to E.164, as in +447700900001.

    It need only be possible: the numbers reserved for drama are not valid ones.
    """
    if info.context is None:
        return text
    try:
        number = phonenumbers.parse(normalise(text), info.context.region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"{text!r} is no telephone number; write it as +447700900001") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{text!r} has too few or too many digits; write it as +447700900001")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class ImportContext:
    """The validation context of a file. `region` is the country of telephone numbers written without +."""

    region: str | None


def not_empty(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Check that there is at least one item; pydantic calls it only if every item is valid."""
    if not items:
        raise ValueError("holds nothing; at least one is needed")
    return items


ShortText = Annotated[str, Field(min_length=1, max_length=200)]
Minor = Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
Currency = Annotated[str, AfterValidator(known_currency)]


class Record(BaseModel):
    """Base of all records: one line of the file. Unknown keys are errors, so that a typo loses no data."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CustomerRecord(Record):
    """A customer. `id` is the company's customer number, `locale` a language tag such as "en"."""

    kind: Literal["customer"]
    id: ShortText
    name: ShortText
    locale: Annotated[str, Field(pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")] | None = None
    emails: tuple[Annotated[str, AfterValidator(email)], ...] = ()
    mobiles: tuple[Annotated[str, AfterValidator(mobile)], ...] = ()


class AccountRecord(Record):
    """A billed account and its owners."""

    kind: Literal["account"]
    number: ShortText
    name: ShortText
    currency: Currency
    customers: Annotated[tuple[ShortText, ...], AfterValidator(not_empty)]


class InvoiceLine(Record):
    """A line of an invoice. Discounts are negative; tax has a line of its own."""

    description: ShortText
    amount_minor: Minor


class InvoiceRecord(Record):
    """An issued invoice, in the account's currency."""

    kind: Literal["invoice"]
    number: ShortText
    account: ShortText
    issued_on: date
    due_on: date
    lines: Annotated[tuple[InvoiceLine, ...], AfterValidator(not_empty)]
    cancelled: bool = False

    @model_validator(mode="after")
    def _total_not_negative(self) -> "InvoiceRecord":
        if sum(line.amount_minor for line in self.lines) < 0:
            raise ValueError("its lines come to less than nothing; send a credit instead")
        return self


class MandateRecord(Record):
    """A direct debit mandate, with its next collection if announced."""

    kind: Literal["mandate"]
    reference: ShortText
    account: ShortText
    state: Literal["pending", "active", "cancelled", "failed"]
    next_on: date | None = None
    next_minor: Annotated[Minor, Field(gt=0)] | None = None


class CreditRecord(Record):
    """Money received or granted outside Billchat, such as a bank transfer or a voucher."""

    kind: Literal["credit"]
    reference: ShortText
    account: ShortText
    amount_minor: Annotated[Minor, Field(gt=0)]


AnyRecord = CustomerRecord | AccountRecord | InvoiceRecord | MandateRecord | CreditRecord
RECORD: TypeAdapter[AnyRecord] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="kind")])
