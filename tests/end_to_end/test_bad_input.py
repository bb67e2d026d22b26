"""Bad input over a real socket: each gets a clear refusal or an honest answer, and nobody else notices."""

import asyncio
import json
import re
import socket
import sqlite3
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import Any

import aiohttp
import pytest

from tests.end_to_end.customer import Customer, new_id, texts
from tests.end_to_end.hostile import BROKEN_FRAMES, SCRIPTS, UNUSUAL, VALUES
from tests.end_to_end.own_demo import OwnDemo
from tests.end_to_end.raw_socket import PATH, RawSocket, code_of

pytestmark = pytest.mark.usefixtures("the_others_notice_nothing")

REFUSALS = {"bad_request", "not_found", "too_long", "conflict", "unknown_event", "slow_down"}
A_LITTLE_FASTER_THAN_ANYBODY = 10_000


def rows(rude: OwnDemo, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{rude.data / 'billchat.db'}?mode=ro", uri=True, timeout=10) as connection:
        return connection.execute(sql, params).fetchall()


# ── frames and packets ──


@pytest.mark.parametrize("joined", [True, False], ids=["in the chat", "before joining it"])
async def test_what_is_no_frame_or_packet_ends_its_connection_only(rude: OwnDemo, joined: bool) -> None:
    async def sent(frame: str | bytes) -> str | bytes | None:
        async with RawSocket.open(rude.url, join=joined) as raw:
            await (raw.ws.send_bytes(frame) if isinstance(frame, bytes) else raw.ws.send_str(frame))
            return None if await raw.ends() else frame

    stayed = [frame for frame in await asyncio.gather(*map(sent, BROKEN_FRAMES)) if frame is not None]
    assert stayed == []


async def test_a_frame_of_a_megabyte_is_refused_by_its_size(rude: OwnDemo) -> None:
    for frame in ("4" + "2" * 2**20, b"4" * 2**20):
        async with RawSocket.open(rude.url) as raw:
            with suppress(ConnectionError, aiohttp.ClientError):
                await (raw.ws.send_bytes(frame) if isinstance(frame, bytes) else raw.ws.send_str(frame))
            assert await raw.ends()
            assert raw.ws.close_code in (aiohttp.WSCloseCode.MESSAGE_TOO_BIG, aiohttp.WSCloseCode.ABNORMAL_CLOSURE)


async def test_text_that_is_no_unicode_ends_the_connection(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url) as raw:
        await raw.ws._writer.send_frame(b'42/chat,1["say",{"text":"\xff\xfe"}]', aiohttp.WSMsgType.TEXT)
        assert await raw.ends()


async def test_binary_where_text_belongs_is_a_bad_request(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url) as raw:
        for event in ("start", "say", "open", "seen"):
            await raw.ws.send_str(f'451-/chat,1["{event}",{{"_placeholder":true,"num":0}}]')
            await raw.ws.send_bytes(b"\x00\xff")
            assert code_of(await raw.acknowledgement(1)) == "bad_request"


@pytest.mark.parametrize("attachments", [["no bytes"], [b"1", b"2"]], ids=["text for bytes", "one too many"])
async def test_attachments_that_do_not_fit_end_the_connection(rude: OwnDemo, attachments: list[Any]) -> None:
    async with RawSocket.open(rude.url) as raw:
        await raw.ws.send_str('451-/chat,1["say",{"_placeholder":true,"num":0}]')
        for attachment in attachments:
            await (raw.ws.send_bytes(attachment) if isinstance(attachment, bytes) else raw.ws.send_str(attachment))
        assert await raw.ends()


async def test_an_event_before_joining_is_not_answered_and_joining_twice_is_refused(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url, join=False) as raw:
        await raw.ws.send_str(f'42/chat,1["start",{{"id":"{new_id()}"}}]')
        await raw.join()
        await raw.ws.send_str("40/chat,")
        assert (await raw.frame()).startswith("44/chat,")
        assert (await raw.ask("start", {"id": new_id()}))["ok"]


async def test_other_namespaces_are_refused(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url) as raw:
        for namespace in ("/admin", "/console", "/chat/", "/CHAT", "/" + "x" * 500, "/chat?admin=1&x=/chat2"):
            await raw.ws.send_str(f"40{namespace},")
            assert (await raw.frame()).startswith("44/")
        await raw.ws.send_str("40")
        assert (await raw.frame()).startswith("44")
        assert (await raw.ask("start", {"id": new_id()}))["ok"]


# ── events ──


async def test_unknown_events_are_told_so(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url) as raw:
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
    rude: OwnDemo, event: str, field: str, also: dict[str, Any]
) -> None:
    async with RawSocket.open(rude.url) as raw:
        for number, value in enumerate(VALUES, 1):
            payload = json.dumps({**GOOD, **also} | {field: "HERE"}).replace('"HERE"', value)
            await raw.ws.send_str(f'42/chat,{number}["{event}",{payload}]')
            answer = await raw.acknowledgement(number)
            assert code_of(answer) in REFUSALS or event == "start", (value, answer)


async def test_a_payload_that_is_no_object_is_a_bad_request(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url) as raw:
        for event in ("start", "open", "say", "seen"):
            assert code_of(await raw.ask(event)) == "bad_request"
            for payload in (None, 5, "say", [], [{}], {}, {"id": "x"}, True):
                assert code_of(await raw.ask(event, payload, {"more": 1})) == "bad_request"


async def test_typing_and_more_arguments_than_expected_disturb_nothing(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url) as raw:
        for payload in (None, {}, {"conversation": 5}, [], "x" * 5000):
            await raw.ws.send_str(f"42/chat,{json.dumps(['typing', payload])}")
        assert (await raw.ask("start", {"id": new_id(), "surprise": [1, {"a": "b"}]}, 1, "two", None))["ok"]


async def test_two_thousand_characters_are_taken_and_one_more_is_not(rude: OwnDemo) -> None:
    customer = await Customer(rude.url).connect()
    await customer.start()
    said = await customer.say("é" * 2000)
    assert said[0]["text"] == "é" * 2000
    refused = await customer.ask("say", {"conversation": customer.conversation, "id": new_id(), "text": "e" * 2001})
    assert code_of(refused) == "too_long"
    assert [message["seq"] for message in await customer.open()] == sorted(customer.messages)
    await customer.leave()


async def test_anothers_conversation_does_not_exist_for_anybody_else(rude: OwnDemo) -> None:
    owner, thief = await Customer(rude.url).connect(), await Customer(rude.url).connect()
    await owner.start("pay_bill")
    request = new_id()
    await owner.say("my name is Olive", request=request)
    before = rows(rude, "select * from conversations where id = ?", owner.conversation)
    kept = rows(rude, "select * from messages where conversation = ?", owner.conversation)
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
    assert before == rows(rude, "select * from conversations where id = ?", owner.conversation)
    assert kept == rows(rude, "select * from messages where conversation = ?", owner.conversation)
    assert thief.messages == {}
    await owner.leave()
    await thief.leave()


async def test_anothers_request_id_begins_a_conversation_of_ones_own(rude: OwnDemo) -> None:
    owner, thief = await Customer(rude.url).connect(), await Customer(rude.url).connect()
    request = new_id()
    await owner.start("pay_bill", request=request)
    await owner.say("my name is Olive")
    await thief.start("pay_bill", request=request)
    assert thief.conversation != owner.conversation
    assert "Olive" not in texts(await thief.open())
    await owner.leave()
    await thief.leave()


async def test_choices_that_were_never_offered_do_nothing(rude: OwnDemo) -> None:
    customer = await Customer(rude.url).connect()
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


async def test_every_text_comes_back_as_it_was_sent_and_is_answered(rude: OwnDemo) -> None:
    everything = [*SCRIPTS, *UNUSUAL]
    assert len(SCRIPTS) >= 60
    for some in (everything[at : at + 40] for at in range(0, len(everything), 40)):
        customer = await Customer(rude.url).connect()
        await customer.start()
        for text in some:
            said = await customer.say(text)
            assert said[0]["text"] == text
            assert len(said) > 1, "the bot always answers"
            assert not re.search(r"<\w|onerror|alert\(|\x1b", texts(said[1:]))
        again = await Customer(rude.url, session=customer.session).connect()
        again.conversation = customer.conversation
        assert [message["text"] for message in await again.open() if message["from"] == "customer"] == some
        await customer.leave()
        await again.leave()


async def test_script_in_a_message_for_the_team_is_text_in_its_email_and_in_the_inbox(rude: OwnDemo) -> None:
    everything = " ".join(SCRIPTS)
    for begin in range(0, len(everything), 1900):
        customer = await Customer(rude.url).connect()
        await customer.start("person")
        await customer.say(everything[begin : begin + 1900])
        await customer.say("worried@example.com")
        await customer.leave()
    async with asyncio.timeout(5), aiohttp.ClientSession() as http:
        while (await _inbox(http, rude)).count("&lt;svg onload=alert(1)&gt;") < 1:
            await asyncio.sleep(0.05)
        page = await _inbox(http, rude)
    assert not re.search(r"<(script|img|svg|iframe|math|body on|form|base|object|embed)\b", page, re.IGNORECASE)


async def _inbox(http: aiohttp.ClientSession, rude: OwnDemo) -> str:
    async with http.get(f"{rude.url}/dev/inbox") as page:
        return await page.text()


# ── floods ──


async def test_ten_thousand_messages_at_once_are_slowed_down_and_nobody_else_waits(rude: OwnDemo) -> None:
    other = await Customer(rude.url).connect()
    await other.start()
    waits: list[float] = []
    async with RawSocket.open(rude.url) as raw:
        conversation = (await raw.ask("start", {"id": new_id()}))["conversation"]

        async def flood() -> None:
            for number in range(A_LITTLE_FASTER_THAN_ANYBODY):
                say = {"conversation": conversation, "id": f"message-{number}", "text": "hello"}
                await raw.ws.send_str(f"42/chat,{1000 + number}{json.dumps(['say', say])}")

        async def read() -> Counter[str]:
            answers: Counter[str] = Counter()
            while answers.total() < A_LITTLE_FASTER_THAN_ANYBODY:
                frame = await raw.frame(20)
                if frame.startswith("43/chat,"):
                    answers[code_of(json.loads(frame[frame.index("[") :])[0])] += 1
            return answers

        flooding, reading = asyncio.create_task(flood()), asyncio.create_task(read())
        while not reading.done():
            began = time.perf_counter()
            await other.ask("open", {"conversation": other.conversation, "after": 0})
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.2)
        answers = await reading
        await flooding
        kept = rows(rude, "select client_id from messages where conversation = ? and author = 'customer'", conversation)
    assert set(answers) == {"", "slow_down"}
    assert len(kept) == answers[""], "what was acknowledged is there, what was refused is not"
    assert answers["slow_down"] > A_LITTLE_FASTER_THAN_ANYBODY / 2
    assert sorted(waits)[len(waits) // 2] < 0.5
    assert max(waits) < 2
    await other.leave()


async def test_unknown_events_cost_as_much_as_known_ones(rude: OwnDemo) -> None:
    async with RawSocket.open(rude.url) as raw:
        answers = Counter([code_of(await raw.ask("nothing", {})) for _ in range(150)])
    assert set(answers) == {"unknown_event", "slow_down"}


async def test_a_new_connection_is_no_way_around_the_limit_of_a_session(rude: OwnDemo) -> None:
    first = await Customer(rude.url).connect()
    await first.start()
    answers: Counter[str] = Counter()
    for _ in range(5):
        async with RawSocket.open(rude.url, {"session": first.session}) as raw:
            for _ in range(30):
                answers[code_of(await raw.ask("open", {"conversation": first.conversation, "after": 0}))] += 1
    assert answers["slow_down"] >= 20
    await first.leave()


async def test_two_hundred_connections_dropped_in_the_middle_leave_nothing_behind(rude: OwnDemo) -> None:
    before = await sockets(rude)
    half = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    whole = half + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

    async def drop(number: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", rude.port)
        writer.write((half if number % 2 else whole).encode())
        with suppress(ConnectionError):
            await writer.drain()
            if number % 3 == 0:
                await asyncio.sleep(0.02)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        writer.transport.abort()

    await asyncio.gather(*map(drop, range(200)))
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await (await stack.enter_async_context(RawSocket.open(rude.url))).ask("start", {"id": new_id()})
    async with asyncio.timeout(5):
        while await sockets(rude) != before:
            await asyncio.sleep(0.05)


async def sockets(rude: OwnDemo) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{rude.url}/metrics") as answer:
        found = re.search(r"(?m)^billchat_sockets (\d+)", await answer.text())
    assert found is not None
    return int(found[1])


# ── who may connect ──


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://["}, {"Origin": "file://"}, {"Origin": "x" * 4000}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://evil.example",
        "X-Forwarded-Host": "evil.example"},
        {"Origin": "https://evil.example", "Forwarded": "host=evil.example"},
    ],
    ids=str,
)  # fmt: skip
async def test_other_sites_pages_cannot_connect(rude: OwnDemo, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(headers=headers) as http:
        for path in (PATH, "/socket.io/?EIO=4&transport=polling"):
            async with http.get(rude.url + path) as answer:
                assert answer.status in (400, 403)
                assert "sid" not in await answer.text()
                assert "Access-Control-Allow-Origin" not in answer.headers
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(rude.url + PATH)


async def test_our_own_pages_and_programs_can_connect(rude: OwnDemo) -> None:
    for headers in ({"Origin": rude.url}, {"Sec-Fetch-Site": "same-origin"}, {}):
        async with RawSocket.open(rude.url, headers=headers) as raw:
            assert raw.welcome["session"]


async def test_polling_with_a_script_tag_is_refused(rude: OwnDemo) -> None:
    async with aiohttp.ClientSession() as http:
        for query in ("EIO=4&transport=polling&j=0", "EIO=4&transport=polling&j=x", "EIO=4&transport=websocket&j="):
            async with http.get(f"{rude.url}/socket.io/?{query}") as answer:
                assert answer.status == 403


async def test_polling_takes_nothing_that_is_no_payload(rude: OwnDemo) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{rude.url}/socket.io/?EIO=4&transport=polling") as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        address = f"{rude.url}/socket.io/?EIO=4&transport=polling&sid={sid}"
        too_many = "\x1e".join(["3"] * 17)
        bodies: list[str | bytes] = [
            "",
            "x",
            "9",
            "4",
            "b!!",
            "d=42",
            "4" + "[" * 9000,
            too_many,
            b"\xff\xfe",
            "3\x1e",
            "2" * 20_000,
        ]
        for body in bodies:
            async with http.post(address, data=body) as answer:
                assert answer.status in (400, 413)
        async with http.post(address, data="40/chat,") as answer:
            assert answer.status == 200
        for query in (
            "EIO=3",
            "EIO=4&transport=carrier-pigeon",
            "EIO=4&transport=polling&sid=nobody",
            "EIO=4&transport=websocket",
            "",
        ):
            async with http.get(f"{rude.url}/socket.io/?{query}") as answer:
                assert answer.status == 400


async def test_forged_session_tokens_open_nothing(rude: OwnDemo) -> None:
    owner = await Customer(rude.url).connect()
    await owner.start()
    token = owner.session or ""
    forged: list[Any] = [
        token[:-1] + ("A" if token[-1] != "A" else "B"), token[::-1], token.upper(), token + "=", token + "A",
        " " + token, token[:43],
        "A" * len(token), "", "null", "\x00", "é" * 64, 5, 1.5, True, [token], {"session": token}, None, "x" * 9000,
    ]  # fmt: skip
    for session in forged:
        async with RawSocket.open(rude.url, {"session": session, "locale": str(session)[:500]}) as raw:
            assert raw.welcome["session"] not in (token, session)
            assert raw.welcome["conversations"] == []
            assert code_of(await raw.ask("open", {"conversation": owner.conversation, "after": 0})) == "not_found"
    for auth in (token, [token], 7):
        async with RawSocket.open(rude.url, auth) as raw:
            assert raw.welcome["conversations"] == []
    await owner.leave()


async def test_a_forwarded_address_from_a_stranger_is_no_new_address(rude: OwnDemo) -> None:
    refused = 0
    for number in range(50):
        headers = {
            "X-Forwarded-For": f"198.51.100.{number}",
            "X-Real-IP": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        async with RawSocket.open(rude.url, headers=headers) as raw:
            conversation = (await raw.ask("start", {"id": new_id(), "action": "pay_bill"}))["conversation"]
            say = {"conversation": conversation, "id": new_id(), "text": f"person{number}@example.com"}
            refused += (await raw.ask("say", say))["messages"][-1].get("expects") != "code"
    assert refused >= 10
