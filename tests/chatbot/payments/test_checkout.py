"""Hand-offs over real HTTP: one payment for each order, of the link's own account and invoices."""

import asyncio

import pytest

from chatbot.payments.gateways.gateway import Checkout, Unreachable
from tests.payment_fixture import PaymentFixture


async def test_a_webhook_may_come_before_the_order_is_answered(paying: PaymentFixture) -> None:
    paying.sandbox.faults.early = "approve"
    await paying.start()
    await paying.assert_paid_once()


async def test_a_double_click_and_a_second_tab_are_one_payment(paying: PaymentFixture) -> None:
    begun = await asyncio.gather(*(paying.payments.checkouts.begin(paying.token, "sandbox") for _ in range(5)))
    assert len({each.session for each in begun if isinstance(each, Checkout)}) == 1
    assert len(await paying.rows("payments")) == 1


async def test_an_unreachable_gateway_books_nothing_and_the_same_payment_is_retried(
    paying: PaymentFixture,
) -> None:
    paying.sandbox.faults.down = True
    assert isinstance(await paying.payments.checkouts.begin(paying.token, "sandbox"), Unreachable)
    paying.billchat.clock.forward(minutes=1)
    await paying.payments.scheduler.sweep()
    paying.sandbox.faults.down = False
    await paying.choose("approve")
    await paying.done()
    assert len(await paying.rows("payments")) == 1
    await paying.assert_paid_once()


async def test_nothing_to_pay_makes_no_link(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.done()
    with pytest.raises(AssertionError):
        await paying.ask()


async def test_invoices_of_another_account_are_not_asked_for(paying: PaymentFixture) -> None:
    [other] = await paying.billchat.rows("select id from invoices where account <> :id limit 1", id=paying.account)
    with pytest.raises(AssertionError):
        await paying.ask(other["id"])


async def test_a_link_for_somebody_elses_account_is_refused(paying: PaymentFixture) -> None:
    [other] = await paying.billchat.rows("select contact from identifiers where value = 'dd@example.com'")
    assert await paying.link_for(other["contact"]) == "not_theirs"


async def test_one_invoice_may_be_paid_alone(paying: PaymentFixture) -> None:
    [first, _] = await paying.billchat.rows(
        "select * from invoices where account = :id order by due_on", id=paying.account
    )
    await paying.ask(first["id"])
    await paying.choose("approve")
    await paying.done()
    assert await paying.booked() == [("payment", -first["total_minor"])]
    states = await paying.billchat.rows(
        "select state from invoices where account = :id order by due_on", id=paying.account
    )
    assert [row["state"] for row in states] == ["paid", "open"]
