"""The dispatcher over real senders: retries, expiry, restarts and crashes."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chatbot.channels.email.sender import EmailSender
from chatbot.channels.sms.sender import SmsSender
from chatbot.config.settings import EmailSettings, SmsSettings
from chatbot.delivery import letter as letters
from chatbot.delivery.dispatcher import AT_ONCE, CLAIM, Dispatcher
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.retry_policy import JITTER, SHOWN_AFTER, WAITS, wait_after
from chatbot.delivery.sender import Failed, Retry, SendResult, Sent
from chatbot.service import Service
from store import StoreError, Tx
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from store.times import stamp
from tests.clock import FakeClock
from tests.dispatching import dispatching, until
from tests.mail_server import DROP, MailServer, mail_server
from tests.service_fixture import ServiceFixture
from tests.twilio_api import ACCOUNT, TOKEN, TwilioApi, error, twilio_api

pytestmark = pytest.mark.timeout(30)

KNOWN, UNKNOWN = "owes@example.com", "nobody@example.com"


@dataclass
class Way:
    """A way out that answers as it is told, and records."""

    outcomes: list[SendResult | Exception] = field(default_factory=list)
    letters: list[OutgoingMessage] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    maybe_sent: list[bool] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    most_inside: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    async def send(self, letter: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        self.letters.append(letter)
        self.keys.append(key)
        self.maybe_sent.append(maybe_sent)
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await self.open.wait()
        finally:
            self.inside -= 1
        outcome = self.outcomes.pop(0) if self.outcomes else Sent("an id")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def states(billchat: ServiceFixture) -> list[str]:
    return [row["state"] for row in await billchat.rows("select state from outbox order by id")]


def are(billchat: ServiceFixture, *wanted: str) -> Callable[[], Awaitable[bool]]:
    async def settled() -> bool:
        return await states(billchat) == list(wanted)

    return settled


def are_sent(billchat: ServiceFixture, many: int) -> Callable[[], Awaitable[bool]]:
    async def settled() -> bool:
        return (await states(billchat)).count("sent") >= many

    return settled


def waits_again(billchat: ServiceFixture) -> Callable[[], Awaitable[bool]]:
    """The first letter was tried and waits for its next try."""

    async def settled() -> bool:
        [first, *_] = await billchat.rows("select state, tries from outbox order by id")
        return bool(first["state"] == "waiting" and first["tries"] > 0)

    return settled


def tried(way: Way, times: int) -> Callable[[], Awaitable[bool]]:
    async def so_often() -> bool:
        return len(way.letters) >= times

    return so_often


async def ask(billchat: ServiceFixture, identifier: str = KNOWN) -> str:
    visitor = await billchat.visitor()
    await visitor.say(identifier)
    return visitor.conversation


def sends(billchat: ServiceFixture, channel: str, outcome: str) -> float:
    return float(billchat.service.metrics.outbox_sends.labels(channel, outcome)._value.get())


async def test_a_letter_leaves_as_soon_as_it_is_queued(billchat: ServiceFixture) -> None:
    way = Way()
    async with dispatching(billchat, {"email": way}) as dispatcher:
        billchat.turns.when_queued(dispatcher.wake)
        await asyncio.sleep(0.02)  # the dispatcher sleeps: nothing is due
        conversation = await ask(billchat)
        await until(are(billchat, "sent"))
    assert await billchat.code(conversation) in way.letters[0].text
    [row] = await billchat.rows("select * from outbox")
    assert (row["provider_id"], row["tries"], row["sent_at"]) == ("an id", 1, "2026-11-23T09:30:00.000Z")
    assert sends(billchat, "email", "sent") == 1


async def test_what_waited_for_a_restart_leaves_at_once(billchat: ServiceFixture) -> None:
    await ask(billchat)
    way = Way()
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, "sent"))
    assert way.maybe_sent == [False]


async def test_a_letter_on_its_way_is_nobody_elses_however_long_it_takes(billchat: ServiceFixture) -> None:
    way = Way()
    way.open.clear()
    await ask(billchat)
    async with dispatching(billchat, {"email": way}) as dispatcher:
        await until(tried(way, 1))
        for _ in range(4):
            billchat.clock.forward(seconds=CLAIM.total_seconds() - 1)
            await dispatcher.hold()
            now = billchat.clock.now()
            assert (
                await billchat.service.database.write(
                    lambda tx, now=now: outbox.claim(tx, now, now + CLAIM, {"email": 1})
                )
                == []
            )
        way.open.set()
        await until(are(billchat, "sent"))
    assert len(way.letters) == 1


async def test_what_nobody_can_receive_is_dropped_in_silence(billchat: ServiceFixture) -> None:
    way = Way()
    await ask(billchat, UNKNOWN)
    await ask(billchat, KNOWN)
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, "dropped", "sent"))
    assert [letter.to for letter in way.letters] == [KNOWN]
    assert sends(billchat, "none", "dropped") == 1


async def test_known_and_unknown_rows_end_with_the_same_shape(billchat: ServiceFixture) -> None:
    await ask(billchat, UNKNOWN)
    await ask(billchat, KNOWN)
    async with dispatching(billchat, {"email": Way()}):
        await until(are(billchat, "dropped", "sent"))
    unknown, known = await billchat.rows("select * from outbox order by id")
    differing = {column for column in known if known[column] != unknown[column]}
    assert differing == {"id", "channel", "recipient", "args", "state", "provider_id", "error", "sent_at"}


async def test_a_transient_failure_waits_longer_each_time(billchat: ServiceFixture) -> None:
    way = Way([Retry("451")] * 4)
    await ask(billchat)
    async with dispatching(billchat, {"email": way}) as dispatcher:
        for times, wait in enumerate((2, 10, 30, 60), start=1):
            await until(tried(way, times))
            await until(waits_again(billchat))
            [row] = await billchat.rows("select due_at, error from outbox")
            assert row["error"] == "451"
            billchat.clock.forward(seconds=wait - 0.001)
            dispatcher.wake()
            await asyncio.sleep(0.02)
            assert len(way.letters) == times
            billchat.clock.forward(seconds=wait * JITTER + 0.01)
            dispatcher.wake()
        await until(are(billchat, "sent"))
    assert len({letter.text for letter in way.letters}) == 1
    assert len(set(way.keys)) == 1
    assert way.maybe_sent == [False, True, True, True, True]
    assert sends(billchat, "email", "retry") == 4


async def test_a_sender_may_name_the_wait_itself(billchat: ServiceFixture) -> None:
    way = Way([Retry("timeout", after=timedelta(seconds=45))])
    await ask(billchat)
    async with dispatching(billchat, {"email": way}):
        await until(waits_again(billchat))
    [row] = await billchat.rows("select due_at from outbox")
    assert row["due_at"] == "2026-11-23T09:30:45.000Z"


async def test_a_permanent_failure_is_given_up_loudly(
    billchat: ServiceFixture, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    way = Way([Failed("550")])
    conversation = await ask(billchat)
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, "failed"))
    logged = capsys.readouterr().out + caplog.text
    assert "letter given up" in logged
    assert "550" in logged
    assert KNOWN not in logged
    assert await billchat.code(conversation) not in logged
    assert sends(billchat, "email", "failed") == 1


async def test_no_code_is_sent_after_it_expired(billchat: ServiceFixture) -> None:
    way = Way()
    await ask(billchat)
    billchat.clock.forward(minutes=10)
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, "failed"))
    assert way.letters == []
    assert (await billchat.rows("select error from outbox"))[0]["error"] == "expired"


async def test_a_code_is_not_tried_again_once_it_would_have_expired(billchat: ServiceFixture) -> None:
    way = Way([Retry("451"), Retry("451")])
    await ask(billchat)
    async with dispatching(billchat, {"email": way}) as dispatcher:
        await until(waits_again(billchat))
        billchat.clock.forward(minutes=9, seconds=55)
        dispatcher.wake()
        await until(are(billchat, "failed"))
    assert len(way.letters) == 2


async def test_a_send_that_outlives_its_code_is_broken_off(billchat: ServiceFixture) -> None:
    way = Way()
    way.open.clear()
    await ask(billchat)
    billchat.clock.forward(minutes=9, seconds=59.9)
    async with dispatching(billchat, {"email": way}):
        await until(tried(way, 1))
        billchat.clock.forward(seconds=0.1)
        await until(are(billchat, "failed"))


async def test_a_receipt_is_waited_for_over_a_weekend(billchat: ServiceFixture) -> None:
    now = billchat.clock.now()
    row = ClaimedMessage("1", "email", KNOWN, "receipt", "en", {}, 50, now, None)
    assert timedelta(hours=1) <= wait_after(row) <= timedelta(hours=1, minutes=15)
    code = ClaimedMessage("1", "email", KNOWN, "code", "en", {}, 50, now, now)
    assert WAITS[-1] <= wait_after(code) <= WAITS[-1] * (1 + JITTER)


async def test_what_cannot_leave_for_three_days_is_given_up(billchat: ServiceFixture) -> None:
    way = Way([Retry("451"), Retry("451")])
    visitor = await billchat.visitor()
    now = billchat.clock.now()
    args = {"conversation": visitor.conversation, "text": "Hello", "reply_to": None}
    await billchat.service.database.write(
        lambda tx: outbox.queue(
            tx, channel="email", recipient="team@x.example", kind="message_for_team", locale="en", args=args, now=now
        )
    )
    async with dispatching(billchat, {"email": way}) as dispatcher:
        await until(waits_again(billchat))
        billchat.clock.forward(days=3)
        dispatcher.wake()
        await until(are(billchat, "failed"))


async def test_a_replaced_code_is_not_sent(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say(KNOWN)
    billchat.clock.forward(minutes=1)
    await visitor.choose("resend")
    way = Way()
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, "dropped", "sent"))
    assert await billchat.code(visitor.conversation) in way.letters[0].text


async def test_a_broken_sender_stops_nobody_else(billchat: ServiceFixture, caplog: pytest.LogCaptureFixture) -> None:
    way = Way([ValueError(f"{KNOWN} is odd")])
    await ask(billchat)
    await ask(billchat, "07700 900001")
    async with dispatching(billchat, {"email": way, "sms": Way()}) as dispatcher:
        await until(waits_again(billchat))
        billchat.clock.forward(seconds=5)
        dispatcher.wake()
        await until(are(billchat, "sent", "sent"))
    assert KNOWN not in caplog.text


async def test_a_channel_without_a_sender_fails_its_letters(billchat: ServiceFixture) -> None:
    await ask(billchat, "07700 900001")
    async with dispatching(billchat, {}):
        await until(are(billchat, "failed"))
    assert (await billchat.rows("select error from outbox"))[0]["error"] == "no_sender"


async def test_letters_leave_side_by_side_but_not_all_at_once(billchat: ServiceFixture) -> None:
    way = Way()
    way.open.clear()
    for number in range(AT_ONCE + 4):
        billchat.clock.forward(minutes=15)
        await ask(billchat, "owes@example.com" if number % 2 else "dd@example.com")
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set expires_at = null"))
    async with dispatching(billchat, {"email": way}):
        await until(tried(way, AT_ONCE))
        await asyncio.sleep(0.02)
        assert way.inside == AT_ONCE
        way.open.set()
        await until(are(billchat, *["sent"] * (AT_ONCE + 4)))
    assert way.most_inside == AT_ONCE


async def test_a_provider_that_hangs_holds_up_no_other_channel(billchat: ServiceFixture) -> None:
    hanging, way = Way(), Way()
    hanging.open.clear()
    for number in range(AT_ONCE + 1):
        billchat.clock.forward(minutes=15)
        await ask(billchat, "07700 900001" if number % 2 else "07700 900003")
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set expires_at = null"))
    async with dispatching(billchat, {"email": way, "sms": hanging}) as dispatcher:
        billchat.turns.when_queued(dispatcher.wake)
        await until(tried(hanging, AT_ONCE))
        await ask(billchat)
        await until(tried(way, 1))
        assert hanging.inside == AT_ONCE
        hanging.open.set()
        await until(are(billchat, *["sent"] * (AT_ONCE + 2)))


async def test_two_dispatchers_send_each_letter_once(billchat: ServiceFixture) -> None:
    way = Way()
    for _ in range(6):
        billchat.clock.forward(minutes=15)
        await ask(billchat)
    await billchat.service.database.write(lambda tx: tx.execute_count("update outbox set expires_at = null"))
    async with dispatching(billchat, {"email": way}), dispatching(billchat, {"email": way}):
        await until(are(billchat, *["sent"] * 6))
    assert len(set(way.keys)) == len(way.keys) == 6


async def test_a_stopping_dispatcher_lets_its_letters_arrive(billchat: ServiceFixture) -> None:
    way = Way()
    way.open.clear()
    await ask(billchat)
    running = asyncio.create_task(Dispatcher(billchat.service, {"email": way}).run())
    await until(tried(way, 1))
    running.cancel()
    await asyncio.sleep(0.02)
    assert not running.done()
    way.open.set()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert await states(billchat) == ["sent"]


async def test_a_stop_while_letters_are_claimed_leaves_none_behind(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way()
    await ask(billchat)
    running = asyncio.create_task(Dispatcher(billchat.service, {"email": way}).run())
    claim = outbox.claim

    def stopped_meanwhile(*args: Any) -> list[ClaimedMessage]:
        rows = claim(*args)
        asyncio.get_running_loop().call_soon(running.cancel)  # before the claim's COMMIT is answered
        return rows

    monkeypatch.setattr(outbox, "claim", stopped_meanwhile)
    await asyncio.wait([running])
    assert await states(billchat) == ["sent"]


async def test_a_database_that_is_away_when_the_dispatcher_starts_does_not_end_it(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.STORE_WAIT_S", 0.05)
    await ask(billchat)
    way, write = Way(), billchat.service.database.write
    away = iter([True, True])

    def sometimes(work: Callable[[Tx], Any], key: str | None = None) -> Awaitable[Any]:
        if next(away, False):
            raise StoreError("the database is away")
        return write(work, key)

    monkeypatch.setattr(billchat.service.database, "write", sometimes)
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, "sent"))


async def test_a_stopping_dispatcher_gives_back_what_does_not_arrive(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.GRACE_S", 0.05)
    stuck, other = Way(), Way()
    stuck.open.clear()
    await ask(billchat)
    async with dispatching(billchat, {"email": stuck}):
        await until(tried(stuck, 1))
    assert await states(billchat) == ["waiting"]
    async with dispatching(billchat, {"email": other}):
        await until(are(billchat, "sent"))
    assert other.keys == stuck.keys
    assert other.maybe_sent == [True]


async def test_a_letter_that_is_known_to_have_left_is_not_given_back(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.GRACE_S", 0.05)
    await ask(billchat)
    way, sent = Way(), outbox.sent
    away = iter([True])

    def unwritten(*args: Any) -> None:
        if next(away, False):
            raise StoreError("the database is away")
        sent(*args)

    monkeypatch.setattr(outbox, "sent", unwritten)
    async with dispatching(billchat, {"email": way}):
        await until(tried(way, 1))
    assert await states(billchat) == ["sent"]


async def test_a_text_that_is_cut_off_is_looked_for_only_once_it_can_be_found(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.GRACE_S", 0.05)
    stuck = Way()
    stuck.open.clear()
    await ask(billchat, "07700 900001")
    async with dispatching(billchat, {"sms": stuck}):
        await until(tried(stuck, 1))
    [row] = await billchat.rows("select state, due_at from outbox")
    assert row == {"state": "waiting", "due_at": stamp(billchat.clock.now() + SHOWN_AFTER["sms"])}


@pytest.mark.parametrize("driver", ["sqlite"])  # where a new process takes up at once what the one before it left
async def test_after_a_crash_emails_are_tried_again_at_once_and_texts_once_they_can_be_found(
    billchat: ServiceFixture,
) -> None:
    for identifier in (KNOWN, "07700 900001"):
        await ask(billchat, identifier)
    now = billchat.clock.now()
    await billchat.service.database.write(lambda tx: outbox.claim(tx, now, now + CLAIM, {"email": 1, "sms": 1}))
    way = Way()
    async with dispatching(billchat, {"email": way, "sms": way}):
        await until(are(billchat, "sent", "sending"))
        billchat.clock.forward(seconds=CLAIM.total_seconds())
    async with dispatching(billchat, {"email": way, "sms": way}):
        await until(are(billchat, "sent", "sent"))
    assert way.maybe_sent == [True, True]


async def test_a_letter_that_cannot_be_put_into_words_holds_up_no_other(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await ask(billchat, "dd@example.com")
    await ask(billchat)
    write = letters.write

    def broken_for_one(tx: Tx, service: Service, row: ClaimedMessage) -> OutgoingMessage | None:
        if row.recipient == "dd@example.com":
            raise ZeroDivisionError(row.recipient)
        return write(tx, service, row)

    monkeypatch.setattr(letters, "write", broken_for_one)
    way = Way()
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, "waiting", "sent"))
    assert [letter.to for letter in way.letters] == [KNOWN]
    assert "dd@example.com" not in caplog.text


async def test_a_row_that_nobody_understands_fails_alone(billchat: ServiceFixture) -> None:
    now = billchat.clock.now()
    await billchat.service.database.write(
        lambda tx: outbox.queue(tx, channel="email", recipient=KNOWN, kind="code", locale="en", args={}, now=now)
    )
    await ask(billchat)
    async with dispatching(billchat, {"email": Way()}):
        await until(are(billchat, "failed", "sent"))


async def letters_for(billchat: ServiceFixture, many: int) -> None:
    """Queue so many letters, due now."""
    args = {"conversation": (await billchat.visitor()).conversation, "text": "Hello", "reply_to": None}

    def queue(tx: Tx) -> None:
        for number in range(many):
            outbox.queue(
                tx, channel="email", recipient=f"{number}@x.example", kind="message_for_team", locale="en", args=args,
                now=billchat.clock.now(),
            )  # fmt: skip

    await billchat.service.database.write(queue)


async def test_a_place_that_comes_free_while_a_claim_is_made_is_taken_at_once(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.delivery.dispatcher.LOOK_AGAIN", timedelta(hours=1))
    way = Way()
    way.open.clear()
    await letters_for(billchat, AT_ONCE // 2)
    async with dispatching(billchat, {"email": way}) as dispatcher:
        await until(tried(way, AT_ONCE // 2))
        await letters_for(billchat, 2 * AT_ONCE)
        write = billchat.service.database.write

        async def slow(work: Callable[[Tx], Any]) -> Any:
            """Before the dispatcher hears of the claim that fills its places, some of them are free again."""
            result = await write(work)
            if not way.open.is_set():
                way.open.set()
                await until(are_sent(billchat, AT_ONCE // 2))
            return result

        monkeypatch.setattr(billchat.service.database, "write", slow)
        dispatcher.wake()
        await until(are_sent(billchat, AT_ONCE // 2 + 2 * AT_ONCE))


async def test_nothing_is_claimed_in_vain_while_letters_wait(
    billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await letters_for(billchat, 3 * AT_ONCE)
    taken: list[int] = []
    claim = outbox.claim

    def counted(*args: Any) -> list[ClaimedMessage]:
        rows = claim(*args)
        taken.append(len(rows))
        return rows

    monkeypatch.setattr(outbox, "claim", counted)
    way = Way()
    async with dispatching(billchat, {"email": way}):
        await until(are(billchat, *["sent"] * (3 * AT_ONCE)))
    *while_they_wait, _ = [index for index, many in enumerate(taken) if many]
    assert 0 not in taken[: while_they_wait[-1]], taken


async def test_a_sleeping_dispatcher_does_nothing(billchat: ServiceFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    claim = outbox.claim

    def counted(*args: Any) -> list[ClaimedMessage]:
        nonlocal looked
        looked += 1
        return claim(*args)

    monkeypatch.setattr(outbox, "claim", counted)
    async with dispatching(billchat, {"email": Way()}):
        await asyncio.sleep(0.3)
    assert looked == 1


# ── over the real senders ──


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def api(clock: FakeClock) -> AsyncIterator[TwilioApi]:
    async with twilio_api(clock) as running:
        yield running


@pytest.fixture
async def posted(tmp_path: Path, clock: FakeClock, server: MailServer, api: TwilioApi) -> AsyncIterator[ServiceFixture]:
    opened = await ServiceFixture.open(
        tmp_path,
        clock,
        email=EmailSettings(
            host="127.0.0.1", port=server.port, tls="none", sender="billing@northwind.example", timeout_s=2
        ),
        sms=SmsSettings(
            account_sid=ACCOUNT,
            auth_token=SecretStr(TOKEN),
            sender="+447700900999",
            api_base_url=api.url,
            timeout_s=1,
        ),
    )
    yield opened
    await opened.close()


@contextlib.asynccontextmanager
async def post_office(billchat: ServiceFixture) -> AsyncIterator[Dispatcher]:
    async with (
        EmailSender(billchat.service) as email,
        SmsSender(billchat.service) as sms,
        dispatching(billchat, {"email": email, "sms": sms}) as dispatcher,
    ):
        yield dispatcher


async def test_codes_go_out_by_email_and_by_text(posted: ServiceFixture, server: MailServer, api: TwilioApi) -> None:
    by_email, by_text = await ask(posted), await ask(posted, "+44 7700 900002")
    async with post_office(posted):
        await until(are(posted, "sent", "sent"))
    body = server.received[0].get_body(["plain"])
    assert body is not None
    assert await posted.code(by_email) in body.get_content()
    assert api.sent[0]["body"].endswith(f"#{await posted.code(by_text)}")
    assert api.asked[0]["To"] == "+447700900002"


async def test_an_email_cut_off_before_its_answer_is_sent_again_as_itself(
    posted: ServiceFixture, server: MailServer
) -> None:
    server.data = [DROP]
    await ask(posted)
    async with post_office(posted) as dispatcher:
        await until(waits_again(posted))
        posted.clock.forward(seconds=5)
        dispatcher.wake()
        await until(are(posted, "sent"))
    [row] = await posted.rows("select id, provider_id from outbox")
    assert server.received[0]["Message-ID"] == row["provider_id"] == f"<{row['id']}@northwind.example>"


async def test_a_text_of_unknown_fate_reaches_the_customer_once(posted: ServiceFixture, api: TwilioApi) -> None:
    api.answers = [error(20500, 500, takes=True)]
    await ask(posted, "07700 900001")
    async with post_office(posted) as dispatcher:
        await until(waits_again(posted))
        posted.clock.forward(seconds=10)
        dispatcher.wake()
        await until(are(posted, "sent"))
    assert len(api.sent) == 1
    assert (await posted.rows("select provider_id from outbox"))[0]["provider_id"] == api.sent[0]["sid"]


async def test_who_opted_out_is_never_tried_again(posted: ServiceFixture, api: TwilioApi) -> None:
    api.answers = [error(21610)]
    await ask(posted, "07700 900001")
    async with post_office(posted):
        await until(are(posted, "failed"))
    assert len(api.asked) == 1


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from chatbot.delivery.dispatcher import Dispatcher
from chatbot.channels.email.sender import EmailSender
from chatbot.channels.sms.sender import SmsSender
from chatbot.config.settings import EmailSettings, SmsSettings
from chatbot.service import open_service
from pydantic import SecretStr
from tests.clock import FakeClock
from tests.service_fixture import settings_for

class Dying:
    def __init__(self, way): self.way = way
    async def send(self, letter, *, key, maybe_sent):
        print(await self.way.send(letter, key=key, maybe_sent=maybe_sent), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

async def main(folder, mail_port, url):
    service = open_service(settings_for(Path(folder),
        email=EmailSettings(host="127.0.0.1", port=mail_port, tls="none", sender="billing@northwind.example"),
        sms=SmsSettings(account_sid="ACCOUNT", auth_token=SecretStr("TOKEN"), sender="+447700900999", api_base_url=url),
    ), FakeClock())
    async with EmailSender(service) as email, SmsSender(service) as sms:
        await Dispatcher(service, {"email": Dying(email), "sms": Dying(sms)}).run()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
""".replace("ACCOUNT", ACCOUNT).replace("TOKEN", TOKEN)


async def die_right_after_sending(folder: Path, server: MailServer, api: TwilioApi) -> None:
    crash = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASH, str(folder), str(server.port), api.url, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await crash.communicate()
    assert b"Sent(" in said
    assert crash.returncode == -signal.SIGKILL


async def test_a_crash_between_sending_a_text_and_keeping_that_sends_it_no_second_time(
    posted: ServiceFixture, tmp_path: Path, server: MailServer, api: TwilioApi
) -> None:
    await ask(posted, "07700 900001")
    await die_right_after_sending(tmp_path, server, api)
    assert await states(posted) == ["sending"]
    posted.clock.forward(seconds=CLAIM.total_seconds())
    async with post_office(posted):
        await until(are(posted, "sent"))
    assert len(api.sent) == 1


async def test_a_crash_between_sending_an_email_and_keeping_that_sends_the_same_email_again(
    posted: ServiceFixture, tmp_path: Path, server: MailServer, api: TwilioApi
) -> None:
    await ask(posted)
    await die_right_after_sending(tmp_path, server, api)
    posted.clock.forward(seconds=CLAIM.total_seconds())
    async with post_office(posted):
        await until(are(posted, "sent"))
    first, again = server.raw
    assert first == again
