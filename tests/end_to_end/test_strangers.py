"""Floods, and connections from other sites: slowed down or refused, while other customers are served."""

import asyncio
import json
import re
import socket
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import Any

import aiohttp
import pytest

from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.end_to_end.customer import Customer, new_id
from tests.end_to_end.raw_socket import PATH, RawSocket, code_of
from tests.sizes import size
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("other_customers_unaffected")

FLOOD = size(3_000, 20_000)


# ── floods ──


@pytest.mark.soak
async def test_thousands_of_messages_at_once_are_slowed_down_and_nobody_else_waits(target: ConfiguredDemo) -> None:
    other = await Customer(target.url).connect()
    await other.start()
    waits: list[float] = []
    async with RawSocket.open(target.url) as raw:
        conversation = (await raw.ask("start", {"id": new_id()}))["conversation"]

        async def flood() -> None:
            for number in range(FLOOD):
                say = {"conversation": conversation, "id": f"message-{number}", "text": "hello"}
                await raw.ws.send_str(f"42/chat,{1000 + number}{json.dumps(['say', say])}")

        async def read() -> Counter[str]:
            answers: Counter[str] = Counter()
            while answers.total() < FLOOD:
                frame = await raw.frame()
                if frame.startswith("43/chat,"):
                    answers[code_of(json.loads(frame[frame.index("[") :])[0])] += 1
            return answers

        flooded = time.perf_counter()
        flooding, reading = asyncio.create_task(flood()), asyncio.create_task(read())
        while not reading.done():
            began = time.perf_counter()
            await other.ask("open", {"conversation": other.conversation, "after": 0})
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.2)
        answers = await reading
        await flooding
        flooded = time.perf_counter() - flooded
        kept = target.query(
            "select client_id from messages where conversation = ? and author = 'customer'", conversation
        )
    assert set(answers) == {"", "slow_down"}
    assert len(kept) == answers[""], "what was acknowledged is there, what was refused is not"
    assert answers["slow_down"] > FLOOD / 2
    assert max(waits) < flooded * 0.8
    await other.leave()


async def test_unknown_events_cost_as_much_as_known_ones(target: ConfiguredDemo) -> None:
    async with RawSocket.open(target.url) as raw:
        answers = Counter([code_of(await raw.ask("nothing", {})) for _ in range(150)])
    assert set(answers) == {"unknown_event", "slow_down"}


async def test_a_new_connection_is_no_way_around_the_limit_of_a_session(target: ConfiguredDemo) -> None:
    first = await Customer(target.url).connect()
    await first.start()
    answers: Counter[str] = Counter()
    for _ in range(5):
        async with RawSocket.open(target.url, {"session": first.session}) as raw:
            for _ in range(30):
                answers[code_of(await raw.ask("open", {"conversation": first.conversation, "after": 0}))] += 1
    assert answers["slow_down"] >= 20
    await first.leave()


@pytest.mark.soak(repeat=10)
async def test_two_hundred_connections_dropped_in_the_middle_leave_nothing_behind(target: ConfiguredDemo) -> None:
    before = await sockets(target)
    half = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    whole = half + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

    async def drop(number: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", target.port)
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
            await (await stack.enter_async_context(RawSocket.open(target.url))).ask("start", {"id": new_id()})
    await wait_until(lambda: has_sockets(target, before))


async def has_sockets(target: ConfiguredDemo, count: int) -> bool:
    return await sockets(target) == count


async def sockets(target: ConfiguredDemo) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{target.url}/metrics") as answer:
        found = re.search(r"(?m)^billchat_sockets (\d+)", await answer.text())
    assert found is not None
    return int(found[1])


# ── allowed and refused connections ──


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
async def test_other_sites_pages_cannot_connect(target: ConfiguredDemo, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(headers=headers) as http:
        for path in (PATH, "/socket.io/?EIO=4&transport=polling"):
            async with http.get(target.url + path) as answer:
                assert answer.status in (400, 403)
                assert "sid" not in await answer.text()
                assert "Access-Control-Allow-Origin" not in answer.headers
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(target.url + PATH)


async def test_our_own_pages_and_programs_can_connect(target: ConfiguredDemo) -> None:
    for headers in ({"Origin": target.url}, {"Sec-Fetch-Site": "same-origin"}, {}):
        async with RawSocket.open(target.url, headers=headers) as raw:
            assert raw.welcome["session"]


async def test_polling_with_a_script_tag_is_refused(target: ConfiguredDemo) -> None:
    async with aiohttp.ClientSession() as http:
        for query in ("EIO=4&transport=polling&j=0", "EIO=4&transport=polling&j=x", "EIO=4&transport=websocket&j="):
            async with http.get(f"{target.url}/socket.io/?{query}") as answer:
                assert answer.status == 403


async def test_polling_takes_nothing_that_is_no_payload(target: ConfiguredDemo) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{target.url}/socket.io/?EIO=4&transport=polling") as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        address = f"{target.url}/socket.io/?EIO=4&transport=polling&sid={sid}"
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
            async with http.get(f"{target.url}/socket.io/?{query}") as answer:
                assert answer.status == 400


async def test_forged_session_tokens_open_nothing(target: ConfiguredDemo) -> None:
    owner = await Customer(target.url).connect()
    await owner.start()
    token = owner.session or ""
    forged: list[Any] = [
        token[:-1] + ("A" if token[-1] != "A" else "B"), token[::-1], token.upper(), token + "=", token + "A",
        " " + token, token[:43],
        "A" * len(token), "", "null", "\x00", "é" * 64, 5, 1.5, True, [token], {"session": token}, None, "x" * 9000,
    ]  # fmt: skip
    for session in forged:
        async with RawSocket.open(target.url, {"session": session, "locale": str(session)[:500]}) as raw:
            assert raw.welcome["session"] not in (token, session)
            assert raw.welcome["conversations"] == []
            assert code_of(await raw.ask("open", {"conversation": owner.conversation, "after": 0})) == "not_found"
    for auth in (token, [token], 7):
        async with RawSocket.open(target.url, auth) as raw:
            assert raw.welcome["conversations"] == []
    await owner.leave()


async def test_a_forwarded_address_from_a_stranger_is_no_new_address(target: ConfiguredDemo) -> None:
    refused = 0
    for number in range(50):
        headers = {
            "X-Forwarded-For": f"198.51.100.{number}",
            "X-Real-IP": f"198.51.100.{number}",
            "Forwarded": f"for=198.51.100.{number}",
        }
        async with RawSocket.open(target.url, headers=headers) as raw:
            conversation = (await raw.ask("start", {"id": new_id(), "action": "pay_bill"}))["conversation"]
            say = {"conversation": conversation, "id": new_id(), "text": f"person{number}@example.com"}
            refused += (await raw.ask("say", say))["messages"][-1].get("expects") != "code"
    assert refused >= 10
