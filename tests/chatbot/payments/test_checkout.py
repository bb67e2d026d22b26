"""Paying over real HTTP: the money is booked once and the chat hears of it, whatever the provider does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Literal, cast

import psycopg
import pytest

from chatbot.conversations.requests import TurnResult
from chatbot.payments.gateways.gateway import Checkout, Gateway, PaymentReport, Unreachable
from flows.events import Event
from store import Tx
from tests.clock import FakeClock
from tests.dispatching import until
from tests.payment_fixture import OWED, PaymentFixture
from tests.service_fixture import cards, choices


@pytest.fixture
async def paying(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[PaymentFixture]:
    async with PaymentFixture.open(tmp_path, clock, url) as opened:
        yield opened


async def paid_once(paying: PaymentFixture) -> None:
    assert await paying.booked() == [("payment", -OWED)]
    assert await paying.balance() == 0
    receipts = [text for text in paying.said() if "R-" in text]
    assert len(receipts) == 1
    assert "£42.50" in receipts[0]
    assert paying.counted("completed") == 1


WAYS = ["webhook", "return", "poll"]


@pytest.mark.parametrize("order", list(permutations(WAYS)))
@pytest.mark.parametrize("copies", [1, 3])
async def test_a_payment_is_booked_once_in_whatever_order_it_is_reported(
    paying: PaymentFixture, order: tuple[str, ...], copies: int
) -> None:
    paying.sandbox.faults.copies = copies
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    for way in order:
        await report_by(paying, way)
    await paid_once(paying)


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_of_hearing_is_enough(paying: PaymentFixture, way: str) -> None:
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    await report_by(paying, way)
    await paid_once(paying)


async def report_by(paying: PaymentFixture, way: str) -> None:
    match way:
        case "webhook":
            await paying.sandbox.work()
        case "return":
            assert 'data-testid="receipt"' in await paying.done()
        case "poll":
            await paying.payments.sweep()


async def test_all_ways_at_once_book_it_once(paying: PaymentFixture) -> None:
    paying.sandbox.faults.copies = 5
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    await asyncio.gather(*(report_by(paying, way) for way in WAYS * 3))
    await paid_once(paying)


async def test_a_webhook_may_come_before_the_order_is_answered(paying: PaymentFixture) -> None:
    paying.sandbox.faults.early = "approve"
    await paying.start()
    await paid_once(paying)


async def test_a_double_click_and_a_second_tab_are_one_payment(paying: PaymentFixture) -> None:
    begun = await asyncio.gather(*(paying.payments.begin(paying.token, "sandbox") for _ in range(5)))
    assert len({each.session for each in begun if isinstance(each, Checkout)}) == 1
    assert len(await paying.rows("payments")) == 1


async def test_a_decline_is_said_and_another_try_succeeds(paying: PaymentFixture) -> None:
    await paying.choose("decline")
    await paying.sandbox.work()
    [said] = paying.said()
    assert "declined" in said
    await paying.choose("approve")
    await paying.sandbox.work()
    await paid_once(paying)
    assert len(await paying.rows("payments")) == 2


async def test_news_in_the_wrong_order_ends_in_the_truth(paying: PaymentFixture) -> None:
    paying.sandbox.faults.newest_first = True
    await paying.choose("decline")
    paying.sandbox.approve(await paying.reference())
    await paying.sandbox.work()
    await paid_once(paying)


async def test_a_late_approval_counts(paying: PaymentFixture) -> None:
    await paying.choose("decline")
    await paying.sandbox.work()
    paying.billchat.clock.forward(hours=3)
    paying.sandbox.approve(await paying.reference())
    await paying.sandbox.work()
    await paying.sandbox.work()
    assert await paying.booked() == [("payment", -OWED)]


async def test_approved_later_is_pending_and_then_paid(paying: PaymentFixture) -> None:
    await paying.choose("later")
    await paying.sandbox.work()
    [said] = paying.said()
    assert "being confirmed" in said
    assert "waiting for confirmation" in await paying.done()
    paying.billchat.clock.forward(seconds=59)
    await paying.sandbox.work()
    assert await paying.booked() == []
    paying.billchat.clock.forward(seconds=1)
    await paying.sandbox.work()
    await paid_once(paying)


async def test_closing_the_page_is_said(paying: PaymentFixture) -> None:
    await paying.choose("close")
    await paying.sandbox.work()
    [said] = paying.said()
    assert "before paying" in said
    await paying.choose("approve")
    await paying.done()
    await paid_once(paying)


async def test_when_every_webhook_is_lost_the_poller_finds_the_payment(paying: PaymentFixture) -> None:
    paying.sandbox.faults.lost = True
    await paying.choose("approve")
    await paying.payments.sweep()
    assert await paying.booked() == []
    paying.billchat.clock.forward(minutes=1)
    await paying.sandbox.work()
    await paying.payments.sweep()
    await paid_once(paying)


async def test_late_webhooks_change_nothing(paying: PaymentFixture) -> None:
    paying.sandbox.faults.delay = timedelta(days=2)
    await paying.choose("approve")
    await paying.done()
    paying.billchat.clock.forward(days=2)
    await paying.sandbox.work()
    await paid_once(paying)


async def test_too_little_is_booked_as_it_is_and_somebody_is_told(paying: PaymentFixture) -> None:
    paying.sandbox.faults.amount_minor = 4000
    await paying.choose("approve")
    await paying.sandbox.work()
    assert await paying.booked() == [("payment", -4000)]
    assert await paying.balance() == 250
    assert paying.counted("wrong_amount") == 1


async def test_another_currency_books_nothing_and_somebody_is_told(paying: PaymentFixture) -> None:
    paying.sandbox.faults.currency = "EUR"
    await paying.choose("approve")
    await paying.sandbox.work()
    await paying.done()
    assert await paying.booked() == []
    assert paying.counted("wrong_currency") == 1
    assert await paying.payments.begin(paying.token, "sandbox") is None


async def test_a_payment_that_bounces_is_owed_again(paying: PaymentFixture) -> None:
    await paying.choose("approve")
    await paying.done()
    paying.said()
    paying.billchat.clock.forward(days=3)
    paying.sandbox.bounce(await paying.reference())
    await paying.sandbox.work()
    [said] = paying.said()
    assert "owed again" in said
    assert await paying.booked() == [("payment", -OWED), ("chargeback", OWED)]
    assert "came back" in await paying.done()
    await paying.sandbox.work()
    assert await paying.balance() == OWED


async def test_a_refund_is_booked_once(paying: PaymentFixture) -> None:
    paying.sandbox.faults.copies = 3
    await paying.choose("approve")
    paying.sandbox.refund(await paying.reference(), 1000)
    paying.sandbox.faults.newest_first = True
    await paying.sandbox.work()
    assert sorted(await paying.booked()) == [("payment", -OWED), ("refund", 1000)]


async def test_a_gateway_that_cannot_be_reached_takes_nothing_and_the_same_payment_is_tried_again(
    paying: PaymentFixture,
) -> None:
    paying.sandbox.faults.down = True
    assert isinstance(await paying.payments.begin(paying.token, "sandbox"), Unreachable)
    paying.billchat.clock.forward(minutes=1)
    await paying.payments.sweep()
    paying.sandbox.faults.down = False
    await paying.choose("approve")
    await paying.done()
    assert len(await paying.rows("payments")) == 1
    await paid_once(paying)


@dataclass
class SlowGateway:
    """A provider that answers with what it knew when it was asked, once it is let."""

    now: PaymentReport
    asked: list[str] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def is_asked(self) -> bool:
        return bool(self.asked)

    async def look_up(self, reference: str, session: str | None) -> PaymentReport:
        self.asked.append(reference)
        known = self.now
        await self.let.wait()
        return replace(known, reference=reference)


async def test_a_bounce_that_is_told_while_an_older_question_is_open_is_asked_about_anew(
    paying: PaymentFixture,
) -> None:
    await paying.choose("approve")
    await paying.done()
    [payment] = await paying.rows("payments")
    reference = payment["id"]
    gateway = SlowGateway(PaymentReport("paid", reference, None, OWED, "GBP", payment["gateway_payment"]))
    paying.payments.gateways = {"sandbox": cast("Gateway", gateway)}
    late = asyncio.create_task(paying.payments.report("sandbox", PaymentReport("failed", reference, "an earlier try")))
    await until(gateway.is_asked)
    gateway.now = PaymentReport("failed", reference)

    async def both_doubts() -> bool:
        return paying.counted("doubtful") == 2

    bounced = asyncio.create_task(paying.payments.report("sandbox", PaymentReport("failed", reference, "the bounce")))
    await until(both_doubts)
    gateway.let.set()
    await asyncio.gather(late, bounced)
    assert await paying.balance() == OWED


async def test_a_gateway_that_never_answers_keeps_nobody_waiting(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.payments.checkout.LONGEST_ANSWER_S", 0.05)
    await paying.start()
    paying.payments.gateways = {"sandbox": cast("Gateway", SlowGateway(PaymentReport("failed", "")))}
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.sweep()
    assert [row["state"] for row in await paying.rows("payment_links")] == ["expired"]


async def test_one_sweep_asks_about_every_payment_that_is_due(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.payments.checkout.AT_ONCE", 1)
    invoices = await paying.billchat.rows("select id from invoices where account = :id", id=paying.account)
    for invoice in invoices:
        await paying.ask(invoice["id"])
        await paying.start()
    gateway = SlowGateway(PaymentReport("failed", ""))
    gateway.let.set()
    paying.payments.gateways = {"sandbox": cast("Gateway", gateway)}
    paying.billchat.clock.forward(minutes=1)
    await paying.payments.sweep()
    assert sorted(gateway.asked) == sorted(row["id"] for row in await paying.rows("payments"))
    assert len(set(gateway.asked)) == len(invoices) == 2


async def test_a_report_of_an_unknown_payment_is_kept_and_refused(paying: PaymentFixture) -> None:
    stray = PaymentReport("paid", "01UNKNOWN", "event", OWED, "GBP", "pay-1")
    assert not await paying.payments.report("sandbox", stray)
    assert not await paying.payments.report("sandbox", stray)
    assert [row["outcome"] for row in await paying.rows("gateway_events")] == ["unplaced"]


async def test_a_link_that_runs_out_is_said_once(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.sweep()
    await paying.payments.sweep()
    [said] = paying.said()
    assert "expired" in said
    assert await paying.payments.begin(paying.token, "sandbox") is None


async def test_one_sweep_ends_every_link_whose_time_is_up(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.payments.checkout.AT_ONCE", 1)
    other = await paying.billchat.visitor()
    answer = await other.verify("many@example.com")
    while "payment_link" not in cards(answer):
        answer = await other.choose(choices(answer)[0])
    assert len(await paying.rows("payment_links")) == 2
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.sweep()
    assert {row["state"] for row in await paying.rows("payment_links")} == {"expired"}


async def test_a_broken_conversation_keeps_no_other_link_from_running_out(paying: PaymentFixture) -> None:
    broken = await paying.billchat.visitor()
    answer = await broken.verify("many@example.com")
    while "payment_link" not in cards(answer):
        answer = await broken.choose(choices(answer)[0])
    spoil = "update conversations set facts = '{' where id = :id"
    await paying.billchat.service.database.write(lambda tx: tx.execute_count(spoil, {"id": broken.conversation}))
    await paying.ask()  # the other one's is older, and so comes first
    paying.billchat.clock.forward(minutes=61)
    await paying.payments.sweep()
    assert {row["state"] for row in await paying.rows("payment_links")} == {"expired"}
    assert "expired" in paying.said()[0]


@pytest.mark.parametrize("outcome", ["pending", "paid"])
async def test_a_link_that_is_paid_in_the_moment_it_runs_out_is_not_said_to_have_expired(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch, outcome: Literal["pending", "paid"]
) -> None:
    await paying.start()
    report = PaymentReport(outcome, await paying.reference(), "event", OWED, "GBP", "pay-1")
    paying.payments.gateways = {}  # nobody asks about it meanwhile
    paying.billchat.clock.forward(minutes=60)
    happened = paying.billchat.turns.apply_external_event

    async def late(conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        monkeypatch.undo()
        await paying.payments.report("sandbox", report)
        await happened(conversation, work)

    monkeypatch.setattr(paying.billchat.turns, "apply_external_event", late)
    await paying.payments.sweep()
    assert not any("expired" in said for said in paying.said())
    assert [row["state"] for row in await paying.rows("payment_links")] == ["paid" if outcome == "paid" else "open"]


@pytest.mark.parametrize("driver", ["postgresql"])  # on SQLite one unit of work runs at a time
async def test_a_link_that_is_renewed_in_the_moment_it_runs_out_stays_open(paying: PaymentFixture, url: str) -> None:
    paying.billchat.clock.forward(minutes=60)
    with psycopg.connect(url) as renewing:  # as `make_link` does
        renewing.execute("select id from accounts where id = %s for no key update", [paying.account])
        sweeping = asyncio.create_task(paying.payments.sweep())
        await asyncio.sleep(0.1)
        renewing.execute("update payment_links set expires_at = '2027-01-01T00:00:00.000Z'")
    await sweeping
    assert [row["state"] for row in await paying.rows("payment_links")] == ["open"]


async def test_a_payment_is_told_where_its_link_was_asked_for_last(
    paying: PaymentFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, happened = paying.visitor, paying.billchat.turns.apply_external_event
    paying.visitor = second = await paying.billchat.visitor()
    await second.verify()
    await paying.start()
    report = PaymentReport("paid", await paying.reference(), "event", OWED, "GBP", "pay-1")

    async def late(conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        assert conversation == first.conversation
        monkeypatch.undo()
        await paying.ask()
        await happened(conversation, work)

    monkeypatch.setattr(paying.billchat.turns, "apply_external_event", late)
    await paying.payments.report("sandbox", report)
    assert [answer.conversation for answer in paying.billchat.told] == [second.conversation]
    assert await paying.booked() == [("payment", -OWED)]


async def test_a_link_that_runs_out_while_a_sweep_is_under_way_is_looked_at_again_soon(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=59, seconds=59)
    looked = paying.billchat.clock.now()
    await paying.payments.sweep()
    paying.billchat.clock.forward(seconds=1)
    assert await paying.payments._until_due(looked) == 1.0


async def test_paying_at_the_gateway_after_the_link_ran_out_still_counts(paying: PaymentFixture) -> None:
    paying.billchat.clock.forward(minutes=50)
    page = await paying.start()
    paying.billchat.clock.forward(minutes=15)
    await paying.payments.sweep()
    await paying.press(page.partition(f":{paying.client.port}")[2], action="approve")
    await paying.sandbox.work()
    assert await paying.booked() == [("payment", -OWED)]


async def test_a_page_left_open_at_the_gateway_ends_there_and_the_chat_is_not_bothered(paying: PaymentFixture) -> None:
    await paying.start()
    paying.billchat.clock.forward(minutes=60)
    await paying.payments.sweep()
    paying.said()
    await paying.sandbox.work()
    [payment] = await paying.rows("payments")
    assert payment["state"] == "cancelled"
    assert paying.said() == []


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


async def test_the_poller_runs_by_itself_until_it_is_stopped(paying: PaymentFixture) -> None:
    paying.sandbox.faults.lost = True
    await paying.choose("approve")
    paying.billchat.clock.forward(minutes=1)
    heard = asyncio.Event()

    async def hear(result: TurnResult) -> None:
        heard.set()

    paying.billchat.turns.subscribe(hear)
    task = asyncio.create_task(paying.payments.run())
    await asyncio.wait_for(heard.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await paid_once(paying)
