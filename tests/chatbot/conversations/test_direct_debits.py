"""A customer who pays by direct debit is sold no second payment, whichever way leads to a link."""

from datetime import timedelta

import pytest

from chatbot.conversations.requests import TurnResult
from store import Tx
from store.billing import statements
from store.billing.ledger import InvoiceToBook, book_invoice
from tests.service_fixture import ServiceFixture, Visitor, cards, choices, told

WAYS = ["new link", "send me a new link", "pay everything", "pay all", "choose invoices", "pay my bill", "pay", "yes"]


@pytest.fixture
async def debited(billchat: ServiceFixture) -> Visitor:
    """Return a verified customer whose next collection of £34.80 covers the only invoice."""
    visitor = await billchat.visitor()
    await visitor.verify("dd@example.com")
    return visitor


async def bill(visitor: Visitor, amount: int, days: int, next_minor: int | None) -> None:
    """Bill the customer alone for an amount due in some days, and announce the next collection."""
    billchat = visitor.billchat
    now = billchat.clock.now()
    due = now.date() + timedelta(days=days)

    def work(tx: Tx) -> None:
        [row] = tx.all(
            """select a.account from account_contacts a join identifiers i on i.contact = a.contact
            where i.value = 'dd@example.com'"""
        )
        for invoice in tx.all("select id from invoices where account = :id", {"id": row["account"]}):
            tx.execute("update invoices set state = 'cancelled' where id = :id", {"id": invoice["id"]})
            tx.execute("update entries set amount_minor = 0 where invoice = :id", {"id": invoice["id"]})
        for number, (minor, day) in enumerate([(amount, due), (500, now.date() + timedelta(days=8))]):
            lines = [("Broadband", minor)]
            book_invoice(tx, row["account"], "GBP", InvoiceToBook(f"INV-{number}", now.date(), day, lines), now)
        tx.execute("update mandates set next_minor = :minor", {"minor": next_minor})

    await billchat.service.database.write(work)


async def links(visitor: Visitor) -> list[int]:
    return [row["amount_minor"] for row in await visitor.billchat.rows("select amount_minor from payment_links")]


@pytest.mark.parametrize("text", WAYS)
async def test_whatever_a_debited_customer_types_makes_no_link_for_money_that_is_collected(
    debited: Visitor, text: str
) -> None:
    answers = [await debited.say(text), await debited.say("new link"), await debited.say(text)]
    assert await links(debited) == []
    assert not any("payment_link" in cards(answer) for answer in answers)
    assert "£34.80" in told(answers[1])
    assert "nothing you need to do" in told(answers[1])


@pytest.mark.parametrize("text", ["pay all", "pay everything", "pay", "yes", "new link"])
@pytest.mark.parametrize("next_minor", [500, None])
async def test_only_the_overdue_part_is_asked_for_beside_a_debit(
    debited: Visitor, text: str, next_minor: int | None
) -> None:
    await bill(debited, 1000, -10, next_minor)
    shown = await debited.say("what do I owe")
    assert "£10.00" in told(shown)
    for answer in (await debited.say(text), await debited.say("new link")):
        assert "£10.00" in told(answer)
        assert "payment_link" in cards(answer)
    assert await links(debited) == [1000]


async def test_a_debit_that_collects_more_than_the_rest_leaves_less_to_pay_by_hand(debited: Visitor) -> None:
    await bill(debited, 1000, -10, 1200)
    await debited.say("what do I owe")
    await debited.say("new link")
    assert await links(debited) == [300]


async def test_picking_beside_a_debit_offers_the_overdue_invoice_alone(debited: Visitor) -> None:
    await bill(debited, 1000, -10, 500)
    await debited.say("what do I owe")
    shown = await debited.say("choose invoices")
    assert [choice.partition(":")[0] for choice in choices(shown)].count("invoice") == 1
    await debited.say("1")
    await debited.say("pay")
    assert await links(debited) == [1000]


async def test_a_choice_from_before_the_debit_asks_for_nothing_that_it_collects(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    shown = await visitor.verify()
    assert "pay_all" in choices(shown)
    sql = """insert into mandates (id, account, reference, state, next_on, next_minor, currency)
        select 'm', account, 'DD-1', 'active', '2026-12-01', 4250, 'GBP' from account_contacts a
        join identifiers i on i.contact = a.contact where i.value = 'owes@example.com'"""
    await billchat.service.database.write(lambda tx: tx.execute(sql))
    answer: TurnResult = await visitor.choose("pay_all")
    assert cards(answer) == ["direct_debit"]
    assert await links(visitor) == []


@pytest.mark.parametrize(("days", "payable"), [(5, 0), (6, 3480)])
async def test_a_collection_just_made_is_not_sold_again_until_banks_would_have_reported_its_failure(
    debited: Visitor, days: int, payable: int
) -> None:
    billchat = debited.billchat
    [row] = await billchat.rows("select account, next_on from mandates")
    today = billchat.clock.now().date().fromisoformat(row["next_on"]) + timedelta(days=days)
    found = await billchat.service.database.read(lambda tx: statements.statement(tx, row["account"], today))
    assert found.payable_minor == payable
