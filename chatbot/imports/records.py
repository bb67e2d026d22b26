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

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter, model_validator

from chatbot.imports.fields import (
    Currency,
    Day,
    Email,
    Key,
    LanguageTag,
    Minor,
    Mobile,
    NotEmpty,
    PositiveMinor,
    ShortText,
)
from store.billing.ledger import MAX_MINOR


class Record(BaseModel):
    """Base of all records: one line of the file. Unknown keys are errors, so that a typo loses no data."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CustomerRecord(Record):
    """A customer. `id` is the company's customer number, `locale` a language tag such as "en"."""

    kind: Literal["customer"]
    id: Key
    name: ShortText
    locale: LanguageTag | None = None
    emails: tuple[Email, ...] = ()
    mobiles: tuple[Mobile, ...] = ()


class AccountRecord(Record):
    """A billed account and its owners."""

    kind: Literal["account"]
    number: Key
    name: ShortText
    currency: Currency
    customers: Annotated[tuple[Key, ...], NotEmpty]


class InvoiceLine(Record):
    """A line of an invoice. Discounts are negative; tax has a line of its own."""

    description: ShortText
    amount_minor: Minor


class InvoiceRecord(Record):
    """An issued invoice, in the account's currency."""

    kind: Literal["invoice"]
    number: Key
    account: Key
    issued_on: Day
    due_on: Day
    lines: Annotated[tuple[InvoiceLine, ...], NotEmpty]
    cancelled: StrictBool = False

    @model_validator(mode="after")
    def _is_a_bill(self) -> "InvoiceRecord":
        total = sum(line.amount_minor for line in self.lines)
        if total < 0:
            raise ValueError("its lines come to less than nothing; send a credit instead")
        if total > MAX_MINOR:
            raise ValueError(f"its lines come to more than {MAX_MINOR} minor units; check the amounts")
        if self.due_on < self.issued_on:
            raise ValueError("due_on is before issued_on; check the two days")
        return self


class MandateRecord(Record):
    """A direct debit mandate, with its next collection if announced."""

    kind: Literal["mandate"]
    reference: Key
    account: Key
    state: Literal["pending", "active", "cancelled", "failed"]
    next_on: Day | None = None
    next_minor: PositiveMinor | None = None


class CreditRecord(Record):
    """Money received or granted outside Billchat, such as a bank transfer or a voucher.

    It pays the invoice that it names, else those due first.
    """

    kind: Literal["credit"]
    reference: Key
    account: Key
    amount_minor: PositiveMinor
    invoice: Key | None = None


AnyRecord = CustomerRecord | AccountRecord | InvoiceRecord | MandateRecord | CreditRecord
RECORD: TypeAdapter[AnyRecord] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="kind")])
