"""Two processes over one PostgreSQL database, at the same moment: what may happen once, happens once."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from chatbot.config.settings import LimitSettings
from chatbot.conversations.code_limits import query_limits
from chatbot.conversations.requests import StartRequest, TurnResult
from store import Tx
from store.billing import imports, payment_links, payments
from store.billing.ledger import InvoiceToBook
from store.chats import codes, conversations, outbox
from tests import bills
from tests.bills import MORNING
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, Visitor, cards, choices, told

T = TypeVar("T")

KNOWN = "owes@example.com"

pytestmark = pytest.mark.soak(repeat=20)


@pytest.fixture
def driver() -> str:
    return "postgresql"


@pytest.fixture
async def other(billchat: ServiceFixture, tmp_path: Path, clock: FakeClock, url: str) -> AsyncIterator[ServiceFixture]:
    """The house next door: another process of the same service."""
    opened = await ServiceFixture.open(tmp_path, clock, url)
    yield opened
    await opened.close()


def beside(visitor: Visitor, billchat: ServiceFixture) -> Visitor:
    """The same visitor, who has reached another process."""
    return replace(visitor, billchat=billchat)


async def in_both(billchat: ServiceFixture, other: ServiceFixture, unit: Callable[[Tx], T], times: int = 1) -> list[T]:
    """Run a unit of work in both processes at once."""
    doors = [door for _ in range(times) for door in (billchat, other)]
    return await asyncio.gather(*(door.service.database.write(unit) for door in doors))


def right_codes(*houses: ServiceFixture) -> float:
    return sum(billchat.service.metrics.codes.labels("right")._value.get() for billchat in houses)


async def test_fifty_right_codes_at_once_are_one_success(billchat: ServiceFixture, other: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    code = await billchat.code(visitor.conversation)
    await asyncio.gather(*(beside(visitor, door).try_to_say(code) for _ in range(25) for door in (billchat, other)))
    assert right_codes(billchat, other) == 1
    assert [row["state"] for row in await billchat.rows("select state from challenges")] == ["used"]


async def test_of_two_hundred_wrong_codes_at_once_five_are_compared(
    billchat: ServiceFixture, other: ServiceFixture
) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    right = int(await billchat.code(visitor.conversation))
    wrongs = [f"{(right + nudge) % 1_000_000:06}" for nudge in range(1, 201)]
    await asyncio.gather(
        *(beside(visitor, (billchat, other)[number % 2]).say(wrong) for number, wrong in enumerate(wrongs))
    )
    assert [row["tries"] for row in await billchat.rows("select tries from challenges")] == [5]
    failed = await billchat.rows("select id from attempts_log where kind = :kind", kind=codes.FAILED)
    assert len(failed) == 5


async def test_no_address_gets_more_codes_to_an_identifier_by_asking_in_both_at_once(
    billchat: ServiceFixture, other: ServiceFixture
) -> None:
    visitors = [await door.visitor() for _ in range(6) for door in (billchat, other)]
    await asyncio.gather(*(visitor.say(KNOWN) for visitor in visitors))
    assert len(await billchat.rows("select id from challenges")) == 3


async def test_no_identifier_gets_more_codes_by_asking_everywhere_at_once(
    tmp_path: Path, clock: FakeClock, url: str
) -> None:
    limits = LimitSettings(codes_per_day_from_all_addresses=5)
    doors = [await ServiceFixture.open(tmp_path, clock, url, limits=limits) for _ in range(2)]
    visitors = [await door.visitor(address=f"{number}") for number in range(6) for door in doors]
    await asyncio.gather(*(visitor.say(KNOWN) for visitor in visitors))
    assert len(await doors[0].rows("select id from challenges")) == 5
    for door in doors:
        await door.close()


async def test_failures_add_up_however_they_are_spread(billchat: ServiceFixture, other: ServiceFixture) -> None:
    limit = query_limits(billchat.service.settings.limits).strangers_per_hour
    visitors = []
    for number in range(3):
        visitor = await (billchat, other)[number % 2].visitor(address=f"{number}")
        await visitor.say(KNOWN)
        visitors.append((visitor, int(await billchat.code(visitor.conversation))))
    await asyncio.gather(
        *(visitor.say(f"{(right + nudge) % 1_000_000:06}") for nudge in range(1, 6) for visitor, right in visitors)
    )
    assert len(await billchat.rows("select id from attempts_log where kind = :kind", kind=codes.FAILED)) == limit


async def test_no_address_tries_more_identifiers_by_trying_them_at_once(
    tmp_path: Path, clock: FakeClock, url: str
) -> None:
    limits = LimitSettings(identifiers_per_address_per_hour=10)
    doors = [await ServiceFixture.open(tmp_path, clock, url, limits=limits) for _ in range(2)]
    visitors = [await door.visitor(address="one address") for _ in range(8) for door in doors]
    await asyncio.gather(*(visitor.say(f"somebody{n}@example.com") for n, visitor in enumerate(visitors)))
    assert len(await doors[0].rows("select id from attempts_log where kind = :kind", kind=codes.TRIED)) == 10
    for door in doors:
        await door.close()


async def test_a_message_sent_to_both_is_one_message(billchat: ServiceFixture, other: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    request = uuid.uuid4().hex
    answers = await asyncio.gather(
        *(beside(visitor, door).try_to_say("hello", request=request) for _ in range(5) for door in (billchat, other))
    )
    assert all(isinstance(answer, TurnResult) for answer in answers)
    assert [answer.replayed for answer in answers if isinstance(answer, TurnResult)].count(False) == 1
    assert len({told(answer) for answer in answers if isinstance(answer, TurnResult)}) == 1
    assert len(await billchat.rows("select seq from messages where text = 'hello'")) == 1


async def test_a_conversation_begun_in_both_is_one_conversation(
    billchat: ServiceFixture, other: ServiceFixture
) -> None:
    beginning = StartRequest(uuid.uuid4().hex, uuid.uuid4().hex, "address", "web", "en", "pay_bill")
    answers = await asyncio.gather(*(door.turns.start(beginning) for _ in range(5) for door in (billchat, other)))
    assert [isinstance(answer, TurnResult) and answer.replayed for answer in answers].count(False) == 1
    assert len(await billchat.rows("select id from conversations")) == 1


async def test_messages_keep_the_order_they_were_sent_in(billchat: ServiceFixture, other: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    news = [other.turns.apply_external_event(visitor.conversation, lambda tx: None) for _ in range(20)]
    await asyncio.gather(*(visitor.say(f"number {number}") for number in range(20)), *news)
    said = await billchat.rows("select text from messages where author = 'customer' order by seq")
    assert [row["text"] for row in said] == [f"number {number}" for number in range(20)]
    numbers = [row["seq"] for row in await billchat.rows("select seq from messages order by seq")]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_reading_never_goes_backwards_beside_a_turn(billchat: ServiceFixture, other: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    for number in range(10):
        seq = (await visitor.say(f"number {number}")).messages[-1].seq

        def see(tx: Tx, seq: int = seq) -> bool:
            return conversations.mark_seen(tx, visitor.conversation, visitor.session, seq)

        await asyncio.gather(visitor.say("and on"), other.service.database.write(see))
        assert (await billchat.rows("select seen_seq from conversations"))[0]["seen_seq"] == seq


async def test_a_payment_reported_to_both_is_booked_once(billchat: ServiceFixture, other: ServiceFixture) -> None:
    database = billchat.service.database
    owed = await database.write(bills.owe)
    link = await database.write(lambda tx: bills.everything(tx, owed))
    payment = await database.write(lambda tx: bills.a_payment(tx, link))
    recorded = await in_both(billchat, other, lambda tx: bills.record(tx, bills.report(payment, "paid")), times=10)

    assert len([record for record in recorded if record is not None]) == 1
    assert await database.read(lambda tx: bills.entries(tx, owed.account)) == [("payment", -4250)]
    assert await database.read(lambda tx: bills.balance(tx, owed.account)) == 0


async def test_payments_for_one_account_at_once_are_all_allocated(
    billchat: ServiceFixture, other: ServiceFixture
) -> None:
    database = billchat.service.database
    owed = await database.write(bills.owe)
    first = await database.write(lambda tx: bills.a_link(tx, owed, [(owed.first, 1750)]))
    second = await database.write(lambda tx: bills.a_link(tx, owed, [(owed.second, 2500)]))
    orders = [await database.write(lambda tx, link=link: bills.a_payment(tx, link)) for link in (first, second)]
    await asyncio.gather(
        *(
            door.service.database.write(lambda tx, order=order: bills.record(tx, bills.report(order, "paid")))
            for door, order in zip((billchat, other), orders, strict=True)
        )
    )
    for invoice in (owed.first, owed.second):
        assert await database.read(lambda tx, invoice=invoice: bills.invoice_state(tx, invoice)) == "paid"


async def test_links_for_one_debt_made_at_once_leave_one_open(billchat: ServiceFixture, other: ServiceFixture) -> None:
    visitors = []
    for door in (billchat, other):
        visitor = await door.visitor()
        answer = await visitor.verify()
        visitors.append((visitor, choices(answer)[0]))
    await asyncio.gather(*(visitor.choose(choice) for visitor, choice in visitors))
    states = [row["state"] for row in await billchat.rows("select state from payment_links")]
    assert states.count("open") == 1


async def test_a_double_click_through_both_is_one_order(billchat: ServiceFixture, other: ServiceFixture) -> None:
    database = billchat.service.database
    owed = await database.write(bills.owe)
    link = await database.write(lambda tx: bills.everything(tx, owed))

    def click(tx: Tx) -> str:
        found = payment_links.find_link(tx, f"hash-of-{link.id}")
        assert found is not None
        return payments.start_payment(tx, found, "sandbox", MORNING).id

    assert len(set(await in_both(billchat, other, click, times=5))) == 1


async def test_a_letter_is_claimed_once(billchat: ServiceFixture, other: ServiceFixture) -> None:
    def write(tx: Tx) -> None:
        for _ in range(60):
            outbox.queue(tx, channel="email", recipient=KNOWN, kind="code", locale="en", args={}, now=MORNING)

    await billchat.service.database.write(write)
    until = MORNING + timedelta(minutes=5)
    claims = await in_both(billchat, other, lambda tx: outbox.claim(tx, MORNING, until, {"email": 10}), times=5)
    claimed = [row.id for rows in claims for row in rows]
    assert len(claimed) == len(set(claimed)) == 60


async def test_a_gateway_is_asked_by_one_of_them(billchat: ServiceFixture, other: ServiceFixture) -> None:
    def write(tx: Tx) -> None:
        for _ in range(20):
            owed = bills.owe(tx)
            bills.a_payment(tx, bills.everything(tx, owed))

    await billchat.service.database.write(write)
    later = MORNING + timedelta(minutes=2)
    due = await in_both(billchat, other, lambda tx: payments.due_checks(tx, later, 20), times=3)
    asked = [payment.id for found in due for payment in found]
    assert len(asked) == len(set(asked)) == 20


async def test_customers_are_served_while_a_file_is_imported(billchat: ServiceFixture, other: ServiceFixture) -> None:
    [account] = await billchat.rows(
        """select a.number from accounts a join account_contacts o on o.account = a.id
        join identifiers i on i.contact = o.contact where i.value = :value""",
        value=KNOWN,
    )
    invoice = InvoiceToBook("INV-NEW", MORNING.date(), MORNING.date(), [("Broadband", 1000)])
    served = False

    def bring_in(tx: Tx) -> None:
        imports.save_invoice(tx, account["number"], invoice, False, MORNING)
        while not served:
            tx.one("select 1 as one")

    bringing = asyncio.ensure_future(other.service.database.write(bring_in))
    visitor = await billchat.visitor()
    statement = await visitor.verify()
    link = await visitor.choose(choices(statement)[0])
    served = True
    await bringing

    assert "£42.50" in told(statement)
    assert cards(link) == ["payment_link"]
    assert "£52.50" in told(await (await other.visitor(address="elsewhere")).verify())
