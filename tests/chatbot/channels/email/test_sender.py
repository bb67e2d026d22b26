"""Emails over real SMTP: contents, connections, retries and failures."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chatbot.channels.email import connection
from chatbot.channels.email.sender import EmailSender
from chatbot.config.settings import EmailSettings
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Failed, Retry, Sent
from tests.clock import FakeClock
from tests.mail_server import DROP, HANG, MailServer, certificate, mail_server
from tests.service_fixture import ServiceFixture

KEY = "01KB0000000000000000000000"
MESSAGE = OutgoingMessage(
    channel="email",
    to="owes@example.com",
    subject="Your Northwind Broadband code",
    text="Here is your code: £\n",
    written_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    html="<p>Here is your <b>code</b>: £</p>",
)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


async def service_with(folder: Path, clock: FakeClock, port: int, **settings: Any) -> ServiceFixture:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "sender": "Northwind Billing <billing@northwind.example>",
        "timeout_s": 5,
        **settings,
    }
    return await ServiceFixture.open(folder, clock, email=EmailSettings(**given))


@pytest.fixture
async def sender(server: MailServer, tmp_path: Path, clock: FakeClock) -> AsyncIterator[EmailSender]:
    billchat = await service_with(tmp_path, clock, server.port)
    async with EmailSender(billchat.service) as opened:
        yield opened
    await billchat.close()


async def send(sender: EmailSender, message: OutgoingMessage = MESSAGE, key: str = KEY) -> object:
    return await sender.send(message, key=key, maybe_sent=False)


def message_with(**changes: str) -> OutgoingMessage:
    return OutgoingMessage(**{field: getattr(MESSAGE, field) for field in MESSAGE.__slots__} | changes)


async def test_an_email_arrives_as_text_and_as_a_page(server: MailServer, sender: EmailSender) -> None:
    outcome = await send(sender)
    assert outcome == Sent(f"<{KEY}@northwind.example>")
    [arrived] = server.received
    assert arrived["Message-ID"] == f"<{KEY}@northwind.example>"
    assert arrived["From"] == "Northwind Billing <billing@northwind.example>"
    assert arrived["To"] == "owes@example.com"
    assert arrived["Subject"] == MESSAGE.subject
    assert arrived["Date"].datetime == MESSAGE.written_at
    assert arrived["Auto-Submitted"] == "auto-generated"
    text, page = arrived.get_body(["plain"]), arrived.get_body(["html"])
    assert text is not None
    assert page is not None
    assert text.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert page.get_content().strip() == MESSAGE.html
    assert server.recipients == [["owes@example.com"]]


async def test_an_email_that_is_sent_again_is_byte_for_byte_the_same(server: MailServer, sender: EmailSender) -> None:
    await send(sender)
    await send(sender)
    assert server.raw[0] == server.raw[1]


async def test_an_answer_goes_to_the_reply_to_address(server: MailServer, sender: EmailSender) -> None:
    await send(sender, message_with(reply_to="ana@example.com"))
    assert server.received[0]["Reply-To"] == "ana@example.com"


async def test_one_connection_serves_many_messages(server: MailServer, sender: EmailSender) -> None:
    outcomes = [await send(sender, key=f"{KEY}{n}") for n in range(20)]
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert (len(server.received), server.connections) == (20, 1)


async def test_concurrent_messages_share_a_limited_number_of_connections(
    server: MailServer, tmp_path: Path, clock: FakeClock
) -> None:
    billchat = await service_with(tmp_path, clock, server.port, connections=3)
    async with EmailSender(billchat.service) as sender:
        outcomes = await asyncio.gather(*(send(sender, key=f"{KEY}{n}") for n in range(20)))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len({str(letter["Message-ID"]) for letter in server.received}) == 20
    assert server.connections == 3
    await billchat.close()


async def test_a_message_that_hangs_holds_up_no_other(server: MailServer, sender: EmailSender) -> None:
    server.data = [HANG]
    async with asyncio.TaskGroup() as letters:
        hanging = letters.create_task(send(sender, key=f"{KEY}0"))
        while server.data:  # it hangs once the server has taken this
            await asyncio.sleep(0.01)
        assert isinstance(await send(sender), Sent)
        assert not hanging.done()
        hanging.cancel()


async def test_an_idle_connection_that_the_server_cut_is_replaced(server: MailServer, sender: EmailSender) -> None:
    await send(sender)
    server.hang_up()
    assert isinstance(await send(sender), Sent)
    assert server.connections == 2


async def test_a_connection_that_breaks_during_the_next_message_is_replaced(
    server: MailServer, sender: EmailSender
) -> None:
    await send(sender)
    server.rcpt = [DROP]
    assert isinstance(await send(sender), Sent)
    assert len(server.received) == 2


async def test_an_idle_connection_is_closed(
    server: MailServer, sender: EmailSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "IDLE_TIMEOUT_S", 0.05)
    await send(sender)
    while server.open:
        await asyncio.sleep(0.01)
    assert isinstance(await send(sender), Sent)
    assert server.connections == 2


@pytest.mark.parametrize("answer", ["550 no such mailbox", "552 mailbox full", "554 refused"])
async def test_a_permanent_refusal_is_final(server: MailServer, sender: EmailSender, answer: str) -> None:
    server.rcpt = [answer]
    assert await send(sender) == Failed(answer[:3])
    server.data = [answer]
    assert await send(sender) == Failed(answer[:3])


@pytest.mark.parametrize("answer", ["450 try later", "451 greylisted", "452 full"])
async def test_a_temporary_refusal_is_tried_again(server: MailServer, sender: EmailSender, answer: str) -> None:
    server.rcpt = [answer]
    assert await send(sender) == Retry(answer[:3])
    server.data = [answer]
    assert await send(sender) == Retry(answer[:3])
    assert isinstance(await send(sender), Sent)


async def test_a_server_that_closes_is_retried_on_a_new_connection(server: MailServer, sender: EmailSender) -> None:
    server.rcpt = ["421 closing"]
    assert await send(sender) == Retry("421")
    assert isinstance(await send(sender), Sent)
    assert server.connections == 2


async def test_a_new_connection_that_is_cut_is_retried_later(server: MailServer, sender: EmailSender) -> None:
    server.data = [DROP]
    assert await send(sender) == Retry("disconnected")


async def test_a_refused_message_leaves_the_connection_usable(server: MailServer, sender: EmailSender) -> None:
    server.rcpt = ["550 no"]
    await send(sender)
    assert isinstance(await send(sender), Sent)
    assert server.connections == 1


async def test_a_server_that_hangs_times_out_one_message_and_none_that_wait(
    server: MailServer, tmp_path: Path, clock: FakeClock
) -> None:
    billchat = await service_with(tmp_path, clock, server.port, timeout_s=1, connections=1)
    server.data = [HANG]
    async with EmailSender(billchat.service) as sender:
        began = asyncio.get_running_loop().time()
        outcomes = await asyncio.gather(*(send(sender) for _ in range(4)))
        assert asyncio.get_running_loop().time() - began < 3
        assert outcomes[0] == Retry("timeout")
        assert all(isinstance(outcome, Sent) for outcome in outcomes[1:])
    await billchat.close()


async def test_a_server_that_is_down_is_tried_again(tmp_path: Path, clock: FakeClock) -> None:
    async with mail_server() as server:
        port = server.port
    billchat = await service_with(tmp_path, clock, port)
    async with EmailSender(billchat.service) as sender:
        assert await send(sender) == Retry("connect SMTPConnectError")
        async with mail_server(port=port):
            assert isinstance(await send(sender), Sent)
    await billchat.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "owes@example.com\r\nBcc: all@example.com"},
        {"to": "owes@example.com, all@example.com"},
        {"to": "not an address"},
        {"subject": "Hello\r\nBcc: all@example.com"},
    ],
)
async def test_nothing_can_be_smuggled_into_the_headers(
    server: MailServer, sender: EmailSender, changes: dict[str, str]
) -> None:
    assert await send(sender, message_with(**changes)) == Failed("malformed")
    assert server.received == []


@pytest.mark.parametrize(
    "address",
    [
        "françois@example.com",
        "ana@example.com\nX: y",
        "a@b.example, all@example.com",
        "ana@",
        "x" * 99 + "@example.com",
    ],
)
async def test_a_reply_address_that_is_no_header_holds_up_no_letter(
    server: MailServer, sender: EmailSender, address: str
) -> None:
    assert isinstance(await send(sender, message_with(reply_to=address)), Sent)
    assert server.received[0]["Reply-To"] is None
    assert b"X: y" not in server.raw[0]


@pytest.mark.parametrize("refused", ["rcpt", "data"])
async def test_a_letter_that_is_refused_for_its_reply_address_is_sent_without_it(
    server: MailServer, sender: EmailSender, refused: str
) -> None:
    setattr(server, refused, ["550 5.1.7 bad address in Reply-To"])
    assert isinstance(await send(sender, message_with(reply_to="ana@no-such-domain.example")), Sent)
    assert [letter["Reply-To"] for letter in server.received] == [None]


async def test_a_domain_with_special_letters_goes_out_in_ascii(
    server: MailServer, tmp_path: Path, clock: FakeClock
) -> None:
    billchat = await service_with(tmp_path, clock, server.port, sender="Müller GmbH <billing@müller.example>")
    async with EmailSender(billchat.service) as sender:
        outcome = await send(sender, message_with(to="kunde@äggsbärden.de", reply_to="ana@straße.de"))
    assert outcome == Sent(f"<{KEY}@xn--mller-kva.example>")
    [arrived] = server.received
    assert server.recipients == [["kunde@xn--ggsbrden-zzae.de"]]
    assert arrived["From"] == "Müller GmbH <billing@xn--mller-kva.example>"
    assert arrived["To"] == "kunde@xn--ggsbrden-zzae.de"
    assert arrived["Reply-To"] == "ana@xn--strae-oqa.de"
    await billchat.close()


async def test_special_letters_before_the_at_fail_before_a_server_hears_of_them(
    server: MailServer, sender: EmailSender
) -> None:
    assert await send(sender, message_with(to="françois@müller.example")) == Failed("malformed")
    assert server.connections == 0


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Acme (UK) Ltd <billing@acme.example>", "Acme (UK) Ltd"),
        ("Acme, Inc. <billing@acme.example>", "Acme, Inc."),
        ('"Acme \\"Best\\", Inc." <billing@acme.example>', 'Acme "Best", Inc.'),
    ],
)
async def test_the_senders_name_arrives_as_written(
    server: MailServer, tmp_path: Path, clock: FakeClock, written: str, name: str
) -> None:
    billchat = await service_with(tmp_path, clock, server.port, sender=written)
    async with EmailSender(billchat.service) as sender:
        assert isinstance(await send(sender), Sent)
        assert isinstance(await send(sender, message_with(to="The team <team@acme.example>")), Sent)
    assert [address.display_name for address in server.received[0]["From"].addresses] == [name]
    assert server.recipients[1] == ["team@acme.example"]
    await billchat.close()


async def test_without_a_server_a_message_fails(billchat: ServiceFixture) -> None:
    async with EmailSender(billchat.service) as sender:
        assert await send(sender) == Failed("no_server")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
async def test_messages_are_encrypted_under_a_private_authority_and_the_sender_authenticated(
    tls: tuple[ssl.SSLContext, Path], mode: str, tmp_path: Path, clock: FakeClock
) -> None:
    for_server, ca_file = tls
    async with mail_server(for_server, implicit=mode == "implicit", password="right") as server:
        billchat = await service_with(
            tmp_path, clock, server.port, tls=mode, ca_file=ca_file, username="billing", password=SecretStr("right")
        )
        async with EmailSender(billchat.service) as sender:
            assert isinstance(await send(sender), Sent)
            assert isinstance(await send(sender), Sent)
        assert server.connections == 1
        assert server.encrypted
        await billchat.close()


async def test_a_server_without_encryption_gets_no_message(
    server: MailServer, tmp_path: Path, clock: FakeClock
) -> None:
    billchat = await service_with(tmp_path, clock, server.port, tls="starttls")
    async with EmailSender(billchat.service) as sender:
        assert await send(sender) == Retry("connect SMTPException")
    assert server.received == []
    await billchat.close()


async def test_a_server_with_an_untrusted_certificate_gets_no_message(
    tls: tuple[ssl.SSLContext, Path], tmp_path: Path, clock: FakeClock
) -> None:
    async with mail_server(tls[0]) as server:
        billchat = await service_with(tmp_path, clock, server.port, tls="starttls")
        async with EmailSender(billchat.service) as sender:
            assert isinstance(await send(sender), Retry)
        assert server.received == []
        await billchat.close()


async def test_a_private_authority_is_trusted_for_its_own_servers_only(
    tls: tuple[ssl.SSLContext, Path], tmp_path: Path, clock: FakeClock
) -> None:
    (tmp_path / "other").mkdir()
    _, another = certificate(tmp_path / "other")
    async with mail_server(tls[0]) as server:
        billchat = await service_with(tmp_path, clock, server.port, tls="starttls", ca_file=another)
        async with EmailSender(billchat.service) as sender:
            assert await send(sender) == Retry("connect SSLCertVerificationError")
        assert server.received == []
        await billchat.close()


async def test_a_wrong_password_fails_no_message_for_good(tmp_path: Path, clock: FakeClock) -> None:
    async with mail_server(password="right") as server:
        billchat = await service_with(tmp_path, clock, server.port, username="billing", password=SecretStr("wrong"))
        async with EmailSender(billchat.service) as sender:
            assert await send(sender) == Retry("connect 535")
        unsigned = await service_with(tmp_path / "2", clock, server.port)
        async with EmailSender(unsigned.service) as sender:
            assert await send(sender) == Retry("530")
        await billchat.close()
        await unsigned.close()


async def test_an_imitated_email_talks_to_the_server_and_leaves_nothing_there(
    server: MailServer, sender: EmailSender
) -> None:
    for _ in range(3):
        assert await sender.imitate(MESSAGE, key=KEY) == Sent()
    assert (server.received, server.recipients, server.connections) == ([], [], 1)
    assert isinstance(await send(sender), Sent)
    assert (len(server.received), server.connections) == (1, 1)


async def test_many_imitated_emails_open_a_new_connection_before_the_server_grows_tired(
    server: MailServer, sender: EmailSender
) -> None:
    for _ in range(connection.MAX_IMITATIONS + 1):
        assert await sender.imitate(MESSAGE, key=KEY) == Sent()
    assert server.connections == 2


async def test_an_imitated_email_is_retried_while_the_server_is_away(tmp_path: Path, clock: FakeClock) -> None:
    async with mail_server() as gone:
        port = gone.port
    billchat = await service_with(tmp_path, clock, port)
    async with EmailSender(billchat.service) as sender:
        assert isinstance(await sender.imitate(MESSAGE, key=KEY), Retry)
    await billchat.close()
