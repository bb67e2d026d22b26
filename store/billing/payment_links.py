"""Payment links: what each asks for, and whether it may still be paid. At most one open link asks for an invoice."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from store.billing import statements
from store.billing.statements import Statement
from store.database import Params, Row, Tx
from store.times import parse, stamp

LinkStatus = Literal["open", "confirming", "paid", "returned", "settled", "changed", "revoked", "expired"]


class PaymentLink(Struct, frozen=True):
    """A link that asks an account for an amount. Its token is not here: only the token's hash is stored."""

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


class LinkedInvoice(Struct, frozen=True):
    """An invoice on a link, and what the link asks for it."""

    id: str
    number: str
    due_on: str
    state: str
    amount_minor: int


class LinkTerms(Struct, frozen=True):
    """What a new link is made from: what its account owes, and the open links, each with what it asks for."""

    statement: Statement
    open_links: OpenLinks


def terms(tx: Tx, contact: str, account: str, today: date, now: datetime) -> LinkTerms | None:
    """Hold an account and read all that a new link for it depends on; None unless it is this contact's."""
    statements.lock_account(tx, account)
    unpaid, headers, asked = tx.query_many(*statements.questions(account, contact), _asking(account))
    return (
        LinkTerms(statements.stated(unpaid, headers[0], today), _by_link(asked, now))
        if statements.theirs(headers)
        else None
    )


def open_links(tx: Tx, account: str, now: datetime) -> OpenLinks:
    """Return an account's open links, each with what it asks for."""
    sql, params = _asking(account)
    return _by_link(tx.all(sql, params), now)


def make_link(
    tx: Tx, link: PaymentLink, hash_of: Callable[[str], str], invoices: Sequence[tuple[str, int]], others: OpenLinks
) -> PaymentLink:
    """Write an open link for these (invoice, amount), or give the open one that asks for the same its new expiry.

    `others` are the account's open links. Those that share an invoice, or charges that stand on no invoice (by which
    the link's amount may be above the invoices' sum), are revoked: two links for one debt would invite paying it twice.
    A link that is used again belongs to the conversation that asked last, which will hear of the payment.

    `hash_of` gives the hash of the token that belongs to a link's id. It is written anew when a link is used again: the
    service's key, which tokens are derived with, may have changed since.
    """
    wanted = dict(invoices)
    for other, asked in others:
        if asked == wanted and (other.amount_minor, other.currency) == (link.amount_minor, link.currency):
            return _renew(tx, other, link, hash_of(other.id))
        if asked.keys() & wanted.keys() or not (asked and wanted):
            _set_state(tx, other.id, "revoked")
    tx.execute(
        """insert into payment_links
        (id, token_hash, conversation, account, contact, currency, amount_minor, state, created_at, expires_at)
        values (:id, :token_hash, :conversation, :account, :contact, :currency, :amount, 'open', :created, :expires)""",
        {
            "id": link.id,
            "token_hash": hash_of(link.id),
            "conversation": link.conversation,
            "account": link.account,
            "contact": link.contact,
            "currency": link.currency,
            "amount": link.amount_minor,
            "created": stamp(link.created_at),
            "expires": stamp(link.expires_at),
        },
    )
    tx.execute_many(
        "insert into payment_link_invoices (link, invoice, amount_minor) values (:link, :invoice, :amount)",
        [{"link": link.id, "invoice": invoice, "amount": amount} for invoice, amount in wanted.items()],
    )
    return link


def _renew(tx: Tx, old: PaymentLink, new: PaymentLink, token_hash: str) -> PaymentLink:
    tx.execute(
        """update payment_links set expires_at = :expires, conversation = :conversation, contact = :contact,
            token_hash = :token_hash where id = :id""",
        {
            "id": old.id,
            "token_hash": token_hash,
            "expires": stamp(new.expires_at),
            "conversation": new.conversation,
            "contact": new.contact,
        },
    )
    return PaymentLink(
        old.id, new.conversation, old.account, new.contact, old.currency, old.amount_minor, "open", old.created_at,
        new.expires_at,
    )  # fmt: skip


def find_link(tx: Tx, token_hash: str) -> PaymentLink | None:
    """Return the link whose token has this hash; a unit of work holds the link's account from here on."""
    tx.lock_rows(
        "select id from accounts where id = (select account from payment_links where token_hash = :hash)",
        {"hash": token_hash},
    )
    row = tx.one("select * from payment_links where token_hash = :hash", {"hash": token_hash})
    return None if row is None else _link(row)


def read_link(tx: Tx, link: str) -> PaymentLink:
    """Return a link by its id; LookupError if there is none."""
    row = tx.one("select * from payment_links where id = :id", {"id": link})
    if row is None:
        raise LookupError("no such payment link")
    return _link(row)


def invoices_of(tx: Tx, link: str) -> list[LinkedInvoice]:
    """Return what a link asks for, due first."""
    rows = tx.all(
        """select i.id, i.number, i.due_on, i.state, l.amount_minor
        from payment_link_invoices l join invoices i on i.id = l.invoice
        where l.link = :link order by i.due_on, i.number""",
        {"link": link},
    )
    return [LinkedInvoice(**dict(row)) for row in rows]


def locale_of(tx: Tx, link: PaymentLink) -> str | None:
    """Return the language of the conversation that asked for a link."""
    row = tx.one("select locale from conversations where id = :id", {"id": link.conversation})
    return None if row is None else row["locale"]


def link_status(tx: Tx, link: PaymentLink, now: datetime) -> LinkStatus:
    """Say what a link's page should show.

    `open`: it may be paid. `confirming`: money is on its way. `paid`: this link was. `returned`: it was paid and the
    money went back. `settled`: its invoices were paid in another way. `changed`: less is owed now than it asks for.
    """
    if link.state == "paid" and _has_payment(tx, link.id, "completed"):
        return "paid"
    if _has_payment(tx, link.id, "pending"):
        return "confirming"
    if link.state == "paid":
        return "returned"
    return _unpaid_status(tx, link, now)


def _unpaid_status(tx: Tx, link: PaymentLink, now: datetime) -> LinkStatus:
    owed = statements.statement(tx, link.account, now.date())
    asked, due = _asked(tx, link.id), {invoice.id: invoice.amount_minor for invoice in owed.invoices}
    if any(invoice.id in asked for invoice in owed.in_progress):
        return "confirming"
    if owed.owed_minor == 0 or (asked and not asked.keys() & due.keys()):
        return "settled"
    if link.state == "revoked":
        return "revoked"
    if link.state == "expired" or link.expires_at <= now:
        return "expired"
    less = link.amount_minor > owed.owed_minor or any(due.get(invoice, 0) < amount for invoice, amount in asked.items())
    return "changed" if less else "open"


def expire_links(tx: Tx, now: datetime, limit: int) -> list[PaymentLink]:
    """Return links whose time is up and that nobody is paying just now; `expire` ends each."""
    rows = tx.all(
        """select * from payment_links l where state = 'open' and expires_at <= :now
            and (select 1 from payments p where p.link = l.id and p.state = 'pending' limit 1) is null
        order by expires_at limit :limit""",
        {"now": stamp(now), "limit": limit},
    )
    return [_link(row) for row in rows]


def expire(tx: Tx, link: str, now: datetime) -> bool:
    """End an open link whose time is up; False if it was renewed, is being paid, was paid or ended meanwhile."""
    changed = tx.execute_count(
        """update payment_links set state = 'expired' where id = :id and state = 'open' and expires_at <= :now
            and not exists (select 1 from payments where link = :id and state = 'pending')""",
        {"id": link, "now": stamp(now)},
    )
    return changed == 1


def mark_paid(tx: Tx, link: str) -> None:
    """Close a link because money arrived through it, whatever state it was in."""
    _set_state(tx, link, "paid")


def next_expiry(tx: Tx, now: datetime) -> datetime | None:
    """Return when the next open link runs out. One that has, and is being paid, waits for what becomes of that."""
    row = tx.one(
        "select min(expires_at) as at from payment_links where state = 'open' and expires_at > :now",
        {"now": stamp(now)},
    )
    return None if row is None or row["at"] is None else parse(row["at"])


def _asking(account: str) -> tuple[str, Params]:
    return (
        """select l.*, i.invoice, i.amount_minor as asked_minor
        from payment_links l left join payment_link_invoices i on i.link = l.id
        where l.account = :account and l.state = 'open'""",
        {"account": account},
    )


def _by_link(rows: Sequence[Row], now: datetime) -> OpenLinks:
    """Those whose time is not up. It is looked at here: in the query, SQLite would read every account's open links."""
    found: dict[str, tuple[PaymentLink, dict[str, int]]] = {}
    for row in rows:
        _, asked = found.setdefault(row["id"], (_link(row), {}))
        if row["invoice"] is not None:
            asked[row["invoice"]] = row["asked_minor"]
    return [(link, asked) for link, asked in found.values() if link.expires_at > now]


def _asked(tx: Tx, link: str) -> Mapping[str, int]:
    rows = tx.all("select invoice, amount_minor from payment_link_invoices where link = :link", {"link": link})
    return {row["invoice"]: row["amount_minor"] for row in rows}


def _has_payment(tx: Tx, link: str, state: str) -> bool:
    query = "select 1 as one from payments where link = :link and state = :state"
    return tx.one(query, {"link": link, "state": state}) is not None


def _set_state(tx: Tx, link: str, state: str) -> None:
    tx.execute("update payment_links set state = :state where id = :id", {"id": link, "state": state})


def _link(row: Row) -> PaymentLink:
    return PaymentLink(
        id=row["id"],
        conversation=row["conversation"],
        account=row["account"],
        contact=row["contact"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        state=row["state"],
        created_at=parse(row["created_at"]),
        expires_at=parse(row["expires_at"]),
    )
