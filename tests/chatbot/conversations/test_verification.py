"""One-time codes, with the numbers of the security chapter."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chatbot.config.settings import LimitSettings
from store import Tx
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, Visitor, cards, choices, told

KNOWN, UNKNOWN = "owes@example.com", "nobody@example.com"


async def wrong_code(billchat: ServiceFixture, visitor: Visitor, nudge: int = 1) -> str:
    return f"{(int(await billchat.code(visitor.conversation)) + nudge) % 10**6:06}"


async def test_a_code_works_once(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    code = await billchat.code(visitor.conversation)
    assert cards(await visitor.say(code)) == ["balance"]
    await visitor.say("use another email")
    other = await billchat.visitor()
    assert cards(await other.say(code)) == []


async def test_fifty_right_codes_at_once_are_one_success(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    code = await billchat.code(visitor.conversation)
    await asyncio.gather(*(visitor.try_to_say(code) for _ in range(50)))
    assert billchat.service.metrics.codes.labels("right")._value.get() == 1
    assert [row["state"] for row in await billchat.rows("select state from challenges")] == ["used"]


async def test_of_two_hundred_wrong_codes_at_once_five_are_compared(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    wrongs = [await wrong_code(billchat, visitor, nudge) for nudge in range(1, 201)]
    await asyncio.gather(*(visitor.say(wrong) for wrong in wrongs))
    assert [row["tries"] for row in await billchat.rows("select tries from challenges")] == [5]
    assert cards(await visitor.say(await billchat.code(visitor.conversation))) == []


async def test_a_code_ends_after_ten_minutes(billchat: ServiceFixture) -> None:
    for seconds, works in ((600, True), (601, False)):
        visitor = await billchat.visitor()
        await visitor.say(KNOWN)
        billchat.clock.forward(seconds=seconds)
        assert (cards(await visitor.say(await billchat.code(visitor.conversation))) == ["balance"]) is works
        billchat.clock.forward(hours=2)


async def test_a_code_works_only_in_its_own_conversation(billchat: ServiceFixture) -> None:
    one, other = await billchat.visitor(), await billchat.visitor()
    await one.say(KNOWN)
    await other.say(KNOWN)
    assert cards(await other.say(await billchat.code(one.conversation))) == []
    assert cards(await one.say(await billchat.code(one.conversation))) == ["balance"]


async def test_a_code_ends_when_its_email_becomes_somebody_elses(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)

    def hand_over(tx: Tx) -> None:
        tx.execute_count(
            """update identifiers set contact = (select contact from identifiers where value = 'dd@example.com')
            where value = :value""",
            {"value": KNOWN},
        )

    await billchat.service.database.write(hand_over)
    assert cards(await visitor.say(await billchat.code(visitor.conversation))) == []
    assert await billchat.rows("select contact from conversations") == [{"contact": None}]


async def test_the_newest_code_counts_whatever_the_clocks_of_two_processes_say(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("clear@example.com")
    billchat.clock.forward(seconds=-2)
    await visitor.say(KNOWN)
    [live] = await billchat.rows("select id from challenges where state = 'live'")
    assert cards(await visitor.say(billchat.service.keys.code(live["id"], visitor.conversation))) == ["balance"]


async def test_a_resend_waits_and_ends_the_code_before_it(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    first = await billchat.code(visitor.conversation)
    early = told(await visitor.choose("resend"))
    assert "30 seconds" in early
    billchat.clock.forward(seconds=31)
    await visitor.choose("resend")
    second = await billchat.code(visitor.conversation)
    assert first != second
    assert cards(await visitor.say(first)) == []
    assert cards(await visitor.say(second)) == ["balance"]


@pytest.mark.parametrize("identifier", [KNOWN, UNKNOWN])
async def test_an_earlier_code_is_told_from_a_wrong_one_and_its_try_counts(
    billchat: ServiceFixture, identifier: str
) -> None:
    visitor = await billchat.visitor()
    await visitor.say(identifier)
    first = await billchat.code(visitor.conversation)
    billchat.clock.forward(seconds=31)
    await visitor.choose("resend")
    wrong = told(await visitor.say(await wrong_code(billchat, visitor)))
    earlier = told(await visitor.say(first))
    assert "isn’t right" in wrong
    assert "A newer one was sent after it" in earlier
    assert (await billchat.rows("select tries from challenges where state = 'live'")) == [{"tries": 2}]
    assert len(await billchat.rows("select 1 from attempts_log where kind = 'code_failed'")) == 2
    for _ in range(3):
        last = told(await visitor.say(first))
    assert "can’t be used any more" in last
    assert cards(await visitor.say(await billchat.code(visitor.conversation))) == []


async def test_an_earlier_code_of_another_conversation_is_a_wrong_one(billchat: ServiceFixture) -> None:
    one, other = await billchat.visitor(), await billchat.visitor()
    await one.say(KNOWN)
    first = await billchat.code(one.conversation)
    await other.say(KNOWN)
    billchat.clock.forward(seconds=31)
    await one.choose("resend")
    assert "isn’t right" in told(await other.say(first))


async def test_resends_wait_longer_each_time_and_never_reset_the_failures(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    for wait in (30, 60):
        await visitor.say(await wrong_code(billchat, visitor))
        billchat.clock.forward(seconds=wait - 1)
        sent = len(await billchat.rows("select 1 from challenges"))
        await visitor.choose("resend")
        assert len(await billchat.rows("select 1 from challenges")) == sent
        billchat.clock.forward(seconds=1)
        await visitor.choose("resend")
        assert len(await billchat.rows("select 1 from challenges")) == sent + 1
    assert len(await billchat.rows("select 1 from attempts_log where kind = 'code_failed'")) == 2


async def test_three_unanswered_codes_in_ten_minutes_are_the_most_in_all_conversations_at_an_address(
    billchat: ServiceFixture,
) -> None:
    for _ in range(5):
        await (await billchat.visitor()).say(KNOWN)
    assert len(await billchat.rows("select 1 from challenges")) == 3
    billchat.clock.forward(minutes=10, seconds=1)
    await (await billchat.visitor()).say(KNOWN)
    assert len(await billchat.rows("select 1 from challenges")) == 4


async def test_ten_unanswered_codes_a_day_are_the_most_at_an_address(billchat: ServiceFixture) -> None:
    for _ in range(15):
        await (await billchat.visitor()).say(KNOWN)
        billchat.clock.forward(minutes=11)
    assert len(await billchat.rows("select 1 from challenges")) == 10


async def test_failures_add_up_across_conversations_and_lock_for_an_hour(billchat: ServiceFixture) -> None:
    for _ in range(2):
        visitor = await billchat.visitor()
        await visitor.say(KNOWN)
        for nudge in range(1, 6):
            await visitor.say(await wrong_code(billchat, visitor, nudge))
    billchat.clock.forward(minutes=11)
    locked = await billchat.visitor()
    before = len(await billchat.rows("select 1 from challenges"))
    await locked.say(KNOWN)
    assert len(await billchat.rows("select 1 from challenges")) == before
    billchat.clock.forward(hours=1)
    assert cards(await (await billchat.visitor()).verify(KNOWN)) == ["balance"]
    assert await billchat.rows("select 1 from attempts_log where kind = 'code_failed'") == []


async def test_one_persons_success_clears_nobody_elses_failures(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("clear@example.com")
    await visitor.say(await wrong_code(billchat, visitor))
    await (await billchat.visitor()).verify(KNOWN)
    assert len(await billchat.rows("select 1 from attempts_log where kind = 'code_failed'")) == 1


async def test_another_identifier_ends_the_code_and_what_was_verified(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    code = await billchat.code(visitor.conversation)
    await visitor.choose("other_identifier")
    await visitor.say("clear@example.com")
    assert cards(await visitor.say(code)) == []
    await visitor.say(await billchat.code(visitor.conversation))
    assert (await billchat.rows("select contact from conversations"))[0]["contact"] is not None
    await visitor.say("start over")
    await visitor.choose("pay_bill")


async def test_known_and_unknown_identifiers_leave_the_same_rows_and_hear_the_same_words(
    billchat: ServiceFixture,
) -> None:
    def shape(rows: list[dict[str, Any]], *, but: set[str]) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if key not in but} for row in rows]

    seen = []
    for identifier in (KNOWN, UNKNOWN):
        visitor = await billchat.visitor(address=identifier)
        answer = await visitor.say(identifier)
        rows = {
            "challenges": shape(
                await billchat.rows("select * from challenges where value = :v", v=identifier),
                but={"id", "conversation", "value", "contact", "address", "browser"},
            ),
            "outbox": shape(
                await billchat.rows("select * from outbox where recipient = :v", v=identifier),
                but={"id", "args", "recipient", "channel"},
            ),
            "tried": len(await billchat.rows("select * from attempts_log")),
        }
        wrong = await visitor.say("000000")
        seen.append((told(answer).replace(identifier, "…"), choices(answer), told(wrong), rows))
    assert seen[0][:3] == seen[1][:3]
    assert seen[0][3]["challenges"] == seen[1][3]["challenges"]
    assert seen[0][3]["outbox"] == seen[1][3]["outbox"]


async def test_nobodys_code_is_never_right(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(UNKNOWN)
    assert cards(await visitor.say(await billchat.code(visitor.conversation))) == []


async def test_a_right_code_counts_for_fifteen_idle_minutes(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.verify()
    for _ in range(4):
        billchat.clock.forward(minutes=14)
        assert cards(await visitor.say("repeat")) == ["balance"]
    billchat.clock.forward(minutes=15, seconds=1)
    late = await visitor.say("repeat")
    assert cards(late) == []
    assert "£" not in told(late)
    assert cards(await visitor.say(await billchat.code(visitor.conversation))) == ["balance"]


async def test_a_right_code_counts_for_twelve_hours_at_the_most(tmp_path: Path, clock: FakeClock, url: str) -> None:
    billchat = await ServiceFixture.open(tmp_path, clock, url, limits=LimitSettings(session_hours=24))
    visitor = await billchat.visitor()
    await visitor.verify()
    for _ in range(12 * 60 // 10):
        billchat.clock.forward(minutes=10)
        assert cards(await visitor.say("repeat")) == ["balance"]
    billchat.clock.forward(minutes=1)
    assert cards(await visitor.say("repeat")) == []
    await billchat.close()


async def test_a_payment_heard_of_later_does_not_keep_a_customer_verified(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.verify()
    before = (await billchat.rows("select active_at from conversations"))[0]
    billchat.clock.forward(minutes=10)
    from flows.events import Event

    await billchat.turns.apply_external_event(
        visitor.conversation, lambda tx: Event("payment_pending", {"amount_minor": 1, "currency": "GBP"})
    )
    assert (await billchat.rows("select active_at from conversations"))[0] == before
