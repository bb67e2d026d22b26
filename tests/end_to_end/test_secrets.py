"""After complete dialogues, no file, log, metric or conversation of the server contains a secret."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.customer import Customer, texts
from tests.end_to_end.html_forms import submit

CARD, CVV = "4242 4242 4242 4242", "9137"
PIECES = ("5555", "5555", "5555", "4444")
UNEQUAL_PIECES = ("41111111111111", "11 12/27")
WRAPPINGS = {"+447700900001": "£{}", "dd@example.com": "INV-{} please"}
IDENTIFIERS = ("owes@example.com", "+447700900001", "dd@example.com", "nobody.at.all@example.com", "+447700900987")
NAMES = ("Olivia Hart", "Daniel Okafor")
SAID = "an unmistakable sentence of the customer"


@dataclass
class Planted:
    """Secrets that the server saw and must not keep, by kind."""

    codes: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def secrets(self) -> Iterator[str]:
        yield from self.codes | self.tokens | self.keys
        yield from (CARD, CARD.replace(" ", ""), CVV, "".join(PIECES), "".join(PIECES[:2]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfiguredDemo]:
    server = ConfiguredDemo(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def planted(server: ConfiguredDemo) -> Planted:
    """Pay by email and by mobile, fail with wrong codes, paste a card, leave a message: all that can happen."""
    seen = Planted(keys={(server.data / name).read_text() for name in ("key", "sandbox-key")})

    async def all_of_them() -> None:
        for identifier in IDENTIFIERS:
            await tell_everything(server, identifier, seen)

    with asyncio.Runner() as runner:  # a loop of its own: those of the tests are not there yet
        runner.run(all_of_them())
    return seen


async def tell_everything(server: ConfiguredDemo, identifier: str, seen: Planted) -> None:
    customer = await Customer(server.url).connect()
    seen.tokens.add(customer.session or "")
    await customer.start("pay_bill")
    await customer.say(f"it is {CARD}, cvv {CVV}")
    before = server.letters_to(identifier)
    await customer.say(identifier)
    known = "nobody" not in identifier and not identifier.endswith("987")
    right = server.code_for(identifier, before) if known else "000000"
    for wrong in (f"{(int(right) + 1) % 10**6:06}", f"{(int(right) + 770_077) % 10**6:06}"):
        seen.codes.add(wrong)
        await customer.say(wrong)
        await customer.say(f"I mean {wrong[:3]} {wrong[3:]}")
    if known:
        seen.codes.add(right)
        answer = await customer.say(WRAPPINGS.get(identifier, "{}").format(right))
        seen.tokens.add(customer.session or "")
        if "balance" in str(answer):
            await pay(customer, seen)
        await customer.say(f"was my code {right}?")
    for piece in (*PIECES, *UNEQUAL_PIECES):
        await customer.say(piece)
    await customer.say("talk to a person")
    await customer.say(f"{SAID}: {right}, {CARD} {CVV}")
    for text in ("that's all", "reply.to.me@example.com", "send it"):
        await customer.say(text)
    await customer.leave()


async def pay(customer: Customer, seen: Planted) -> None:
    await customer.say("1")
    link = await customer.wait_for_card("payment_link")
    seen.tokens.add(link["url"].rpartition("/")[2])
    async with aiohttp.ClientSession() as http:
        hosted = await submit(http, link["url"], "pay")
        assert link["url"].rpartition("/")[2] in await submit(http, hosted, "approve")
    await customer.wait_for_card("receipt")


def database(server: ConfiguredDemo) -> bytes:
    return b"".join(path.read_bytes() for path in server.data.glob("billchat.db*"))


def found(secrets: Iterator[str] | set[str], kept: bytes) -> list[str]:
    """Which secrets are in some bytes, as text standing alone or with the usual escapes."""
    haystack = kept.decode("utf-8", "replace")
    return [secret for secret in secrets if re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", haystack)]


async def metrics(server: ConfiguredDemo) -> bytes:
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/metrics") as answer:
        return await answer.read()


async def test_no_code_token_key_or_card_is_in_the_database(server: ConfiguredDemo, planted: Planted) -> None:
    kept = database(server)
    assert found({"owes@example.com", SAID}, kept), "the search must be able to find what is there"
    assert len(list(server.data.glob("billchat.db-wal"))) == 1, "the log of the last writes is searched as well"
    assert found(planted.secrets(), kept) == []


async def test_the_providers_book_holds_no_code_key_or_card(server: ConfiguredDemo, planted: Planted) -> None:
    kept = b"".join(path.read_bytes() for path in server.data.glob("sandbox.db*"))
    assert b"GBP" in kept
    assert found({*planted.codes, *planted.keys, CARD, CVV}, kept) == []


async def test_no_secret_and_nothing_about_anybody_is_in_the_log(server: ConfiguredDemo, planted: Planted) -> None:
    kept = server.log.read_bytes()
    assert b"letter sent" in kept, "the search must be able to find what is there"
    assert found(planted.secrets(), kept) == []
    assert found({*IDENTIFIERS, "07700", "reply.to.me@example.com", *NAMES, SAID, "127.0.0.1"}, kept) == []


async def test_no_secret_and_nothing_about_anybody_is_in_the_metrics(server: ConfiguredDemo, planted: Planted) -> None:
    kept = await metrics(server)
    assert b'billchat_codes_total{outcome="right"}' in kept, "the search must be able to find what is there"
    assert found(planted.secrets(), kept) == []
    assert found({*IDENTIFIERS, *NAMES, SAID, "example.com", "127.0.0.1"}, kept) == []


async def test_a_conversation_read_again_shows_no_code_and_no_card(server: ConfiguredDemo, planted: Planted) -> None:
    ids = server.query("select id, session from conversations")
    assert len(ids) == len(IDENTIFIERS)
    for token in planted.tokens:
        again = await Customer(server.url, session=token).connect()
        for conversation in again.welcome["conversations"]:
            again.conversation, again.messages = conversation["id"], {}
            said = texts(await again.open())
            assert not any(piece in said for piece in ("4111", "5555"))
            assert SAID in said
            assert found({*planted.codes, CARD, CVV}, (said + str(again.welcome)).encode()) == []
        await again.leave()


def test_the_files_are_for_their_owner_alone(server: ConfiguredDemo, planted: Planted) -> None:
    ours = [server.data, server.data / "key", *server.data.glob("billchat.db*")]
    assert len(ours) >= 4
    assert [path.name for path in ours if path.stat().st_mode & 0o077] == []
