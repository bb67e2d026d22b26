"""What customers and the team read in their emails and texts."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chatbot.config.settings import BrandSettings, LanguageSettings, ServerSettings
from chatbot.delivery import sms_segments
from chatbot.delivery.letter import OutgoingMessage, code_text, wanted, write
from store.chats import outbox
from store.chats.outbox import ClaimedMessage
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture, Visitor

SIX_DIGITS = re.compile(r"(?<!\d)\d{6}(?!\d)")
# The last line as the specification parses it: the hosts, the code, and nothing else.
BOUND = re.compile(r"@(?P<top>[a-z0-9.-]+) #(?P<code>\d{6})(?: %(?P<embedded>[a-z0-9.-]+))?")
LOCALES = ["en", "es"]


async def claimed(billchat: ServiceFixture) -> list[ClaimedMessage]:
    now = billchat.clock.now()
    return await billchat.service.database.write(
        lambda tx: outbox.claim(tx, now, now + timedelta(hours=1), dict.fromkeys(outbox.CHANNELS, 20))
    )


async def read(billchat: ServiceFixture, row: ClaimedMessage) -> OutgoingMessage | None:
    return await billchat.service.database.read(lambda tx: write(tx, billchat.service, row))


async def is_wanted(billchat: ServiceFixture, row: ClaimedMessage) -> bool:
    return row.id in await billchat.service.database.read(lambda tx: wanted(tx, [row]))


async def letter_to(billchat: ServiceFixture, identifier: str, locale: str = "en") -> tuple[OutgoingMessage, Visitor]:
    visitor = await billchat.visitor(locale=locale)
    await visitor.say(identifier)
    [row] = await claimed(billchat)
    letter = await read(billchat, row)
    assert letter is not None
    return letter, visitor


async def a_letter(
    billchat: ServiceFixture, kind: str, args: dict[str, Any], locale: str = "en"
) -> OutgoingMessage | None:
    now = billchat.clock.now()
    await billchat.service.database.write(
        lambda tx: outbox.queue(
            tx, channel="email", recipient="owes@example.com", kind=kind, locale=locale, args=args, now=now
        )
    )
    [row] = await claimed(billchat)
    return await read(billchat, row)


class Page(HTMLParser):
    """Collects what a reader sees of an email, and the elements it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.elements, self._hidden = "", set[str](), False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._hidden = tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_email_with_the_code_says_the_code_once_and_holds_no_link(
    billchat: ServiceFixture, locale: str
) -> None:
    letter, visitor = await letter_to(billchat, "owes@example.com", locale)
    code = await billchat.code(visitor.conversation)
    assert letter.html is not None
    page = Page(letter.html)
    for said in (letter.text, page.text):
        assert SIX_DIGITS.findall(said) == [code]
        assert "10 " in said
    assert code not in letter.subject
    assert "Northwind Broadband" in letter.subject
    assert not {"a", "img", "script", "link"} & page.elements
    assert "http" not in letter.text + letter.html


async def test_the_email_with_the_code_says_where_to_type_it(billchat: ServiceFixture) -> None:
    letter, _ = await letter_to(billchat, "owes@example.com")
    assert "Type it only in the chat you started. Never text or read it to anyone." in letter.text


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_text_with_the_code_is_one_message_that_phones_fill_in(billchat: ServiceFixture, locale: str) -> None:
    letter, visitor = await letter_to(billchat, "07700 900001", locale)
    code = await billchat.code(visitor.conversation)
    assert (letter.channel, letter.to, letter.html) == ("sms", "+447700900001", None)
    assert sms_segments.fits(letter.text)
    assert sms_segments.plain(letter.text) == letter.text
    bound = BOUND.fullmatch(letter.text.splitlines()[-1])
    assert bound is not None
    assert bound.groupdict() == {"top": "127.0.0.1", "code": code, "embedded": None}
    assert set(SIX_DIGITS.findall(letter.text)) == {code}


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_chat_inside_another_site_names_both_hosts(tmp_path: Path, clock: FakeClock, locale: str) -> None:
    server = ServerSettings(
        public_url="https://chat.northwind.example:8443",
        allowed_sites=["https://www.northwind.example", "https://x.example"],
    )
    billchat = await ServiceFixture.open(tmp_path, clock, server=server)
    text = code_text(billchat.service, locale, "012345")
    assert text.splitlines()[-1] == "@www.northwind.example #012345 %chat.northwind.example"
    assert sms_segments.fits(text)
    await billchat.close()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ["N" * 60, "Électricité “Zoë” – £1 a day", "Ελληνική Εταιρεία", "北風ブロードバンド"])
async def test_whatever_the_company_is_called_the_text_stays_one_message(
    tmp_path: Path, clock: FakeClock, locale: str, name: str
) -> None:
    server = ServerSettings(public_url=f"https://{'chat' * 8}.example", allowed_sites=[f"https://{'www' * 8}.example"])
    billchat = await ServiceFixture.open(tmp_path, clock, brand=BrandSettings(name=name), server=server)
    text = code_text(billchat.service, locale, "012345")
    assert "012345" in text
    assert sms_segments.fits(text) or not sms_segments.plain(name).isascii()
    await billchat.close()


async def test_a_code_that_a_newer_one_replaced_is_not_wanted(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    [old] = await claimed(billchat)
    billchat.clock.forward(minutes=1)
    await visitor.say("send a new code")
    [new] = await claimed(billchat)
    assert not await is_wanted(billchat, old)
    assert await is_wanted(billchat, new)
    letter = await read(billchat, new)
    assert letter is not None
    assert await billchat.code(visitor.conversation) in letter.text


async def test_a_used_code_is_not_wanted(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    [row] = await claimed(billchat)
    await visitor.say(await billchat.code(visitor.conversation))
    assert not await is_wanted(billchat, row)


async def test_the_same_row_is_always_the_same_letter(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    [row] = await claimed(billchat)
    assert await read(billchat, row) == await read(billchat, row)


async def paid(billchat: ServiceFixture) -> str:
    """A completed payment of £42.50, £40.00 of it for an invoice."""
    [account] = await billchat.rows(
        "select a.id from accounts a join invoices i on i.account = a.id where i.state = 'open' limit 1"
    )
    [invoice] = await billchat.rows(
        "select id, number from invoices where account = :account limit 1", account=account["id"]
    )
    await billchat.service.database.write(
        lambda tx: tx.execute_count(
            """insert into payments (id, account, gateway, state, amount_minor, currency, receipt, created_at,
                completed_at, checks) values ('P1', :account, 'sandbox', 'completed', 4250, 'GBP', 'R-7F3K-9QWD',
                '2026-11-23T09:00:00.000Z', '2026-07-01T22:05:00.000Z', 0)""",
            {"account": account["id"]},
        )
    )
    await billchat.service.database.write(
        lambda tx: tx.execute_count(
            "insert into allocations (payment, invoice, amount_minor) values ('P1', :invoice, 4000)",
            {"invoice": invoice["id"]},
        )
    )
    return str(invoice["number"])


async def test_a_receipt_says_how_much_when_what_for_and_its_reference(billchat: ServiceFixture) -> None:
    number = await paid(billchat)
    letter = await a_letter(billchat, "receipt", {"payment": "P1"})
    assert letter is not None
    assert letter.html is not None
    assert letter.subject == "Your receipt from Northwind Broadband: £42.50"
    for said in (letter.text, Page(letter.html).text):
        for part in ("£42.50", "R-7F3K-9QWD", f"Invoice {number}", "£40.00", "£2.50", "1 July 2026, 23:05"):
            assert part in said


async def test_a_receipt_is_written_as_its_reader_writes(billchat: ServiceFixture) -> None:
    await paid(billchat)
    letter = await a_letter(billchat, "receipt", {"payment": "P1"}, locale="es")
    assert letter is not None
    assert "42,50" in letter.text
    assert "1 de julio de 2026, 23:05" in letter.text


async def test_a_payment_that_did_not_stay_has_no_receipt(billchat: ServiceFixture) -> None:
    await paid(billchat)
    await billchat.service.database.write(lambda tx: tx.execute_count("update payments set state = 'refunded'"))
    assert await a_letter(billchat, "receipt", {"payment": "P1"}) is None


async def test_the_team_reads_what_was_written_and_whom_to_answer(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    text = "My bill is <b>wrong</b>\n<script>alert(1)</script>\x00\u202e"
    letter = await a_letter(
        billchat,
        "message_for_team",
        {"conversation": visitor.conversation, "text": text, "reply_to": {"kind": "email", "value": "ana@example.com"}},
    )
    assert letter is not None
    assert letter.html is not None
    assert letter.reply_to == "ana@example.com"
    assert "> My bill is <b>wrong</b>\n> <script>alert(1)</script>\n" in letter.text
    page = Page(letter.html)
    assert "<script>alert(1)</script>" in page.text
    assert not {"b", "script"} & page.elements
    for part in ("ana@example.com", visitor.conversation, "have not proved who they are"):
        assert part in letter.text
        assert part in page.text


async def test_the_team_is_told_who_a_code_proved_the_customer_to_be(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.verify("owes@example.com")
    await claimed(billchat)
    args = {
        "conversation": visitor.conversation,
        "text": "Hello",
        "reply_to": {"kind": "mobile", "value": "+447700900001"},
    }
    letter = await a_letter(billchat, "message_for_team", args)
    assert letter is not None
    assert letter.reply_to is None
    assert "+447700900001" in letter.text
    [contact] = await billchat.rows(
        "select name from contacts k join conversations c on c.contact = k.id where c.id = :id", id=visitor.conversation
    )
    assert contact["name"] in letter.text


async def test_nobody_to_answer_is_said(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    letter = await a_letter(
        billchat, "message_for_team", {"conversation": visitor.conversation, "text": "Hello", "reply_to": None}
    )
    assert letter is not None
    assert letter.reply_to is None
    assert "did not say how to reach them" in letter.text


async def test_a_row_of_an_unknown_kind_is_a_fault(billchat: ServiceFixture) -> None:
    with pytest.raises(LookupError):
        await a_letter(billchat, "poem", {})


async def test_a_company_may_word_its_letters_itself(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en.ftl").write_text("letter-code-subject = Hello from\n  { $brand }\n", encoding="utf-8")
    billchat = await ServiceFixture.open(tmp_path, clock, languages=LanguageSettings(overrides=tmp_path / "words"))
    letter, _ = await letter_to(billchat, "owes@example.com")
    assert letter.subject == "Hello from Northwind Broadband"
    await billchat.close()


def test_a_text_in_the_gsm_alphabet_has_room_for_160_characters() -> None:
    assert sms_segments.fits("ñ" * 160)
    assert not sms_segments.fits("ñ" * 161)
    assert sms_segments.fits("€" * 80)
    assert not sms_segments.fits("€" * 81)
    assert sms_segments.fits("ó" * 70)
    assert not sms_segments.fits("ó" * 71)
    assert not sms_segments.fits("🦊" * 36)


def test_signs_that_texts_lack_become_the_nearest_they_have() -> None:
    assert sms_segments.plain("“Café” – código… it’s £5") == '"Café" - codigo... it\'s £5'
    assert sms_segments.plain("код 1") == "код 1"
