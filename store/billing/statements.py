"""Customers, their accounts and what is owed on them.

A balance is the sum of an account's entries, which are signed (what the customer owes is positive) and never changed.
What remains of an invoice is its total less what completed payments were allocated to it. Money on the account that no
invoice took (a credit, a payment of too much) covers the invoices that are due first, and a payment that a gateway is
still confirming covers the invoices it was made for. So what can be paid now is the balance less what is under way, and
every figure in the chat, on the payment page and on the receipt follows from here.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from store.database import Params, Row, Tx


class Account(Struct, frozen=True):
    """Something the company bills for. Money in minor units; a negative balance is credit."""

    id: str
    number: str
    name: str
    currency: str
    balance_minor: int


class OpenInvoice(Struct, frozen=True):
    """An invoice and what is still to pay of it, in minor units of the account's currency."""

    id: str
    number: str
    due_on: str
    amount_minor: int
    overdue: bool

    def as_facts(self) -> dict[str, Any]:
        """The invoice as plain data; written out because `dataclasses.asdict` copies deeply, in every turn."""
        return {
            "id": self.id,
            "number": self.number,
            "due_on": self.due_on,
            "amount_minor": self.amount_minor,
            "overdue": self.overdue,
        }


class NextCollection(Struct, frozen=True):
    """What an active direct debit will take next; nothing is known of it while both are None."""

    next_on: str | None
    next_minor: int | None
    currency: str

    def as_facts(self) -> dict[str, Any]:
        """The collection as plain data."""
        return {"next_on": self.next_on, "next_minor": self.next_minor, "currency": self.currency}


class Statement(Struct, frozen=True):
    """What is owed on one account, the invoices that are due first at the top."""

    account: Account
    pending_minor: int
    invoices: tuple[OpenInvoice, ...]
    in_progress: tuple[OpenInvoice, ...]
    mandate: NextCollection | None

    @property
    def owed_minor(self) -> int:
        """What paying everything comes to: the invoices, and charges that stand on none (a returned payment's fee)."""
        return max(0, self.account.balance_minor - self.pending_minor)

    def as_facts(self) -> dict[str, Any]:
        """The statement as plain JSON-serialisable data."""
        account = self.account
        return {
            "account": {"id": account.id, "number": account.number, "name": account.name},
            "currency": account.currency,
            "balance_minor": account.balance_minor,
            "pending_minor": self.pending_minor,
            "invoices": [invoice.as_facts() for invoice in self.invoices],
            "in_progress": [invoice.as_facts() for invoice in self.in_progress],
            "mandate": self.mandate.as_facts() if self.mandate else None,
        }


# ── who ──

FIND_CONTACT = "select contact from identifiers where kind = :kind and value = :value"
KNOWN_BY = "select kind, value from identifiers where contact = :contact"
OWNS = "select 1 from account_contacts where contact = :contact and account = :account"
BALANCE = "cast(coalesce((select sum(amount_minor) from entries where account = a.id), 0) as bigint)"
HOLD = "select id from accounts where id = :account"
ACCOUNT = f"select a.id, a.number, a.name, a.currency, {BALANCE} as balance_minor from accounts a where a.id = :account"


def find_contact(tx: Tx, kind: str, value: str) -> str | None:
    """Who has this identifier: kind "email" (lower case) or "mobile" (+447700900001)."""
    row = tx.one(FIND_CONTACT, {"kind": kind, "value": value})
    return row["contact"] if row else None


def contact_email(tx: Tx, contact: str) -> str | None:
    """Where the contact gets mail; the first in the alphabet of several."""
    known_by = tx.all(KNOWN_BY, {"contact": contact})
    return min((row["value"] for row in known_by if row["kind"] == "email"), default=None)


def find_account(tx: Tx, account: str) -> Account | None:
    """The account with its balance as it stands."""
    row = tx.one(ACCOUNT, {"account": account})
    return _account(row) if row else None


def lock_account(tx: Tx, account: str) -> None:
    """Let nobody else book on an account or make a link for it until this unit of work ends."""
    tx.lock_rows(HOLD, {"account": account})


def owns(tx: Tx, contact: str, account: str) -> bool:
    """Whether the account is this contact's. Ask before saying anything about an account."""
    return tx.one(OWNS, {"contact": contact, "account": account}) is not None


def _account(row: Row) -> Account:
    return Account(row["id"], row["number"], row["name"], row["currency"], row["balance_minor"])


# ── what is owed ──

_HEADER = f"""
select a.id, a.number, a.name, a.currency, {BALANCE} as balance_minor,
    cast(coalesce((select sum(amount_minor) from payments where account = a.id and state = 'pending'), 0) as bigint)
        as pending_minor,
    m.id as mandate, m.next_on, m.next_minor, m.currency as mandate_currency,
    (select 1 from account_contacts where contact = :contact and account = a.id) as theirs
from accounts a left join mandates m on m.id = (
    select id from mandates where account = a.id and state = 'active' order by next_on is null, next_on, id limit 1
)
where a.id {{whose}}
"""
_UNPAID = """
select i.account, i.id, i.number, i.due_on, i.state, i.total_minor - cast(coalesce((
    select sum(l.amount_minor) from allocations l join payments p on p.id = l.payment
    where l.invoice = i.id and p.state = 'completed'
), 0) as bigint) as remains_minor
from invoices i
where i.account {whose} and i.state in ('open', 'in_progress')
order by i.due_on, i.number
"""
_ONE, _ALL = "= :account", "in (select account from account_contacts where contact = :contact)"
HEADER, HEADERS = _HEADER.format(whose=_ONE), _HEADER.format(whose=_ALL)
UNPAID, ALL_UNPAID = _UNPAID.format(whose=_ONE), _UNPAID.format(whose=_ALL)


def statements_of(tx: Tx, contact: str, today: date) -> list[Statement]:
    """What is owed on each of the contact's accounts, those that owe most first."""
    params = {"contact": contact}
    unpaid, headers = tx.query_many((ALL_UNPAID, params), (HEADERS, params))
    by_account: defaultdict[str, list[Row]] = defaultdict(list)
    for row in unpaid:
        by_account[row["account"]].append(row)
    found = [stated(by_account[header["id"]], header, today) for header in headers]
    return sorted(found, key=lambda each: (-each.account.balance_minor, each.account.number))


def statement(tx: Tx, account: str, today: date) -> Statement:
    """What is owed on an account on a day of the company's time zone. The account must exist.

    Who acts on it `lock_account`s the account before.
    """
    unpaid, headers = tx.query_many(*questions(account))
    if not headers:
        raise LookupError("no such account")
    return stated(unpaid, headers[0], today)


def statement_for(tx: Tx, contact: str, account: str, today: date) -> Statement | None:
    """What is owed on an account; None unless it is this contact's."""
    unpaid, headers = tx.query_many(*questions(account, contact))
    return stated(unpaid, headers[0], today) if theirs(headers) else None


def questions(account: str, contact: str | None = None) -> tuple[tuple[str, Params], tuple[str, Params]]:
    """What to ask for a statement; `stated` understands the answers, and `theirs` whether the account is the contact's.

    Where nobody holds the account, money may arrive between the two queries: then the balance, which is read last,
    already knows of it and covers the invoices that still seem open.
    """
    return (UNPAID, {"account": account}), (HEADER, {"account": account, "contact": contact})


def theirs(headers: Sequence[Row]) -> bool:
    """Whether the account was found, and is the contact's."""
    return bool(headers) and headers[0]["theirs"] is not None


def stated(unpaid: Sequence[Row], header: Row, today: date) -> Statement:
    """The statement that the answers to `questions` make."""
    pending = header["pending_minor"]
    under_way = [row for row in unpaid if row["state"] == "in_progress"]
    still_open = [row for row in unpaid if row["state"] == "open"]
    return Statement(
        account=_account(header),
        pending_minor=pending,
        invoices=_due(still_open, max(0, header["balance_minor"] - pending), today),
        in_progress=_due(under_way, pending, today),
        mandate=_collection(header, today),
    )


def _due(unpaid: Sequence[Row], expected: int, today: date) -> tuple[OpenInvoice, ...]:
    """The invoices with what is to pay of each, when `expected` is to pay of all; credit takes the oldest due first."""
    covered = max(0, sum(row["remains_minor"] for row in unpaid) - expected)
    due = []
    for row in unpaid:
        taken = min(covered, row["remains_minor"])
        covered -= taken
        amount = row["remains_minor"] - taken
        if amount > 0:
            overdue = row["due_on"] < today.isoformat()
            due.append(OpenInvoice(row["id"], row["number"], row["due_on"], amount, overdue))
    return tuple(due)


def _collection(header: Row, today: date) -> NextCollection | None:
    if header["mandate"] is None:
        return None
    next_on = header["next_on"]
    if next_on is None or next_on < today.isoformat():  # the day has passed and the next one is not announced yet
        return NextCollection(None, None, header["mandate_currency"])
    return NextCollection(next_on, header["next_minor"], header["mandate_currency"])
