"""Statements: the balance of an account, its unpaid invoices and its next direct debit.

The balance is the sum of the account's entries, which are signed (a debt is positive) and never changed. An invoice's
remaining amount is its total less the allocations of completed payments and the credits that name it. Credit that no
invoice took (a voucher, an overpayment) covers the invoices due first, and a pending payment covers the invoices it
was made for. So the payable amount is the balance less pending payments, and every figure in the chat, on the payment
page and on the receipt comes from here. Under a direct debit, only a part of it is to be paid by hand.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from store.billing.accounts import BALANCE, Account
from store.database import Params, Row, Tx
from store.records import record

# Banks report a failed collection within this time; until then it may be under way, though nothing is booked yet.
COLLECTION_TIME = timedelta(days=5)


class OpenInvoice(Struct, frozen=True):
    """An invoice and its unpaid amount, in minor units of the account's currency."""

    id: str
    number: str
    due_on: str
    amount_minor: int
    overdue: bool


class NextCollection(Struct, frozen=True):
    """The next collection of an active direct debit; date and amount are None until they are announced."""

    next_on: str | None
    next_minor: int | None
    currency: str


class Statement(Struct, frozen=True):
    """The debt of one account, with its invoices in the order they are due.

    `debited_minor` is the part that the direct debit collects by itself: its next collection, or one just made.
    """

    account: Account
    pending_minor: int
    invoices: tuple[OpenInvoice, ...]
    in_progress: tuple[OpenInvoice, ...]
    mandate: NextCollection | None
    debited_minor: int = 0

    @property
    def owed_minor(self) -> int:
        """The owed amount: invoices, and charges without an invoice (the fee for a returned payment)."""
        return max(0, self.account.balance_minor - self.pending_minor)

    @property
    def payable(self) -> tuple[OpenInvoice, ...]:
        """The invoices to pay by hand, each with its payable amount.

        Under a direct debit these are the overdue ones, due first, as far as the debit leaves their amounts: anything
        else would be paid by hand and collected too.
        """
        if self.mandate is None:
            return self.invoices
        left, found = max(0, self.owed_minor - self.debited_minor), []
        for invoice in self.invoices:
            amount = min(left, invoice.amount_minor) if invoice.overdue else 0
            if amount > 0:
                left -= amount
                found.append(replace(invoice, amount_minor=amount))
        return tuple(found)

    @property
    def payable_minor(self) -> int:
        """The amount to pay by hand: everything owed, or under a direct debit the sum of the payable invoices."""
        return self.owed_minor if self.mandate is None else sum(invoice.amount_minor for invoice in self.payable)

    def as_facts(self) -> dict[str, Any]:
        """Return the statement as JSON-serialisable data, for the dialogue."""
        account, invoices = self.account, [*map(asdict, self.invoices)]
        return {
            "account": {"id": account.id, "number": account.number, "name": account.name},
            "currency": account.currency,
            "balance_minor": account.balance_minor,
            "pending_minor": self.pending_minor,
            "invoices": invoices,
            "payable": invoices if self.mandate is None else [*map(asdict, self.payable)],
            "in_progress": [*map(asdict, self.in_progress)],
            "mandate": asdict(self.mandate) if self.mandate else None,
        }


_HEADER = f"""
select a.id, a.number, a.name, a.currency, {BALANCE} as balance_minor,
    cast(coalesce((select sum(amount_minor) from payments where account = a.id and state = 'pending'), 0) as bigint)
        as pending_minor,
    m.id as mandate, m.next_on, m.next_minor, m.currency as mandate_currency,
    (select 1 from account_contacts where contact = :contact and account = a.id) as owned
from accounts a left join mandates m on m.id = (
    select id from mandates where account = a.id and state = 'active' order by next_on is null, next_on, id limit 1
)
where a.id {{accounts}}
"""
_UNPAID = """
select i.account, i.id, i.number, i.due_on, i.state, i.total_minor - cast(coalesce((
    select sum(l.amount_minor) from allocations l join payments p on p.id = l.payment
    where l.invoice = i.id and p.state = 'completed'
), 0) as bigint) + cast(coalesce((
    select sum(e.amount_minor) from entries e where e.invoice = i.id and e.kind = 'credit'
), 0) as bigint) as remains_minor
from invoices i
where i.account {accounts} and i.state in ('open', 'in_progress')
order by i.due_on, i.number
"""
_ONE, _ALL = "= :account", "in (select account from account_contacts where contact = :contact)"
HEADER, HEADERS = _HEADER.format(accounts=_ONE), _HEADER.format(accounts=_ALL)
UNPAID, ALL_UNPAID = _UNPAID.format(accounts=_ONE), _UNPAID.format(accounts=_ALL)


def statements_of(tx: Tx, contact: str, today: date) -> list[Statement]:
    """Return the statement of each of a contact's accounts, the largest balance first."""
    params = {"contact": contact}
    unpaid, headers = tx.query_many((ALL_UNPAID, params), (HEADERS, params))
    by_account: defaultdict[str, list[Row]] = defaultdict(list)
    for row in unpaid:
        by_account[row["account"]].append(row)
    found = [build_statement(by_account[header["id"]], header, today) for header in headers]
    return sorted(found, key=lambda each: (-each.account.balance_minor, each.account.number))


def statement(tx: Tx, account: str, today: date) -> Statement:
    """Return an account's statement on a day of the company's time zone; LookupError for an unknown account.

    Call `lock_account` before, where a decision rests on the statement.
    """
    unpaid, headers = tx.query_many(*statement_queries(account))
    if not headers:
        raise LookupError("no such account")
    return build_statement(unpaid, headers[0], today)


def statement_for(tx: Tx, contact: str, account: str, today: date) -> Statement | None:
    """Return an account's statement; None unless it is this contact's."""
    unpaid, headers = tx.query_many(*statement_queries(account, contact))
    return build_statement(unpaid, headers[0], today) if is_owned(headers) else None


def statement_queries(account: str, contact: str | None = None) -> tuple[tuple[str, Params], tuple[str, Params]]:
    """Return the queries for a statement: unpaid invoices, and the header. `build_statement` takes their rows.

    Without a lock on the account, money may arrive between the two. The balance is read last, so it includes that money
    and covers the invoices that still seem open.
    """
    return (UNPAID, {"account": account}), (HEADER, {"account": account, "contact": contact})


def is_owned(headers: Sequence[Row]) -> bool:
    """Whether the header query found the account, and it is the contact's."""
    return bool(headers) and headers[0]["owned"] is not None


def build_statement(unpaid: Sequence[Row], header: Row, today: date) -> Statement:
    """Make a statement of the rows that `statement_queries` return."""
    pending = header["pending_minor"]
    in_progress = [row for row in unpaid if row["state"] == "in_progress"]
    still_open = [row for row in unpaid if row["state"] == "open"]
    return Statement(
        account=record(header, Account),
        pending_minor=pending,
        invoices=_apply_credit(still_open, max(0, header["balance_minor"] - pending), today),
        in_progress=_apply_credit(in_progress, pending, today),
        mandate=_next_collection(header, today),
        debited_minor=_debited(header, today),
    )


def _apply_credit(unpaid: Sequence[Row], owed: int, today: date) -> tuple[OpenInvoice, ...]:
    """Return the invoices with their payable amounts, `owed` in total. Credit covers those due first."""
    # Below zero where an invoice was paid twice: the rest is credit like any other.
    remaining = [max(0, row["remains_minor"]) for row in unpaid]
    credit = max(0, sum(remaining) - owed)
    invoices = []
    for row, remains in zip(unpaid, remaining, strict=True):
        covered = min(credit, remains)
        credit -= covered
        amount = remains - covered
        if amount > 0:
            overdue = row["due_on"] < today.isoformat()
            invoices.append(OpenInvoice(row["id"], row["number"], row["due_on"], amount, overdue))
    return tuple(invoices)


def _debited(header: Row, today: date) -> int:
    """Return the amount that the direct debit collects next, or has collected in the last days."""
    if header["mandate"] is None or header["next_on"] is None or header["next_minor"] is None:
        return 0
    settled_by = date.fromisoformat(header["next_on"]) + COLLECTION_TIME
    return int(header["next_minor"]) if settled_by >= today else 0


def _next_collection(header: Row, today: date) -> NextCollection | None:
    if header["mandate"] is None:
        return None
    next_on = header["next_on"]
    if next_on is None or next_on < today.isoformat():  # past: the next date is not announced yet
        return NextCollection(None, None, header["mandate_currency"])
    return NextCollection(next_on, header["next_minor"], header["mandate_currency"])
