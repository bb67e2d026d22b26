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

from chatbot.conversations.payment_links import make_link
from chatbot.conversations.turns import Answer
from chatbot.payments.gateways.gateway import Checkout, Gateway, Report, Unreachable
from flows.events import Event
from store import Tx
from tests.clock import FakeClock
from tests.house import cards, choices
from tests.post import until
from tests.till import OWED, Till


@pytest.fixture
async def till(tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[Till]:
    async with Till.open(tmp_path, clock, url) as opened:
        yield opened


async def paid_once(till: Till) -> None:
    assert await till.booked() == [("payment", -OWED)]
    assert await till.balance() == 0
    receipts = [text for text in till.said() if "R-" in text]
    assert len(receipts) == 1
    assert "£42.50" in receipts[0]
    assert till.counted("completed") == 1


WAYS = ["webhook", "return", "poll"]


@pytest.mark.parametrize("order", list(permutations(WAYS)))
@pytest.mark.parametrize("copies", [1, 3])
async def test_a_payment_is_booked_once_in_whatever_order_it_is_reported(
    till: Till, order: tuple[str, ...], copies: int
) -> None:
    till.sandbox.mischief.copies = copies
    await till.choose("approve")
    till.house.clock.forward(minutes=1)
    for way in order:
        await report_by(till, way)
    await paid_once(till)


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_of_hearing_is_enough(till: Till, way: str) -> None:
    await till.choose("approve")
    till.house.clock.forward(minutes=1)
    await report_by(till, way)
    await paid_once(till)


async def report_by(till: Till, way: str) -> None:
    match way:
        case "webhook":
            await till.sandbox.work()
        case "return":
            assert 'data-testid="receipt"' in await till.done()
        case "poll":
            await till.payments.sweep()


async def test_all_ways_at_once_book_it_once(till: Till) -> None:
    till.sandbox.mischief.copies = 5
    await till.choose("approve")
    till.house.clock.forward(minutes=1)
    await asyncio.gather(*(report_by(till, way) for way in WAYS * 3))
    await paid_once(till)


async def test_a_webhook_may_come_before_the_order_is_answered(till: Till) -> None:
    till.sandbox.mischief.early = "approve"
    await till.start()
    await paid_once(till)


async def test_a_double_click_and_a_second_tab_are_one_payment(till: Till) -> None:
    begun = await asyncio.gather(*(till.payments.begin(till.token, "sandbox") for _ in range(5)))
    assert len({each.session for each in begun if isinstance(each, Checkout)}) == 1
    assert len(await till.rows("payments")) == 1


async def test_a_decline_is_said_and_another_try_succeeds(till: Till) -> None:
    await till.choose("decline")
    await till.sandbox.work()
    [said] = till.said()
    assert "declined" in said
    await till.choose("approve")
    await till.sandbox.work()
    await paid_once(till)
    assert len(await till.rows("payments")) == 2


async def test_news_in_the_wrong_order_ends_in_the_truth(till: Till) -> None:
    till.sandbox.mischief.newest_first = True
    await till.choose("decline")
    till.sandbox.approve(await till.reference())
    await till.sandbox.work()
    await paid_once(till)


async def test_a_late_approval_counts(till: Till) -> None:
    await till.choose("decline")
    await till.sandbox.work()
    till.house.clock.forward(hours=3)
    till.sandbox.approve(await till.reference())
    await till.sandbox.work()
    await till.sandbox.work()
    assert await till.booked() == [("payment", -OWED)]


async def test_approved_later_is_pending_and_then_paid(till: Till) -> None:
    await till.choose("later")
    await till.sandbox.work()
    [said] = till.said()
    assert "being confirmed" in said
    assert "waiting for confirmation" in await till.done()
    till.house.clock.forward(seconds=59)
    await till.sandbox.work()
    assert await till.booked() == []
    till.house.clock.forward(seconds=1)
    await till.sandbox.work()
    await paid_once(till)


async def test_closing_the_page_is_said(till: Till) -> None:
    await till.choose("close")
    await till.sandbox.work()
    [said] = till.said()
    assert "before paying" in said
    await till.choose("approve")
    await till.done()
    await paid_once(till)


async def test_when_every_webhook_is_lost_the_poller_finds_the_payment(till: Till) -> None:
    till.sandbox.mischief.lost = True
    await till.choose("approve")
    await till.payments.sweep()
    assert await till.booked() == []
    till.house.clock.forward(minutes=1)
    await till.sandbox.work()
    await till.payments.sweep()
    await paid_once(till)


async def test_late_webhooks_change_nothing(till: Till) -> None:
    till.sandbox.mischief.delay = timedelta(days=2)
    await till.choose("approve")
    await till.done()
    till.house.clock.forward(days=2)
    await till.sandbox.work()
    await paid_once(till)


async def test_too_little_is_booked_as_it_is_and_somebody_is_told(till: Till) -> None:
    till.sandbox.mischief.amount_minor = 4000
    await till.choose("approve")
    await till.sandbox.work()
    assert await till.booked() == [("payment", -4000)]
    assert await till.balance() == 250
    assert till.counted("wrong_amount") == 1


async def test_another_currency_books_nothing_and_somebody_is_told(till: Till) -> None:
    till.sandbox.mischief.currency = "EUR"
    await till.choose("approve")
    await till.sandbox.work()
    await till.done()
    assert await till.booked() == []
    assert till.counted("wrong_currency") == 1
    assert await till.payments.begin(till.token, "sandbox") is None


async def test_a_payment_that_bounces_is_owed_again(till: Till) -> None:
    await till.choose("approve")
    await till.done()
    till.said()
    till.house.clock.forward(days=3)
    till.sandbox.bounce(await till.reference())
    await till.sandbox.work()
    [said] = till.said()
    assert "owed again" in said
    assert await till.booked() == [("payment", -OWED), ("chargeback", OWED)]
    assert "came back" in await till.done()
    await till.sandbox.work()
    assert await till.balance() == OWED


async def test_a_refund_is_booked_once(till: Till) -> None:
    till.sandbox.mischief.copies = 3
    await till.choose("approve")
    till.sandbox.refund(await till.reference(), 1000)
    till.sandbox.mischief.newest_first = True
    await till.sandbox.work()
    assert sorted(await till.booked()) == [("payment", -OWED), ("refund", 1000)]


async def test_a_gateway_that_cannot_be_reached_takes_nothing_and_the_same_payment_is_tried_again(till: Till) -> None:
    till.sandbox.mischief.down = True
    assert isinstance(await till.payments.begin(till.token, "sandbox"), Unreachable)
    till.house.clock.forward(minutes=1)
    await till.payments.sweep()
    till.sandbox.mischief.down = False
    await till.choose("approve")
    await till.done()
    assert len(await till.rows("payments")) == 1
    await paid_once(till)


@dataclass
class SlowGateway:
    """A provider that answers with what it knew when it was asked, once it is let."""

    now: Report
    asked: list[str] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def is_asked(self) -> bool:
        return bool(self.asked)

    async def look_up(self, reference: str, session: str | None) -> Report:
        self.asked.append(reference)
        known = self.now
        await self.let.wait()
        return replace(known, reference=reference)


async def test_a_bounce_that_is_told_while_an_older_question_is_open_is_asked_about_anew(till: Till) -> None:
    await till.choose("approve")
    await till.done()
    [payment] = await till.rows("payments")
    reference = payment["id"]
    gateway = SlowGateway(Report("paid", reference, None, OWED, "GBP", payment["gateway_payment"]))
    till.payments.gateways = {"sandbox": cast("Gateway", gateway)}
    late = asyncio.create_task(till.payments.report("sandbox", Report("failed", reference, "an earlier try")))
    await until(gateway.is_asked)
    gateway.now = Report("failed", reference)

    async def both_doubts() -> bool:
        return till.counted("doubtful") == 2

    bounced = asyncio.create_task(till.payments.report("sandbox", Report("failed", reference, "the bounce")))
    await until(both_doubts)
    gateway.let.set()
    await asyncio.gather(late, bounced)
    assert await till.balance() == OWED


async def test_a_gateway_that_never_answers_keeps_nobody_waiting(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.payments.checkout.LONGEST_ANSWER_S", 0.05)
    await till.start()
    till.payments.gateways = {"sandbox": cast("Gateway", SlowGateway(Report("failed", "")))}
    till.house.clock.forward(minutes=60)
    await till.payments.sweep()
    assert [row["state"] for row in await till.rows("payment_links")] == ["expired"]


async def test_one_sweep_asks_about_every_payment_that_is_due(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.payments.checkout.AT_ONCE", 1)
    invoices = await till.house.rows("select id from invoices where account = :id", id=till.account)
    for invoice in invoices:
        await till.ask(invoice["id"])
        await till.start()
    gateway = SlowGateway(Report("failed", ""))
    gateway.let.set()
    till.payments.gateways = {"sandbox": cast("Gateway", gateway)}
    till.house.clock.forward(minutes=1)
    await till.payments.sweep()
    assert sorted(gateway.asked) == sorted(row["id"] for row in await till.rows("payments"))
    assert len(set(gateway.asked)) == len(invoices) == 2


async def test_a_report_of_an_unknown_payment_is_kept_and_refused(till: Till) -> None:
    stray = Report("paid", "01UNKNOWN", "event", OWED, "GBP", "pay-1")
    assert not await till.payments.report("sandbox", stray)
    assert not await till.payments.report("sandbox", stray)
    assert [row["outcome"] for row in await till.rows("gateway_events")] == ["unplaced"]


async def test_a_link_that_runs_out_is_said_once(till: Till) -> None:
    till.house.clock.forward(minutes=60)
    await till.payments.sweep()
    await till.payments.sweep()
    [said] = till.said()
    assert "expired" in said
    assert await till.payments.begin(till.token, "sandbox") is None


async def test_one_sweep_ends_every_link_whose_time_is_up(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.payments.checkout.AT_ONCE", 1)
    other = await till.house.visitor()
    answer = await other.verify("many@example.com")
    while "payment_link" not in cards(answer):
        answer = await other.choose(choices(answer)[0])
    assert len(await till.rows("payment_links")) == 2
    till.house.clock.forward(minutes=60)
    await till.payments.sweep()
    assert {row["state"] for row in await till.rows("payment_links")} == {"expired"}


async def test_a_broken_conversation_keeps_no_other_link_from_running_out(till: Till) -> None:
    broken = await till.house.visitor()
    answer = await broken.verify("many@example.com")
    while "payment_link" not in cards(answer):
        answer = await broken.choose(choices(answer)[0])
    spoil = "update conversations set facts = '{' where id = :id"
    await till.house.service.database.write(lambda tx: tx.run(spoil, {"id": broken.conversation}))
    await till.ask()  # the other one's is older, and so comes first
    till.house.clock.forward(minutes=61)
    await till.payments.sweep()
    assert {row["state"] for row in await till.rows("payment_links")} == {"expired"}
    assert "expired" in till.said()[0]


@pytest.mark.parametrize("outcome", ["pending", "paid"])
async def test_a_link_that_is_paid_in_the_moment_it_runs_out_is_not_said_to_have_expired(
    till: Till, monkeypatch: pytest.MonkeyPatch, outcome: Literal["pending", "paid"]
) -> None:
    await till.start()
    report = Report(outcome, await till.reference(), "event", OWED, "GBP", "pay-1")
    till.payments.gateways = {}  # nobody asks about it meanwhile
    till.house.clock.forward(minutes=60)
    happened = till.house.turns.happened

    async def late(conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        monkeypatch.undo()
        await till.payments.report("sandbox", report)
        await happened(conversation, work)

    monkeypatch.setattr(till.house.turns, "happened", late)
    await till.payments.sweep()
    assert not any("expired" in said for said in till.said())
    assert [row["state"] for row in await till.rows("payment_links")] == ["paid" if outcome == "paid" else "open"]


@pytest.mark.parametrize("driver", ["postgresql"])  # on SQLite one unit of work runs at a time
async def test_a_link_that_is_renewed_in_the_moment_it_runs_out_stays_open(till: Till, url: str) -> None:
    till.house.clock.forward(minutes=60)
    with psycopg.connect(url) as renewing:  # as `make_link` does
        renewing.execute("select id from accounts where id = %s for no key update", [till.account])
        sweeping = asyncio.create_task(till.payments.sweep())
        await asyncio.sleep(0.1)
        renewing.execute("update payment_links set expires_at = '2027-01-01T00:00:00.000Z'")
    await sweeping
    assert [row["state"] for row in await till.rows("payment_links")] == ["open"]


async def test_a_payment_is_told_where_its_link_was_asked_for_last(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    first, happened = till.visitor, till.house.turns.happened
    till.visitor = second = await till.house.visitor()
    await second.verify()
    await till.start()
    report = Report("paid", await till.reference(), "event", OWED, "GBP", "pay-1")

    async def late(conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        assert conversation == first.conversation
        monkeypatch.undo()
        await till.ask()
        await happened(conversation, work)

    monkeypatch.setattr(till.house.turns, "happened", late)
    await till.payments.report("sandbox", report)
    assert [answer.conversation for answer in till.house.told] == [second.conversation]
    assert await till.booked() == [("payment", -OWED)]


async def test_a_link_that_runs_out_while_a_sweep_is_under_way_is_looked_at_again_soon(till: Till) -> None:
    till.house.clock.forward(minutes=59, seconds=59)
    looked = till.house.clock.now()
    await till.payments.sweep()
    till.house.clock.forward(seconds=1)
    assert await till.payments._until_due(looked) == 1.0


async def test_paying_at_the_gateway_after_the_link_ran_out_still_counts(till: Till) -> None:
    till.house.clock.forward(minutes=50)
    page = await till.start()
    till.house.clock.forward(minutes=15)
    await till.payments.sweep()
    await till.press(page.partition(f":{till.client.port}")[2], action="approve")
    await till.sandbox.work()
    assert await till.booked() == [("payment", -OWED)]


async def test_a_page_left_open_at_the_gateway_ends_there_and_the_chat_is_not_bothered(till: Till) -> None:
    await till.start()
    till.house.clock.forward(minutes=60)
    await till.payments.sweep()
    till.said()
    await till.sandbox.work()
    [payment] = await till.rows("payments")
    assert payment["state"] == "cancelled"
    assert till.said() == []


async def test_nothing_to_pay_makes_no_link(till: Till) -> None:
    await till.choose("approve")
    await till.done()
    with pytest.raises(AssertionError):
        await till.ask()


async def test_invoices_of_another_account_are_not_asked_for(till: Till) -> None:
    [other] = await till.house.rows("select id from invoices where account <> :id limit 1", id=till.account)
    with pytest.raises(AssertionError):
        await till.ask(other["id"])


async def test_a_link_for_somebody_elses_account_is_refused(till: Till) -> None:
    service = till.house.service
    [other] = await till.house.rows("select contact from identifiers where value = 'dd@example.com'")
    made = await service.database.write(
        lambda tx: make_link(
            tx, service, conversation=till.visitor.conversation, contact=other["contact"], account=till.account,
            invoices=(), now=service.clock.now(),
        )
    )  # fmt: skip
    assert made == "not_theirs"


async def test_one_invoice_may_be_paid_alone(till: Till) -> None:
    [first, _] = await till.house.rows("select * from invoices where account = :id order by due_on", id=till.account)
    await till.ask(first["id"])
    await till.choose("approve")
    await till.done()
    assert await till.booked() == [("payment", -first["total_minor"])]
    states = await till.house.rows("select state from invoices where account = :id order by due_on", id=till.account)
    assert [row["state"] for row in states] == ["paid", "open"]


async def test_the_poller_runs_by_itself_until_it_is_stopped(till: Till) -> None:
    till.sandbox.mischief.lost = True
    await till.choose("approve")
    till.house.clock.forward(minutes=1)
    heard, keep = asyncio.Event(), till.house.turns.tell

    async def tell(answer: Answer) -> None:
        await keep(answer)
        heard.set()

    till.house.turns.tell = tell
    task = asyncio.create_task(till.payments.run())
    await asyncio.wait_for(heard.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await paid_once(till)
