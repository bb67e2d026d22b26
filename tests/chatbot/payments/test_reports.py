"""Gateways' reports over real HTTP: money is booked once and the chat is informed, with every fault injected."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import cast

import pytest

from chatbot.payments.gateways.gateway import Gateway, PaymentReport
from flows.events import Event
from store import Tx
from tests.chatbot.payments.slow_gateway import SlowGateway
from tests.payment_fixture import OWED, PaymentFixture
from tests.waiting import wait_until

SOURCES = ["webhook", "return", "poll"]


@pytest.mark.parametrize("order", list(permutations(SOURCES)))
@pytest.mark.parametrize("copies", [1, 3])
async def test_a_payment_is_booked_once_in_any_order_of_reports(
    paying: PaymentFixture, order: tuple[str, ...], copies: int
) -> None:
    paying.sandbox.faults.copies = copies
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    for source in order:
        await report_by(paying, source)
    await paying.assert_paid_once()


@pytest.mark.parametrize("source", SOURCES)
async def test_one_source_of_reports_is_enough(paying: PaymentFixture, source: str) -> None:
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    await report_by(paying, source)
    await paying.assert_paid_once()


async def report_by(paying: PaymentFixture, source: str) -> None:
    match source:
        case "webhook":
            await paying.sandbox.process_due()
        case "return":
            assert 'data-testid="receipt"' in await paying.done()
        case "poll":
            await paying.payments.scheduler.sweep()


async def test_concurrent_reports_book_a_payment_once(paying: PaymentFixture) -> None:
    paying.sandbox.faults.copies = 5
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    await asyncio.gather(*(report_by(paying, source) for source in SOURCES * 3))
    await paying.assert_paid_once()


async def test_a_decline_is_announced_and_another_try_succeeds(paying: PaymentFixture) -> None:
    await paying.choose("decline")
    await paying.sandbox.process_due()
    [said] = paying.said()
    assert "declined" in said
    await paying.choose("approve")
    await paying.sandbox.process_due()
    await paying.assert_paid_once()
    assert len(await paying.rows("payments")) == 2


async def test_reports_in_the_wrong_order_end_in_the_final_state(paying: PaymentFixture) -> None:
    paying.sandbox.faults.newest_first = True
    await paying.choose("decline")
    paying.sandbox.approve(await paying.reference())
    await paying.sandbox.process_due()
    await paying.assert_paid_once()


async def test_a_late_approval_counts(paying: PaymentFixture) -> None:
    await paying.choose("decline")
    await paying.sandbox.process_due()
    paying.billchat.clock.forward(hours=3)
    paying.sandbox.approve(await paying.reference())
    await paying.sandbox.process_due()
    await paying.sandbox.process_due()
    assert await paying.booked() == [("payment", -OWED)]


async def test_approved_later_is_pending_and_then_paid(paying: PaymentFixture) -> None:
    await paying.choose("later")
    await paying.sandbox.process_due()
    [said] = paying.said()
    assert "being confirmed" in said
    assert "waiting for confirmation" in await paying.done()
    paying.billchat.clock.forward(seconds=59)
    await paying.sandbox.process_due()
    assert await paying.booked() == []
    paying.billchat.clock.forward(seconds=1)
    await paying.sandbox.process_due()
    await paying.assert_paid_once()


async def test_closing_the_hosted_page_is_announced(paying: PaymentFixture) -> None:
    await paying.choose("close")
    await paying.sandbox.process_due()
    [said] = paying.said()
    assert "before paying" in said
    await paying.choose("approve")
    await paying.done()
    await paying.assert_paid_once()


async def test_late_webhooks_change_nothing(paying: PaymentFixture) -> None:
    paying.sandbox.faults.delay = timedelta(days=2)
    await paying.choose("approve")
    await paying.done()
    paying.billchat.clock.forward(days=2)
    await paying.sandbox.process_due()
    await paying.assert_paid_once()


async def test_a_smaller_amount_is_booked_as_paid_with_an_alert(paying: PaymentFixture) -> None:
    paying.sandbox.faults.amount_minor = 4000
    await paying.choose("approve")
    await paying.sandbox.process_due()
    assert await paying.booked() == [("payment", -4000)]
    assert await paying.balance() == 250
    assert paying.counted("wrong_amount") == 1


async def test_another_currency_books_nothing_with_an_alert(paying: PaymentFixture) -> None:
    paying.sandbox.faults.currency = "EUR"
    await paying.choose("approve")
    await paying.sandbox.process_due()
    await paying.done()
    assert await paying.booked() == []
    assert paying.counted("wrong_currency") == 1
    assert await paying.payments.checkouts.begin(paying.token, "sandbox") is None


async def test_a_payment_that_bounces_is_owed_again(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.done()
    paying.said()
    paying.billchat.clock.forward(days=3)
    paying.sandbox.bounce(await paying.reference())
    await paying.sandbox.process_due()
    [said] = paying.said()
    assert "owed again" in said
    assert await paying.booked() == [("payment", -OWED), ("chargeback", OWED)]
    assert "came back" in await paying.done()
    await paying.sandbox.process_due()
    assert await paying.balance() == OWED


async def test_a_refund_is_booked_once(paying: PaymentFixture) -> None:
    paying.sandbox.faults.copies = 3
    await paying.choose("approve")
    paying.sandbox.refund(await paying.reference(), 1000)
    paying.sandbox.faults.newest_first = True
    await paying.sandbox.process_due()
    assert sorted(await paying.booked()) == [("payment", -OWED), ("refund", 1000)]


async def test_a_receipt_counts_no_money_as_left_that_the_direct_debit_collects(paying: PaymentFixture) -> None:
    sql = """insert into mandates (id, account, reference, state, next_on, next_minor, currency)
        values ('m', :account, 'DD-1', 'active', '2027-01-01', 1370, 'GBP')"""
    await paying.billchat.service.database.write(lambda tx: tx.execute(sql, {"account": paying.account}))
    await paying.ask()
    await paying.choose("approve")
    await paying.done()
    assert await paying.balance() == 1370
    [said] = paying.said()
    assert "£28.80" in said
    assert "left to pay" not in said


async def test_a_bounce_reported_during_an_older_lookup_is_looked_up_again(
    paying: PaymentFixture,
) -> None:
    await paying.choose("approve")
    await paying.done()
    [payment] = await paying.rows("payments")
    reference = payment["id"]
    gateway = SlowGateway(PaymentReport("paid", reference, None, OWED, "GBP", payment["gateway_payment"]))
    paying.use_gateways(sandbox=cast("Gateway", gateway))
    late = asyncio.create_task(
        paying.payments.reports.apply("sandbox", PaymentReport("failed", reference, "an earlier try"))
    )
    await wait_until(gateway.was_asked)
    gateway.report = PaymentReport("failed", reference)

    async def both_doubts() -> bool:
        return paying.counted("doubtful") == 2

    bounced = asyncio.create_task(
        paying.payments.reports.apply("sandbox", PaymentReport("failed", reference, "the bounce"))
    )
    await wait_until(both_doubts)
    gateway.answering.set()
    await asyncio.gather(late, bounced)
    assert await paying.balance() == OWED


async def test_a_report_of_an_unknown_payment_is_kept_and_refused(paying: PaymentFixture) -> None:
    stray = PaymentReport("paid", "01UNKNOWN", "event", OWED, "GBP", "pay-1")
    assert not await paying.payments.reports.apply("sandbox", stray)
    assert not await paying.payments.reports.apply("sandbox", stray)
    assert [row["outcome"] for row in await paying.rows("gateway_events")] == ["unplaced"]


async def test_a_payment_is_announced_in_the_newest_conversation_of_its_link(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, apply_external_event = paying.visitor, paying.billchat.turns.apply_external_event
    paying.visitor = second = await paying.billchat.visitor()
    await second.verify()
    await paying.start()
    report = PaymentReport("paid", await paying.reference(), "event", OWED, "GBP", "pay-1")

    async def late(conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        assert conversation == first.conversation
        monkeypatch.undo()
        await paying.ask()
        await apply_external_event(conversation, work)

    monkeypatch.setattr(paying.billchat.turns, "apply_external_event", late)
    await paying.payments.reports.apply("sandbox", report)
    assert [answer.conversation for answer in paying.billchat.told] == [second.conversation]
    assert await paying.booked() == [("payment", -OWED)]
