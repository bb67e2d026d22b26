"""Texts through Twilio's API: sending, refusals, and lookups after unknown results."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chatbot.channels.sms.sender import SmsSender
from chatbot.channels.sms.twilio import LOOKUP_DELAY
from chatbot.config.settings import SmsSettings
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Failed, Retry, SendResult, Sent
from store.chats import outbox
from store.database import Tx
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture
from tests.twilio_api import ACCOUNT, TOKEN, ScriptedReply, TwilioApi, error, twilio_api

SENDER = "+447700900999"
TO = "+447700900001"
TEXT = "Northwind Broadband code: 012345.\n\n@chat.northwind.example #012345"


@pytest.fixture
async def api(clock: FakeClock) -> AsyncIterator[TwilioApi]:
    async with twilio_api(clock) as running:
        yield running


async def service_with(folder: Path, clock: FakeClock, api: TwilioApi, **settings: Any) -> ServiceFixture:
    sms = {
        "account_sid": ACCOUNT,
        "auth_token": SecretStr(TOKEN),
        "sender": SENDER,
        "api_base_url": api.url,
        "countries": ["GB", "US"],
        **settings,
    }
    return await ServiceFixture.open(folder, clock, sms=SmsSettings(**sms))


@pytest.fixture
async def billchat(tmp_path: Path, clock: FakeClock, api: TwilioApi) -> AsyncIterator[ServiceFixture]:
    opened = await service_with(tmp_path, clock, api)
    yield opened
    await opened.close()


@pytest.fixture
async def sender(billchat: ServiceFixture) -> AsyncIterator[SmsSender]:
    async with SmsSender(billchat.service) as opened:
        yield opened


def a_text(clock: FakeClock, to: str = TO, minutes: float | None = 10) -> OutgoingMessage:
    expires_at = None if minutes is None else clock.now() + timedelta(minutes=minutes)
    return OutgoingMessage("sms", to, "", TEXT, clock.now(), expires_at=expires_at)


async def send(sender: SmsSender, message: OutgoingMessage, *, maybe_sent: bool = False) -> SendResult:
    return await sender.send(message, key="01KB", maybe_sent=maybe_sent)


async def test_a_text_is_handed_to_twilio(api: TwilioApi, sender: SmsSender, clock: FakeClock) -> None:
    outcome = await send(sender, a_text(clock))
    assert outcome == Sent(api.sent[0]["sid"])
    assert api.forms == [{"To": TO, "From": SENDER, "Body": TEXT, "ValidityPeriod": "600", "SmartEncoded": "true"}]
    assert api.list_queries == []


@pytest.mark.parametrize(("left", "validity"), [(10, "600"), (2.5, "150"), (0.001, "1")])
async def test_the_validity_of_a_text_ends_with_its_code(
    api: TwilioApi, sender: SmsSender, clock: FakeClock, left: float, validity: str
) -> None:
    await send(sender, a_text(clock, minutes=left))
    assert api.forms[0]["ValidityPeriod"] == validity


async def test_a_text_without_an_expiry_has_no_validity_period(
    api: TwilioApi, sender: SmsSender, clock: FakeClock
) -> None:
    await send(sender, a_text(clock, minutes=None))
    assert "ValidityPeriod" not in api.forms[0]


PERMANENT_ERRORS = [21211, 21408, 21606, 21608, 21610, 21612, 21614, 21635, 30004, 30006, 30007, 30034]


@pytest.mark.parametrize("code", PERMANENT_ERRORS)
async def test_a_permanent_error_is_a_failure(api: TwilioApi, sender: SmsSender, clock: FakeClock, code: int) -> None:
    api.replies = [error(code)]
    assert await send(sender, a_text(clock)) == Failed(str(code))
    assert len(api.forms) == 1


@pytest.mark.parametrize("code", [20429, 20503, 21611, 30001, 30003, 30008])
async def test_a_transient_error_is_retried(api: TwilioApi, sender: SmsSender, clock: FakeClock, code: int) -> None:
    api.replies = [error(code)]
    assert await send(sender, a_text(clock)) == Retry(str(code))
    assert len(api.forms) == 1


async def test_too_many_requests_is_retried(api: TwilioApi, sender: SmsSender, clock: FakeClock) -> None:
    api.replies = [ScriptedReply(429, takes=False, body="slow down")]
    assert await send(sender, a_text(clock)) == Retry("429")


async def test_a_wrong_token_fails_no_text_for_good(tmp_path: Path, clock: FakeClock, api: TwilioApi) -> None:
    billchat = await service_with(tmp_path, clock, api, auth_token=SecretStr("another"))
    async with SmsSender(billchat.service) as sender:
        assert await send(sender, a_text(clock)) == Retry("20003")
    await billchat.close()


UNKNOWN_RESULTS = {
    "20500 after sending": error(20500, 500, takes=True),
    "20500": error(20500, 500),
    "a proxy's page": ScriptedReply(502, body="<h1>Bad gateway</h1>"),
    "cut after sending": ScriptedReply(drops=True),
    "cut": ScriptedReply(takes=False, drops=True),
    "no answer": ScriptedReply(hangs=True),
    "half an answer": ScriptedReply(201, body='{"sid": "SM'),
}


@pytest.mark.parametrize("answer", UNKNOWN_RESULTS.values(), ids=UNKNOWN_RESULTS.keys())
async def test_a_text_with_an_unknown_result_is_looked_up_before_it_is_sent_again(
    tmp_path: Path, clock: FakeClock, api: TwilioApi, answer: ScriptedReply
) -> None:
    billchat = await service_with(tmp_path, clock, api, timeout_s=2)
    api.replies = [answer]
    message = a_text(clock)
    async with SmsSender(billchat.service) as sender:
        outcome = await send(sender, message)
        assert isinstance(outcome, Retry)
        assert outcome.after == LOOKUP_DELAY
        assert len(api.forms) == 1
        clock.forward(seconds=10)
        assert await send(sender, message, maybe_sent=True) == Sent(api.sent[0]["sid"])
    assert len(api.sent) == 1
    assert (api.list_queries[0]["To"], api.list_queries[0]["From"]) == (TO, SENDER)
    await billchat.close()


async def test_an_older_text_with_another_body_is_another_text(
    api: TwilioApi, sender: SmsSender, clock: FakeClock
) -> None:
    other = OutgoingMessage("sms", TO, "", TEXT.replace("012345", "999999"), clock.now())
    await send(sender, other)
    await send(sender, a_text(clock), maybe_sent=True)
    assert len(api.sent) == 2


async def test_an_old_text_with_the_same_body_is_another_text(
    api: TwilioApi, sender: SmsSender, clock: FakeClock
) -> None:
    await send(sender, a_text(clock))
    clock.forward(hours=1)
    await send(sender, a_text(clock), maybe_sent=True)
    assert len(api.sent) == 2


async def test_a_text_is_found_behind_a_trial_accounts_sentence(
    api: TwilioApi, sender: SmsSender, clock: FakeClock
) -> None:
    await send(sender, a_text(clock))
    api.sent[0]["body"] = "Sent from your Twilio trial account - " + api.sent[0]["body"]
    await send(sender, a_text(clock), maybe_sent=True)
    assert len(api.sent) == 1


async def test_while_the_list_cannot_be_read_nothing_is_sent(
    api: TwilioApi, sender: SmsSender, clock: FakeClock
) -> None:
    api.list_replies = [error(20503, 503)]
    assert await send(sender, a_text(clock), maybe_sent=True) == Retry("look_up")
    assert api.forms == []


async def test_a_service_that_is_down_is_retried(tmp_path: Path, clock: FakeClock, api: TwilioApi) -> None:
    billchat = await service_with(tmp_path, clock, api, api_base_url="http://127.0.0.1:1")
    async with SmsSender(billchat.service) as sender:
        assert await send(sender, a_text(clock)) == Retry("connect")
    await billchat.close()


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("+34612345678", "country"),
        ("+447624123456", "country"),  # the Isle of Man
        ("+449098790000", "number_type"),
        ("+442079460000", "number_type"),
        ("+448001111", "number_type"),
        ("447", "malformed"),
    ],
)
async def test_numbers_that_the_company_does_not_text_cause_no_request(
    api: TwilioApi, sender: SmsSender, clock: FakeClock, to: str, reason: str
) -> None:
    outcome = await send(sender, a_text(clock, to))
    assert isinstance(outcome, Failed)
    assert outcome.reason == reason
    assert api.forms == []


async def test_a_number_of_an_allowed_country_is_texted(api: TwilioApi, sender: SmsSender, clock: FakeClock) -> None:
    for to in (TO, "+447400123456", "+12025550143"):
        assert isinstance(await send(sender, a_text(clock, to)), Sent)


async def queue_and_claim(billchat: ServiceFixture) -> outbox.ClaimedMessage:
    now = billchat.clock.now()
    await billchat.service.database.write(
        lambda tx: outbox.queue(tx, channel="sms", recipient=TO, kind="code", locale="en", args={}, now=now)
    )
    [row] = await billchat.service.database.write(
        lambda tx: outbox.claim(tx, now, now + timedelta(minutes=4), {"sms": 1})
    )
    return row


def record(tx: Tx, row: outbox.ClaimedMessage, outcome: SendResult) -> None:
    if isinstance(outcome, Sent):
        outbox.mark_sent(tx, row, row.created_at, outcome.provider_id)
    else:
        outbox.mark_failed(tx, row, outcome.reason)


async def test_a_days_budget_is_never_exceeded(tmp_path: Path, clock: FakeClock, api: TwilioApi) -> None:
    billchat = await service_with(tmp_path, clock, api, daily_messages=2)
    async with SmsSender(billchat.service) as sender:
        outcomes = []
        for _ in range(3):
            row = await queue_and_claim(billchat)
            outcomes.append(outcome := await sender.send(a_text(clock), key=row.id, maybe_sent=False))
            await billchat.service.database.write(lambda tx, row=row, outcome=outcome: record(tx, row, outcome))  # type: ignore[misc]
        assert outcomes[2] == Failed("budget", alerted=True)
        assert len(api.sent) == 2
        clock.forward(days=1, seconds=1)
        row = await queue_and_claim(billchat)
        assert isinstance(await sender.send(a_text(clock), key=row.id, maybe_sent=False), Sent)
    await billchat.close()


async def test_refusals_are_alerted_once_a_day(
    sender: SmsSender, clock: FakeClock, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def alerts() -> int:
        return (capsys.readouterr().out + caplog.text).count("texts are refused today")

    for _ in range(3):
        assert await send(sender, a_text(clock, "+34612345678")) == Failed("country", alerted=True)
    assert alerts() == 1
    clock.forward(days=1)
    await send(sender, a_text(clock, "+34612345678"))
    assert alerts() == 1


async def test_neither_number_nor_body_is_logged(
    sender: SmsSender, clock: FakeClock, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    await send(sender, a_text(clock))
    await send(sender, a_text(clock), maybe_sent=True)
    logged = capsys.readouterr().out + caplog.text
    assert "7700900001" not in logged
    assert "012345" not in logged


async def test_an_imitated_text_makes_one_request_that_names_nobody_and_sends_nothing(
    api: TwilioApi, sender: SmsSender, clock: FakeClock
) -> None:
    assert await sender.imitate(a_text(clock), key="01KB") == Sent()
    assert api.forms == []
    [query] = api.list_queries
    assert TO not in query.values()


async def test_an_imitated_text_to_a_refused_number_raises_no_alarm(
    api: TwilioApi, sender: SmsSender, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(await sender.imitate(a_text(clock, to="+33612345678"), key="01KB"), Failed)
    assert api.list_queries == []
    assert "refused" not in capsys.readouterr().out
