"""The dispatcher over the real senders: what was cut off arrives once."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from chatbot.channels.email.sender import EmailSender
from chatbot.channels.sms.sender import SmsSender
from chatbot.config.settings import EmailSettings, SmsSettings
from chatbot.delivery.claims import LEASE
from chatbot.delivery.dispatcher import Dispatcher
from tests.clock import FakeClock
from tests.dispatching import (
    dispatching,
    request_code,
    states,
    states_are,
    waits_for_retry,
)
from tests.mail_server import DROP, MailServer, mail_server
from tests.service_fixture import ServiceFixture
from tests.twilio_api import ACCOUNT, TOKEN, TwilioApi, error, twilio_api
from tests.waiting import wait_until


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def api(clock: FakeClock) -> AsyncIterator[TwilioApi]:
    async with twilio_api(clock) as running:
        yield running


@pytest.fixture
async def billchat(
    tmp_path: Path, clock: FakeClock, server: MailServer, api: TwilioApi
) -> AsyncIterator[ServiceFixture]:
    opened = await ServiceFixture.open(
        tmp_path,
        clock,
        email=EmailSettings(
            host="127.0.0.1", port=server.port, tls="none", sender="billing@northwind.example", timeout_s=30
        ),
        sms=SmsSettings(
            account_sid=ACCOUNT,
            auth_token=SecretStr(TOKEN),
            sender="+447700900999",
            api_base_url=api.url,
            timeout_s=30,
        ),
    )
    yield opened
    await opened.close()


@contextlib.asynccontextmanager
async def real_dispatching(billchat: ServiceFixture) -> AsyncIterator[Dispatcher]:
    async with (
        EmailSender(billchat.service) as email,
        SmsSender(billchat.service) as sms,
        dispatching(billchat, {"email": email, "sms": sms}) as dispatcher,
    ):
        yield dispatcher


async def test_codes_are_sent_by_email_and_by_text(
    billchat: ServiceFixture, server: MailServer, api: TwilioApi
) -> None:
    by_email, by_text = await request_code(billchat), await request_code(billchat, "+44 7700 900002")
    async with real_dispatching(billchat):
        await wait_until(states_are(billchat, "sent", "sent"))
    body = server.received[0].get_body(["plain"])
    assert body is not None
    assert await billchat.code(by_email) in body.get_content()
    assert api.sent[0]["body"].endswith(f"#{await billchat.code(by_text)}")
    assert api.forms[0]["To"] == "+447700900002"


async def test_an_email_cut_off_before_its_reply_is_sent_again_with_the_same_id(
    billchat: ServiceFixture, server: MailServer
) -> None:
    server.data = [DROP]
    await request_code(billchat)
    async with real_dispatching(billchat) as dispatcher:
        await wait_until(waits_for_retry(billchat))
        billchat.clock.forward(seconds=5)
        dispatcher.wake()
        await wait_until(states_are(billchat, "sent"))
    [row] = await billchat.rows("select id, provider_id from outbox")
    assert server.received[0]["Message-ID"] == row["provider_id"] == f"<{row['id']}@northwind.example>"


async def test_a_text_with_an_unknown_result_arrives_once(billchat: ServiceFixture, api: TwilioApi) -> None:
    api.replies = [error(20500, 500, takes=True)]
    await request_code(billchat, "07700 900001")
    async with real_dispatching(billchat) as dispatcher:
        await wait_until(waits_for_retry(billchat))
        billchat.clock.forward(seconds=10)
        dispatcher.wake()
        await wait_until(states_are(billchat, "sent"))
    assert len(api.sent) == 1
    assert (await billchat.rows("select provider_id from outbox"))[0]["provider_id"] == api.sent[0]["sid"]


async def test_a_text_to_a_recipient_that_opted_out_is_not_retried(billchat: ServiceFixture, api: TwilioApi) -> None:
    api.replies = [error(21610)]
    await request_code(billchat, "07700 900001")
    async with real_dispatching(billchat):
        await wait_until(states_are(billchat, "failed"))
    assert len(api.forms) == 1


CRASH = """
import asyncio, os, signal, sys
from datetime import timedelta
from pathlib import Path
from chatbot.delivery.dispatcher import Dispatcher
from chatbot.channels.email.sender import EmailSender
from chatbot.channels.sms.sender import SmsSender
from chatbot.config.settings import EmailSettings, SmsSettings
from chatbot.service import open_service
from pydantic import SecretStr
from tests.clock import FakeClock
from tests.service_fixture import settings_for

class CrashingSender:
    lookup_delay = timedelta(0)
    def __init__(self, sender): self.sender = sender
    async def send(self, message, *, key, maybe_sent):
        print(await self.sender.send(message, key=key, maybe_sent=maybe_sent), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

async def main(folder, mail_port, url):
    service = open_service(settings_for(Path(folder),
        email=EmailSettings(host="127.0.0.1", port=mail_port, tls="none", sender="billing@northwind.example"),
        sms=SmsSettings(account_sid="ACCOUNT", auth_token=SecretStr("TOKEN"), sender="+447700900999", api_base_url=url),
    ), FakeClock())
    async with EmailSender(service) as email, SmsSender(service) as sms:
        await Dispatcher(service, {"email": CrashingSender(email), "sms": CrashingSender(sms)}).run()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
""".replace("ACCOUNT", ACCOUNT).replace("TOKEN", TOKEN)


async def crash_after_sending(folder: Path, server: MailServer, api: TwilioApi) -> None:
    crash = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASH, str(folder), str(server.port), api.url, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await crash.communicate()
    assert b"Sent(" in output
    assert crash.returncode == -signal.SIGKILL


async def test_a_crash_before_a_sent_text_is_recorded_sends_no_second_text(
    billchat: ServiceFixture, tmp_path: Path, server: MailServer, api: TwilioApi
) -> None:
    await request_code(billchat, "07700 900001")
    await crash_after_sending(tmp_path, server, api)
    assert await states(billchat) == ["sending"]
    billchat.clock.forward(seconds=LEASE.total_seconds())
    async with real_dispatching(billchat):
        await wait_until(states_are(billchat, "sent"))
    assert len(api.sent) == 1


async def test_a_crash_before_a_sent_email_is_recorded_sends_the_same_email_again(
    billchat: ServiceFixture, tmp_path: Path, server: MailServer, api: TwilioApi
) -> None:
    await request_code(billchat)
    await crash_after_sending(tmp_path, server, api)
    billchat.clock.forward(seconds=LEASE.total_seconds())
    async with real_dispatching(billchat):
        await wait_until(states_are(billchat, "sent"))
    first, again = server.raw
    assert first == again
