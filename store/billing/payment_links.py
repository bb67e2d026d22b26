"""Payment links: the invoices each asks for, and its status. At most one open link asks for an invoice."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from store.billing import statements
from store.billing.accounts import lock_account, owns
from store.billing.statements import Statement
from store.database import Params, Row, Tx
from store.records import params, record, records
from store.times import parse, stamp

LinkStatus = Literal["open", "confirming", "paid", "returned", "settled", "changed", "debited", "revoked", "expired"]


# Gateways keep a hosted page open for a day at most.
MAX_CHECKOUT_LIFETIME = timedelta(days=1)
# Payments through which no money has come yet, though their hosted page may still be open: also after a decline.
UNPAID_CHECKOUT = "state in ('created', 'failed') and receipt is null and created_at >= :since"


class PaymentLink(Struct, frozen=True):
    """A link that asks an account for an amount. Only a hash of its token is stored, and not in this record."""

    id: str
    conversation: str | None
    account: str
    contact: str | None
    currency: str
    amount_minor: int
    state: str
    created_at: datetime
    expires_at: datetime


OpenLinks = Sequence[tuple[PaymentLink, Mapping[str, int]]]
"""Open links, each with its amounts in minor units by invoice id."""


class LinkedInvoice(Struct, frozen=True):
    """An invoice on a link, and the amount that the link asks for it."""

    id: str
    number: str
    due_on: str
    state: str
    amount_minor: int


class LinkTerms(Struct, frozen=True):
    """The basis of a new link: the statement of its account, and the account's open links."""

    statement: Statement
    open_links: OpenLinks


def lock_terms(tx: Tx, contact: str, account: str, today: date, now: datetime) -> LinkTerms | None:
    """Lock an account and read everything a new link for it depends on; None unless it is this contact's."""
    lock_account(tx, account)
    unpaid, headers, asked = tx.query_many(*statements.statement_queries(account, contact), _open_links_query(account))
    if not statements.is_owned(headers):
        return None
    return LinkTerms(statements.build_statement(unpaid, headers[0], today), _group_by_link(asked, now))


def open_links(tx: Tx, account: str, now: datetime) -> OpenLinks:
    """Return an account's open links."""
    sql, params = _open_links_query(account)
    return _group_by_link(tx.all(sql, params), now)


def make_link(
    tx: Tx, link: PaymentLink, hash_of: Callable[[str], str], invoices: Sequence[tuple[str, int]], others: OpenLinks
) -> PaymentLink:
    """Write an open link for (invoice, amount) pairs, or renew the open link that asks for the same.

    `others` are the account's open links. Those that share an invoice are revoked, and so are those that share charges
    without an invoice (a link's amount may exceed the sum of its invoices): two links for one debt invite paying it
    twice. A renewed link moves to the conversation that asked last, which then hears of the payment. A link is renewed
    for its own contact only: another customer of the account never takes over an address that somebody else has.

    `hash_of` returns the hash of the token for a link's id. A renewal writes the hash again, because tokens derive from
    the service's key, which may have changed since.
    """
    wanted = dict(invoices)
    for other, asked in others:
        same_terms = (other.contact, other.amount_minor, other.currency) == (
            link.contact,
            link.amount_minor,
            link.currency,
        )
        if asked == wanted and same_terms:
            return _renew(tx, other, link, hash_of(other.id))
        if asked.keys() & wanted.keys() or not (asked and wanted):
            _set_state(tx, other.id, "revoked")
            withdraw_checkouts(tx, other.id, link.created_at)
    tx.execute(
        """insert into payment_links
        (id, token_hash, conversation, account, contact, currency, amount_minor, state, created_at, expires_at)
        values (:id, :token_hash, :conversation, :account, :contact, :currency, :amount_minor, 'open', :created_at,
            :expires_at)""",
        {**params(link), "token_hash": hash_of(link.id)},
    )
    tx.execute_many(
        "insert into payment_link_invoices (link, invoice, amount_minor) values (:link, :invoice, :amount)",
        [{"link": link.id, "invoice": invoice, "amount": amount} for invoice, amount in wanted.items()],
    )
    return link


def _renew(tx: Tx, old: PaymentLink, new: PaymentLink, token_hash: str) -> PaymentLink:
    renewed = msgspec.structs.replace(old, conversation=new.conversation, state="open", expires_at=new.expires_at)
    tx.execute(
        """update payment_links set expires_at = :expires_at, conversation = :conversation, token_hash = :token_hash
        where id = :id""",
        {**params(renewed), "token_hash": token_hash},
    )
    return renewed


def find_link(tx: Tx, token_hash: str) -> PaymentLink | None:
    """Return the link with a token's hash. In a write, the link's account stays locked until the transaction ends."""
    tx.lock_rows(
        "select id from accounts where id = (select account from payment_links where token_hash = :hash)",
        {"hash": token_hash},
    )
    row = tx.one("select * from payment_links where token_hash = :hash", {"hash": token_hash})
    return None if row is None else record(row, PaymentLink)


def read_link(tx: Tx, link: str) -> PaymentLink:
    """Return a link by its id; LookupError if there is none."""
    row = tx.one("select * from payment_links where id = :id", {"id": link})
    if row is None:
        raise LookupError("no such payment link")
    return record(row, PaymentLink)


def invoices_of(tx: Tx, link: str) -> list[LinkedInvoice]:
    """Return a link's invoices in the order they are due."""
    rows = tx.all(
        """select i.id, i.number, i.due_on, i.state, l.amount_minor
        from payment_link_invoices l join invoices i on i.id = l.invoice
        where l.link = :link order by i.due_on, i.number""",
        {"link": link},
    )
    return records(rows, LinkedInvoice)


def locale_of(tx: Tx, link: PaymentLink) -> str | None:
    """Return the language of the conversation that asked for a link."""
    row = tx.one("select locale from conversations where id = :id", {"id": link.conversation})
    return None if row is None else row["locale"]


def link_status(tx: Tx, link: PaymentLink, now: datetime) -> LinkStatus:
    """Return the status that a link's page shows; `now` is in the company's time zone.

    `open`: payable. `confirming`: a payment is pending. `paid`: paid through this link. `returned`: paid, and the money
    went back. `settled`: its invoices were paid in another way. `changed`: the debt is now less than its amount.
    `debited`: a direct debit collects the debt.
    """
    if link.state == "paid" and _has_payment(tx, link.id, "completed"):
        return "paid"
    if _has_payment(tx, link.id, "pending"):
        return "confirming"
    if link.state == "paid":
        return "returned"
    return _unpaid_status(tx, link, now)


def _unpaid_status(tx: Tx, link: PaymentLink, now: datetime) -> LinkStatus:
    if not is_of_owner(tx, link):
        return "revoked"  # before anything is told about an account that is another's now
    owed = statements.statement(tx, link.account, now.date())
    asked, due = _amounts(tx, link.id), {invoice.id: invoice.amount_minor for invoice in owed.invoices}
    if any(invoice.id in asked for invoice in owed.in_progress):
        return "confirming"
    if owed.owed_minor == 0 or (asked and not asked.keys() & due.keys()):
        return "settled"
    if link.state == "revoked":
        return "revoked"
    if link.state == "expired" or link.expires_at <= now:
        return "expired"
    if link.amount_minor > owed.owed_minor or any(due.get(invoice, 0) < amount for invoice, amount in asked.items()):
        return "changed"
    by_hand = {invoice.id: invoice.amount_minor for invoice in owed.payable}
    collected = any(by_hand.get(invoice, 0) < amount for invoice, amount in asked.items())
    return "debited" if collected or link.amount_minor > owed.payable_minor else "open"


def expire_links(tx: Tx, now: datetime, limit: int) -> list[PaymentLink]:
    """Return open links past their expiry that have no pending payment; `expire` ends each."""
    rows = tx.all(
        """select * from payment_links l where state = 'open' and expires_at <= :now
            and (select 1 from payments p where p.link = l.id and p.state = 'pending' limit 1) is null
        order by expires_at limit :limit""",
        {"now": stamp(now), "limit": limit},
    )
    return records(rows, PaymentLink)


def expire(tx: Tx, link: str, now: datetime) -> bool:
    """End an open link past its expiry; False if it was renewed, paid or ended meanwhile, or a payment is pending."""
    changed = tx.execute_count(
        """update payment_links set state = 'expired' where id = :id and state = 'open' and expires_at <= :now
            and not exists (select 1 from payments where link = :id and state = 'pending')""",
        {"id": link, "now": stamp(now)},
    )
    if changed == 1:
        withdraw_checkouts(tx, link, now)
    return changed == 1


def withdraw_checkouts(tx: Tx, link: str, now: datetime) -> None:
    """Have the unpaid hosted pages of a link checked at once: the check cancels those that may take no money now."""
    tx.execute(
        f"update payments set checks = 0, next_check_at = :now where link = :link and {UNPAID_CHECKOUT}",
        {"link": link, "now": stamp(now), "since": stamp(now - MAX_CHECKOUT_LIFETIME)},
    )


def check_pages(tx: Tx, account: str) -> None:
    """Have an account's open hosted pages checked at the next sweep, because its debt or its owners changed."""
    tx.execute(
        "update payments set checks = 0, next_check_at = created_at where account = :account and state = 'created'",
        {"account": account},
    )


def prolong(tx: Tx, link: PaymentLink, until: datetime) -> PaymentLink:
    """Let a link live until its hosted page ends, so that no page outlives its link."""
    if link.expires_at >= until:
        return link
    tx.execute("update payment_links set expires_at = :at where id = :id", {"id": link.id, "at": stamp(until)})
    return msgspec.structs.replace(link, expires_at=until)


def was_paid_otherwise(tx: Tx, link: str, payment: str) -> bool:
    """Tell whether another payment than this one was completed through a link."""
    query = "select 1 as one from payments where link = :link and state = 'completed' and id <> :payment"
    return tx.one(query, {"link": link, "payment": payment}) is not None


def mark_paid(tx: Tx, link: str) -> None:
    """Close a link because money arrived through it, in whichever state it was."""
    _set_state(tx, link, "paid")


def is_of_owner(tx: Tx, link: PaymentLink) -> bool:
    """Whether a link's contact still owns its account. A link without a contact belongs to the account alone."""
    return link.contact is None or owns(tx, link.contact, link.account)


def revoke_links(tx: Tx, contact: str) -> None:
    """Revoke a contact's open links, because an email or mobile that they may have been asked for with is gone.

    The accounts are locked, so that a link that is being made is revoked too.
    """
    tx.lock_rows(
        """select id from accounts where id in (select account from account_contacts where contact = :contact)
        order by id""",
        {"contact": contact},
    )
    tx.execute(
        """update payment_links set state = 'revoked' where state = 'open' and contact = :contact
        and account in (select account from account_contacts where contact = :contact)""",
        {"contact": contact},
    )
    for row in tx.all("select account from account_contacts where contact = :contact", {"contact": contact}):
        check_pages(tx, row["account"])


def revoke_links_of_others(tx: Tx, account: str) -> None:
    """Revoke an account's open links of contacts who do not own it (any more)."""
    tx.execute(
        """update payment_links set state = 'revoked' where account = :account and state = 'open'
        and contact is not null and contact not in (select contact from account_contacts where account = :account)""",
        {"account": account},
    )
    check_pages(tx, account)


def next_expiry(tx: Tx, now: datetime) -> datetime | None:
    """Return the next expiry of an open link. Links past theirs, with a payment pending, are not counted."""
    row = tx.one(
        "select min(expires_at) as at from payment_links where state = 'open' and expires_at > :now",
        {"now": stamp(now)},
    )
    return None if row is None or row["at"] is None else parse(row["at"])


def _open_links_query(account: str) -> tuple[str, Params]:
    return (
        """select l.*, i.invoice, i.amount_minor as asked_minor
        from payment_links l left join payment_link_invoices i on i.link = l.id
        where l.account = :account and l.state = 'open'""",
        {"account": account},
    )


def _group_by_link(rows: Sequence[Row], now: datetime) -> OpenLinks:
    """Group rows by link and leave out expired links. In the query, SQLite would read every account's open links."""
    found: dict[str, tuple[PaymentLink, dict[str, int]]] = {}
    for row in rows:
        _, asked = found.setdefault(row["id"], (record(row, PaymentLink), {}))
        if row["invoice"] is not None:
            asked[row["invoice"]] = row["asked_minor"]
    return [(link, asked) for link, asked in found.values() if link.expires_at > now]


def _amounts(tx: Tx, link: str) -> Mapping[str, int]:
    rows = tx.all("select invoice, amount_minor from payment_link_invoices where link = :link", {"link": link})
    return {row["invoice"]: row["amount_minor"] for row in rows}


def _has_payment(tx: Tx, link: str, state: str) -> bool:
    query = "select 1 as one from payments where link = :link and state = :state"
    return tx.one(query, {"link": link, "state": state}) is not None


def _set_state(tx: Tx, link: str, state: str) -> None:
    tx.execute("update payment_links set state = :state where id = :id", {"id": link, "state": state})
