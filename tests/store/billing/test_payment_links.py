"""Payment links: one open link for a debt, and a status that follows its payments."""

from datetime import timedelta

from store import Database
from store.billing import payment_links
from store.database import Tx
from tests.bills import HOUR, MORNING, a_link, a_payment, everything, owe, record, report

MINUTE = timedelta(minutes=1)


async def test_the_same_debt_asked_for_again_is_the_same_link_with_a_new_expiry(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        first = everything(tx, bills)
        again = everything(tx, bills, MORNING + 30 * MINUTE)
        assert again.id == first.id
        assert again.expires_at == first.expires_at + 30 * MINUTE

    await database.write(scenario)


async def test_a_link_that_shares_an_invoice_revokes_the_older_one(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        old, apart = everything(tx, bills), a_link(tx, owe(tx), [])
        new = a_link(tx, bills, [(bills.first, 1750)])
        assert payment_links.link_status(tx, payment_links.read_link(tx, old.id), MORNING) == "revoked"
        assert payment_links.link_status(tx, new, MORNING) == "open"
        assert payment_links.read_link(tx, apart.id).state == "open"

    await database.write(scenario)


async def test_links_for_different_invoices_are_open_side_by_side(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        one, other = a_link(tx, bills, [(bills.first, 1750)]), a_link(tx, bills, [(bills.second, 2500)])
        assert [payment_links.link_status(tx, link, MORNING) for link in (one, other)] == ["open", "open"]

    await database.write(scenario)


async def test_a_link_expires(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        assert payment_links.expire_links(tx, MORNING + 59 * MINUTE, 10) == []
        assert payment_links.link_status(tx, link, MORNING + HOUR) == "expired"
        assert [each.id for each in payment_links.expire_links(tx, MORNING + HOUR, 10)] == [link.id]
        assert payment_links.expire(tx, link.id, MORNING + HOUR)
        assert not payment_links.expire(tx, link.id, MORNING + HOUR)
        assert payment_links.expire_links(tx, MORNING + HOUR, 10) == []

    await database.write(scenario)


async def test_a_link_with_a_pending_payment_does_not_expire(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        link = everything(tx, owe(tx))
        record(tx, report(a_payment(tx, link), "pending"))
        assert payment_links.next_expiry(tx, MORNING) == MORNING + HOUR
        assert payment_links.expire_links(tx, MORNING + HOUR, 10) == []
        assert payment_links.next_expiry(tx, MORNING + HOUR) is None
        assert payment_links.link_status(tx, link, MORNING + HOUR) == "confirming"

    await database.write(scenario)


async def test_a_link_for_more_than_the_debt_cannot_be_paid(database: Database) -> None:
    def scenario(tx: Tx) -> None:
        bills = owe(tx)
        one = a_link(tx, bills, [(bills.first, 1750)])
        record(tx, report(a_payment(tx, one), "paid", amount=1000))
        late = everything(tx, bills)
        assert late.amount_minor == 3250
        tx.execute_count("update payment_links set amount_minor = 4250 where id = :id", {"id": late.id})
        assert payment_links.link_status(tx, payment_links.read_link(tx, late.id), MORNING) == "changed"

    await database.write(scenario)
