"""Bad input over a real socket is refused or answered, and other customers are not affected."""

import asyncio
import json
import re
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.customer import Customer, new_id, texts
from tests.end_to_end.malicious_input import MALFORMED_FRAMES, SCRIPT_INJECTIONS, UNUSUAL_TEXTS, WRONG_VALUES
from tests.end_to_end.raw_socket import RawSocket, code_of
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("other_customers_unaffected")

REFUSALS = {"bad_request", "not_found", "too_long", "conflict", "unknown_event", "slow_down"}


# ── frames and packets ──


@pytest.mark.parametrize("joined", [True, False], ids=["in the chat", "before joining it"])
async def test_what_is_no_frame_or_packet_ends_its_connection_only(target: ConfiguredDemo, joined: bool) -> None:
    async def sent(frame: str | bytes) -> str | bytes | None:
        async with RawSocket.open(target.url, join=joined) as raw:
            await (raw.ws.send_bytes(frame) if isinstance(frame, bytes) else raw.ws.send_str(frame))
            return None if await raw.ends() else frame

    stayed = [frame for frame in await asyncio.gather(*map(sent, MALFORMED_FRAMES)) if frame is not None]
    assert stayed == []


async def test_a_frame_of_a_megabyte_is_refused_by_its_size(target: ConfiguredDemo) -> None:
    for frame in ("4" + "2" * 2**20, b"4" * 2**20):
        async with RawSocket.open(target.url) as raw:
            with suppress(ConnectionError, aiohttp.ClientError):
                await (raw.ws.send_bytes(frame) if isinstance(frame, bytes) else raw.ws.send_str(frame))
            assert await raw.ends()
            assert raw.ws.close_code in (aiohttp.WSCloseCode.MESSAGE_TOO_BIG, aiohttp.WSCloseCode.ABNORMAL_CLOSURE)


async def test_text_that_is_no_unicode_ends_the_connection(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url) as raw:
        await raw.ws._writer.send_frame(b'42/chat,1["say",{"text":"\xff\xfe"}]', aiohttp.WSMsgType.TEXT)
        assert await raw.ends()


async def test_binary_where_text_belongs_is_a_bad_request(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url) as raw:
        for event in ("start", "say", "open", "seen"):
            await raw.ws.send_str(f'451-/chat,1["{event}",{{"_placeholder":true,"num":0}}]')
            await raw.ws.send_bytes(b"\x00\xff")
            assert code_of(await raw.acknowledgement(1)) == "bad_request"


@pytest.mark.parametrize("attachments", [["no bytes"], [b"1", b"2"]], ids=["text for bytes", "one too many"])
async def test_attachments_that_do_not_fit_end_the_connection(target: ConfiguredDemo, attachments: list[Any]) -> None:
    async with RawSocket.open(target.url) as raw:
        await raw.ws.send_str('451-/chat,1["say",{"_placeholder":true,"num":0}]')
        for attachment in attachments:
            await (raw.ws.send_bytes(attachment) if isinstance(attachment, bytes) else raw.ws.send_str(attachment))
        assert await raw.ends()


async def test_an_event_before_joining_is_not_answered_and_joining_twice_is_refused(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url, join=False) as raw:
        await raw.ws.send_str(f'42/chat,1["start",{{"id":"{new_id()}"}}]')
        await raw.join()
        await raw.ws.send_str("40/chat,")
        assert (await raw.frame()).startswith("44/chat,")
        assert (await raw.ask("start", {"id": new_id()}))["ok"]


async def test_other_namespaces_are_refused(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url) as raw:
        for namespace in ("/admin", "/console", "/chat/", "/CHAT", "/" + "x" * 500, "/chat?admin=1&x=/chat2"):
            await raw.ws.send_str(f"40{namespace},")
            assert (await raw.frame()).startswith("44/")
        await raw.ws.send_str("40")
        assert (await raw.frame()).startswith("44")
        assert (await raw.ask("start", {"id": new_id()}))["ok"]


# ── events ──


async def test_unknown_events_are_told_so(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url) as raw:
        for event in ("", "Start", "welcome", "messages", "__proto__", "admin", "say ", "\x00", "🙂", "x" * 5000):
            assert code_of(await raw.ask(event, {})) == "unknown_event"


FIELDS = [
    ("start", "id", {}), ("start", "action", {}), ("open", "conversation", {}), ("open", "after", {}), ("say",
    "conversation", {}),
    ("say", "id", {}), ("say", "text", {}), ("say", "choice", {"text": None}), ("seen", "conversation", {}), ("seen",
    "seq", {}),
]  # fmt: skip
GOOD = {"conversation": "another", "id": "a-good-request-id", "text": "hello", "after": 0, "seq": 1}


@pytest.mark.parametrize(("event", "field", "also"), FIELDS, ids=[f"{event} {field}" for event, field, _ in FIELDS])
async def test_wrong_types_in_any_field_are_refused(
    target: ConfiguredDemo, event: str, field: str, also: dict[str, Any]
) -> None:
    async with RawSocket.open(target.url) as raw:
        for number, value in enumerate(WRONG_VALUES, 1):
            payload = json.dumps({**GOOD, **also} | {field: "HERE"}).replace('"HERE"', value)
            await raw.ws.send_str(f'42/chat,{number}["{event}",{payload}]')
            answer = await raw.acknowledgement(number)
            assert code_of(answer) in REFUSALS or event == "start", (value, answer)


async def test_a_payload_that_is_no_object_is_a_bad_request(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url) as raw:
        for event in ("start", "open", "say", "seen"):
            assert code_of(await raw.ask(event)) == "bad_request"
            for payload in (None, 5, "say", [], [{}], {}, {"id": "x"}, True):
                assert code_of(await raw.ask(event, payload, {"more": 1})) == "bad_request"


async def test_typing_and_more_arguments_than_expected_disturb_nothing(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url) as raw:
        for payload in (None, {}, {"conversation": 5}, [], "x" * 5000):
            await raw.ws.send_str(f"42/chat,{json.dumps(['typing', payload])}")
        assert (await raw.ask("start", {"id": new_id(), "surprise": [1, {"a": "b"}]}, 1, "two", None))["ok"]


async def test_two_thousand_characters_are_taken_and_one_more_is_not(target: ConfiguredDemo) -> None:
    customer = await Customer(target.url).connect()
    await customer.start()
    said = await customer.say("é" * 2000)
    assert said[0]["text"] == "é" * 2000
    refused = await customer.ask("say", {"conversation": customer.conversation, "id": new_id(), "text": "e" * 2001})
    assert code_of(refused) == "too_long"
    assert [message["seq"] for message in await customer.open()] == sorted(customer.messages)
    await customer.leave()


async def test_anothers_conversation_does_not_exist_for_anybody_else(target: ConfiguredDemo) -> None:
    owner, thief = await Customer(target.url).connect(), await Customer(target.url).connect()
    await owner.start("pay_bill")
    request = new_id()
    await owner.say("my name is Olive", request=request)
    before = target.query("select * from conversations where id = ?", owner.conversation)
    kept = target.query("select * from messages where conversation = ?", owner.conversation)
    theirs = {"conversation": owner.conversation}
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("open", {**theirs, "after": 0}), ("seen", {**theirs, "seq": 1}), ("say", {**theirs, "id": new_id(),
        "text": "hello"}),
        ("say", {**theirs, "id": request, "text": "my name is Olive"}), ("say", {**theirs, "id": new_id(),
        "choice": "person"}),
    ]  # fmt: skip
    for event, payload in attempts:
        answer = await thief.ask(event, payload)
        assert code_of(answer) == "not_found"
        assert "Olive" not in str(answer)
        missing = await thief.ask(event, {**payload, "conversation": "0" * len(owner.conversation)})
        assert missing == answer, "what is another's and what is not there at all look the same"
    await thief._client.emit("typing", theirs, namespace="/chat")
    assert before == target.query("select * from conversations where id = ?", owner.conversation)
    assert kept == target.query("select * from messages where conversation = ?", owner.conversation)
    assert thief.messages == {}
    await owner.leave()
    await thief.leave()


async def test_anothers_request_id_begins_a_conversation_of_ones_own(target: ConfiguredDemo) -> None:
    owner, thief = await Customer(target.url).connect(), await Customer(target.url).connect()
    request = new_id()
    await owner.start("pay_bill", request=request)
    await owner.say("my name is Olive")
    await thief.start("pay_bill", request=request)
    assert thief.conversation != owner.conversation
    assert "Olive" not in texts(await thief.open())
    await owner.leave()
    await thief.leave()


async def test_choices_that_were_never_offered_do_nothing(target: ConfiguredDemo) -> None:
    customer = await Customer(target.url).connect()
    await customer.start("pay_bill")
    for choice in (
        "pay_all",
        "account:1",
        "new_link",
        "accounts",
        "code_right",
        "payment_completed",
        "link_made",
        "invoice:x",
    ):
        answer = await customer.ask("say", {"conversation": customer.conversation, "id": new_id(), "choice": choice})
        assert code_of(answer) == "bad_request"
    await customer.leave()


# ── words ──


async def test_every_text_comes_back_as_it_was_sent_and_is_answered(target: ConfiguredDemo) -> None:
    everything = [*SCRIPT_INJECTIONS, *UNUSUAL_TEXTS]
    assert len(SCRIPT_INJECTIONS) >= 60
    for some in (everything[at : at + 40] for at in range(0, len(everything), 40)):
        customer = await Customer(target.url).connect()
        await customer.start()
        for text in some:
            said = await customer.say(text)
            assert said[0]["text"] == text
            assert len(said) > 1, "the bot always answers"
            assert not re.search(r"<\w|onerror|alert\(|\x1b", texts(said[1:]))
        again = await Customer(target.url, session=customer.session).connect()
        again.conversation = customer.conversation
        assert [message["text"] for message in await again.open() if message["from"] == "customer"] == some
        await customer.leave()
        await again.leave()


async def test_script_in_a_message_for_the_team_is_text_in_its_email_and_in_the_inbox(target: ConfiguredDemo) -> None:
    everything = " ".join(SCRIPT_INJECTIONS)
    for begin in range(0, len(everything), 1900):
        customer = await Customer(target.url).connect()
        await customer.start("person")
        await customer.say(everything[begin : begin + 1900])
        for text in ("that's all", "worried@example.com", "send it"):
            await customer.say(text)
        await customer.leave()
    async with aiohttp.ClientSession() as http:

        async def has_arrived() -> bool:
            return "&lt;svg onload=alert(1)&gt;" in await _inbox(http, target)

        await wait_until(has_arrived)
        page = await _inbox(http, target)
    assert not re.search(r"<(script|img|svg|iframe|math|body on|form|base|object|embed)\b", page, re.IGNORECASE)


async def _inbox(http: aiohttp.ClientSession, target: ConfiguredDemo) -> str:
    async with http.get(f"{target.url}/dev/inbox") as page:
        return await page.text()
