"""The letter with a one-time code: its email, its text, and the codes that need no letter."""

import re
from pathlib import Path

import pytest

from chatbot.config.settings import BrandSettings, ServerSettings
from chatbot.delivery import sms_segments
from chatbot.delivery.letters.code import code_text
from tests.chatbot.delivery.letters.rendering import (
    RenderedHtml,
    claim_all,
    code_letter,
    is_superseded,
    render,
)
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture

SIX_DIGITS = re.compile(r"(?<!\d)\d{6}(?!\d)")

# The last line as the specification parses it: the hosts, the code, and nothing else.
BOUND = re.compile(r"@(?P<top>[a-z0-9.-]+) #(?P<code>\d{6})(?: %(?P<embedded>[a-z0-9.-]+))?")

LOCALES = ["en", "es"]


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_email_has_the_code_once_and_no_link(billchat: ServiceFixture, locale: str) -> None:
    letter, visitor = await code_letter(billchat, "owes@example.com", locale)
    code = await billchat.code(visitor.conversation)
    assert letter.html is not None
    page = RenderedHtml(letter.html)
    for said in (letter.text, page.text):
        assert SIX_DIGITS.findall(said) == [code]
        assert "10 " in said
    assert code not in letter.subject
    assert "Northwind Broadband" in letter.subject
    assert not {"a", "img", "script", "link"} & page.elements
    assert "http" not in letter.text + letter.html


async def test_the_email_tells_where_to_type_the_code(billchat: ServiceFixture) -> None:
    letter, _ = await code_letter(billchat, "owes@example.com")
    assert "Type it only in the chat you started. Never text or read it to anyone." in letter.text


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_text_is_one_segment_whose_code_phones_fill_in(billchat: ServiceFixture, locale: str) -> None:
    letter, visitor = await code_letter(billchat, "07700 900001", locale)
    code = await billchat.code(visitor.conversation)
    assert (letter.channel, letter.to, letter.html) == ("sms", "+447700900001", None)
    assert sms_segments.fits(letter.text)
    assert sms_segments.plain(letter.text) == letter.text
    bound = BOUND.fullmatch(letter.text.splitlines()[-1])
    assert bound is not None
    assert bound.groupdict() == {"top": "127.0.0.1", "code": code, "embedded": None}
    assert set(SIX_DIGITS.findall(letter.text)) == {code}


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_text_of_an_embedded_chat_names_both_hosts(tmp_path: Path, clock: FakeClock, locale: str) -> None:
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
async def test_the_text_stays_one_segment_with_any_company_name(
    tmp_path: Path, clock: FakeClock, locale: str, name: str
) -> None:
    server = ServerSettings(public_url=f"https://{'chat' * 8}.example", allowed_sites=[f"https://{'www' * 8}.example"])
    billchat = await ServiceFixture.open(tmp_path, clock, brand=BrandSettings(name=name), server=server)
    text = code_text(billchat.service, locale, "012345")
    assert "012345" in text
    assert sms_segments.fits(text) or not sms_segments.plain(name).isascii()
    await billchat.close()


async def test_a_replaced_code_is_superseded(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    [old] = await claim_all(billchat)
    billchat.clock.forward(minutes=1)
    await visitor.say("send a new code")
    [new] = await claim_all(billchat)
    assert await is_superseded(billchat, old)
    assert not await is_superseded(billchat, new)
    letter = await render(billchat, new)
    assert letter is not None
    assert await billchat.code(visitor.conversation) in letter.text


async def test_a_used_code_is_superseded(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    [row] = await claim_all(billchat)
    await visitor.say(await billchat.code(visitor.conversation))
    assert await is_superseded(billchat, row)


async def test_the_same_row_is_always_the_same_letter(billchat: ServiceFixture) -> None:
    visitor = await billchat.visitor()
    await visitor.say("owes@example.com")
    [row] = await claim_all(billchat)
    assert await render(billchat, row) == await render(billchat, row)
