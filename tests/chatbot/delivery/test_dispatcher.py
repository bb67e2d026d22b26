"""The dispatcher over fake senders: results, retries, expiry and concurrency."""

import asyncio
from datetime import timedelta

import pytest
import structlog

from chatbot.delivery.dispatcher import MAX_CONCURRENT
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.retry_policy import JITTER
from chatbot.delivery.sender import Failed, Retry, SendResult, Sent
from store.chats import outbox
from tests.dispatching import (
    KNOWN,
    UNKNOWN,
    FakeSender,
    dispatching,
    queue_letters,
    request_code,
    states_are,
    tried,
    waits_for_retry,
)
from tests.service_fixture import ServiceFixture
from tests.waiting import wait_until


def count_of(billchat: ServiceFixture, channel: str, outcome: str) -> float:
    return float(billchat.service.metrics.outbox_sends.labels(channel, outcome)._value.get())


async def test_a_letter_leaves_as_soon_as_it_is_queued(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    async with dispatching(billchat, {"email": sender}) as dispatcher:
        billchat.turns.when_queued(dispatcher.wake)
        await asyncio.sleep(0.02)  # the dispatcher sleeps: nothing is due
        conversation = await request_code(billchat)
        await wait_until(states_are(billchat, "sent"))
    assert await billchat.code(conversation) in sender.messages[0].text
    [row] = await billchat.rows("select * from outbox")
    assert (row["provider_id"], row["tries"], row["sent_at"]) == ("an id", 1, "2026-11-23T09:30:00.000Z")
    assert count_of(billchat, "email", "sent") == 1


async def test_letters_queued_before_a_restart_are_sent_at_once(billchat: ServiceFixture) -> None:
    await request_code(billchat)
    sender = FakeSender()
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "sent"))
    assert sender.maybe_sent == [False]


async def test_letters_to_unknown_identifiers_are_dropped_in_silence(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    await request_code(billchat, UNKNOWN)
    await request_code(billchat, KNOWN)
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "dropped", "sent"))
    assert [letter.to for letter in sender.messages] == [KNOWN]
    assert count_of(billchat, "none", "dropped") == 1


async def test_a_sender_imitates_letters_to_unknown_identifiers(billchat: ServiceFixture) -> None:
    email, sms = FakeSender(), FakeSender()
    await request_code(billchat, UNKNOWN)
    await request_code(billchat, "07700 900999")
    async with dispatching(billchat, {"email": email, "sms": sms}):
        await wait_until(states_are(billchat, "dropped", "dropped"))
    assert [(letter.channel, letter.to, bool(letter.html)) for letter in email.imitated] == [("email", UNKNOWN, True)]
    assert [(letter.channel, letter.to, bool(letter.html)) for letter in sms.imitated] == [
        ("sms", "+447700900999", False)
    ]
    assert email.messages == sms.messages == []


async def test_an_imitated_letter_is_tried_again_like_one_that_is_sent(billchat: ServiceFixture) -> None:
    class Away(FakeSender):
        async def imitate(self, message: OutgoingMessage, *, key: str) -> SendResult:
            await super().imitate(message, key=key)
            return Retry("disconnected") if len(self.imitated) == 1 else Sent()

    sender = Away()
    await request_code(billchat, UNKNOWN)
    async with dispatching(billchat, {"email": sender}) as dispatcher:
        await wait_until(waits_for_retry(billchat))
        billchat.clock.forward(seconds=5)
        dispatcher.wake()
        await wait_until(states_are(billchat, "dropped"))
    assert len(sender.imitated) == 2


async def test_an_imitated_letter_that_fails_raises_no_alarm(
    billchat: ServiceFixture, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await request_code(billchat, UNKNOWN)
    async with dispatching(billchat, {}):  # no sender
        await wait_until(states_are(billchat, "dropped"))
    assert "given up" not in capsys.readouterr().out + caplog.text


async def test_known_and_unknown_rows_end_with_the_same_shape(billchat: ServiceFixture) -> None:
    await request_code(billchat, UNKNOWN)
    await request_code(billchat, KNOWN)
    async with dispatching(billchat, {"email": FakeSender()}):
        await wait_until(states_are(billchat, "dropped", "sent"))
    unknown, known = await billchat.rows("select * from outbox order by id")
    differing = {column for column in known if known[column] != unknown[column]}
    assert differing == {"id", "channel", "recipient", "args", "state", "provider_id", "error", "sent_at"}


async def test_a_transient_failure_waits_longer_each_time(billchat: ServiceFixture) -> None:
    sender = FakeSender([Retry("451")] * 4)
    await request_code(billchat)
    async with dispatching(billchat, {"email": sender}) as dispatcher:
        for times, wait in enumerate((2, 10, 30, 60), start=1):
            await wait_until(tried(sender, times))
            await wait_until(waits_for_retry(billchat))
            [row] = await billchat.rows("select due_at, error from outbox")
            assert row["error"] == "451"
            billchat.clock.forward(seconds=wait - 0.001)
            dispatcher.wake()
            await asyncio.sleep(0.02)
            assert len(sender.messages) == times
            billchat.clock.forward(seconds=wait * JITTER + 0.01)
            dispatcher.wake()
        await wait_until(states_are(billchat, "sent"))
    assert len({letter.text for letter in sender.messages}) == 1
    assert len(set(sender.keys)) == 1
    assert sender.maybe_sent == [False, True, True, True, True]
    assert count_of(billchat, "email", "retry") == 4


async def test_a_sender_may_set_the_delay_itself(billchat: ServiceFixture) -> None:
    sender = FakeSender([Retry("timeout", after=timedelta(seconds=45))])
    await request_code(billchat)
    async with dispatching(billchat, {"email": sender}):
        await wait_until(waits_for_retry(billchat))
    [row] = await billchat.rows("select due_at from outbox")
    assert row["due_at"] == "2026-11-23T09:30:45.000Z"


async def test_a_permanent_failure_is_given_up_loudly(
    billchat: ServiceFixture, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sender = FakeSender([Failed("550")])
    conversation = await request_code(billchat)
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "failed"))
    logged = capsys.readouterr().out + caplog.text
    assert "letter given up" in logged
    assert "550" in logged
    assert KNOWN not in logged
    assert await billchat.code(conversation) not in logged
    assert count_of(billchat, "email", "failed") == 1


async def test_no_code_is_sent_after_it_expired(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    await request_code(billchat)
    billchat.clock.forward(minutes=10)
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "failed"))
    assert sender.messages == []
    assert (await billchat.rows("select error from outbox"))[0]["error"] == "expired"


async def test_a_code_is_not_tried_again_once_it_would_have_expired(billchat: ServiceFixture) -> None:
    sender = FakeSender([Retry("451"), Retry("451")])
    await request_code(billchat)
    async with dispatching(billchat, {"email": sender}) as dispatcher:
        await wait_until(waits_for_retry(billchat))
        billchat.clock.forward(minutes=9, seconds=55)
        dispatcher.wake()
        await wait_until(states_are(billchat, "failed"))
    assert len(sender.messages) == 2


async def test_a_try_ends_when_its_code_expires(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    sender.open.clear()
    await request_code(billchat)
    billchat.clock.forward(minutes=9, seconds=59.9)
    async with dispatching(billchat, {"email": sender}):
        await wait_until(tried(sender, 1))
        billchat.clock.forward(seconds=0.1)
        await wait_until(states_are(billchat, "failed"))


async def test_a_letter_that_fails_for_three_days_is_given_up(billchat: ServiceFixture) -> None:
    sender = FakeSender([Retry("451"), Retry("451")])
    visitor = await billchat.visitor()
    now = billchat.clock.now()
    args = {"conversation": visitor.conversation, "text": "Hello", "reply_to": None}
    await billchat.service.database.write(
        lambda tx: outbox.queue(
            tx, channel="email", recipient="team@x.example", kind="message_for_team", locale="en", args=args, now=now
        )
    )
    async with dispatching(billchat, {"email": sender}) as dispatcher:
        await wait_until(waits_for_retry(billchat))
        billchat.clock.forward(days=3)
        dispatcher.wake()
        await wait_until(states_are(billchat, "failed"))


async def test_a_message_that_the_team_never_gets_raises_an_alarm(billchat: ServiceFixture) -> None:
    sender = FakeSender([Failed("550", alerted=True)])
    await queue_letters(billchat, 1)
    with structlog.testing.capture_logs() as logs:
        async with dispatching(billchat, {"email": sender}):
            await wait_until(states_are(billchat, "failed"))
    [alarm] = [line for line in logs if line["event"] == "a customer's message did not reach the team"]
    assert (alarm["log_level"], alarm["reason"]) == ("critical", "550")
    assert "Hello" not in str(logs)


async def test_a_replaced_code_is_not_sent(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    billchat.clock.forward(minutes=1)
    await visitor.choose("resend")
    sender = FakeSender()
    async with dispatching(billchat, {"email": sender}):
        await wait_until(states_are(billchat, "dropped", "sent"))
    assert await billchat.code(visitor.conversation) in sender.messages[0].text


async def test_a_broken_sender_stops_nobody_else(billchat: ServiceFixture, caplog: pytest.LogCaptureFixture) -> None:
    sender = FakeSender([ValueError(f"{KNOWN} is odd")])
    await request_code(billchat)
    await request_code(billchat, "07700 900001")
    async with dispatching(billchat, {"email": sender, "sms": FakeSender()}) as dispatcher:
        await wait_until(waits_for_retry(billchat))
        billchat.clock.forward(seconds=5)
        dispatcher.wake()
        await wait_until(states_are(billchat, "sent", "sent"))
    assert KNOWN not in caplog.text


async def test_a_channel_without_a_sender_fails_its_letters(billchat: ServiceFixture) -> None:
    await request_code(billchat, "07700 900001")
    async with dispatching(billchat, {}):
        await wait_until(states_are(billchat, "failed"))
    assert (await billchat.rows("select error from outbox"))[0]["error"] == "no_sender"


async def test_letters_are_sent_concurrently_up_to_a_maximum(billchat: ServiceFixture) -> None:
    sender = FakeSender()
    sender.open.clear()
    for number in range(MAX_CONCURRENT + 4):
        billchat.clock.forward(minutes=15)
        await request_code(billchat, "owes@example.com" if number % 2 else "dd@example.com")
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set expires_at = null"))
    async with dispatching(billchat, {"email": sender}):
        await wait_until(tried(sender, MAX_CONCURRENT))
        await asyncio.sleep(0.02)
        assert sender.in_flight == MAX_CONCURRENT
        sender.open.set()
        await wait_until(states_are(billchat, *["sent"] * (MAX_CONCURRENT + 4)))
    assert sender.max_in_flight == MAX_CONCURRENT


async def test_a_provider_that_hangs_holds_up_no_other_channel(billchat: ServiceFixture) -> None:
    hanging, sender = FakeSender(), FakeSender()
    hanging.open.clear()
    for number in range(MAX_CONCURRENT + 1):
        billchat.clock.forward(minutes=15)
        await request_code(billchat, "07700 900001" if number % 2 else "07700 900003")
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set expires_at = null"))
    async with dispatching(billchat, {"email": sender, "sms": hanging}) as dispatcher:
        billchat.turns.when_queued(dispatcher.wake)
        await wait_until(tried(hanging, MAX_CONCURRENT))
        await request_code(billchat)
        await wait_until(tried(sender, 1))
        assert hanging.in_flight == MAX_CONCURRENT
        hanging.open.set()
        await wait_until(states_are(billchat, *["sent"] * (MAX_CONCURRENT + 2)))
