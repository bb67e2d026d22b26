"""Request bodies under a budget of memory and time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatbot.http.request_body import BODY_BUDGET, BodyBudget, BodyLimits, read_body, read_form

MAX_BYTES = 1000
TOTAL = 4000
PROXY = ["127.0.0.1"]

Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def reading(limits: BodyLimits, refused: Callable[[str], None] = lambda _: None) -> AsyncIterator[Client]:
    """A server that reads bodies; `/form` answers a form's fields."""

    async def body(request: web.Request) -> web.Response:
        return web.Response(body=await read_body(request, MAX_BYTES))

    async def form(request: web.Request) -> web.Response:
        return web.json_response(dict(await read_form(request)))

    app = web.Application()
    app[BODY_BUDGET] = BodyBudget(limits, PROXY, refused, refused)
    app.add_routes([web.post("/", body), web.post("/form", form)])
    async with TestClient(TestServer(app)) as client:
        yield client


@asynccontextmanager
async def unfinished(client: Client, address: str, size: int, announced: int = MAX_BYTES) -> AsyncIterator[None]:
    """A body of which `size` bytes arrive and no more."""
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    head = f"POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {address}\r\nContent-Length: {announced}\r\n\r\n"
    writer.write(head.encode() + b"x" * size)
    await writer.drain()
    yield
    writer.close()


async def status_of(client: Client, address: str = "203.0.113.9", size: int = 10) -> int:
    async with client.post("/", data=b"y" * size, headers={"X-Forwarded-For": address}) as answer:
        if answer.status == 200:
            assert await answer.read() == b"y" * size
        return answer.status


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_true():
            await asyncio.sleep(0.005)


async def test_one_address_with_unfinished_bodies_leaves_room_for_the_others() -> None:
    refused: list[str] = []
    async with reading(BodyLimits(TOTAL, per_address=100), refused.append) as client, AsyncExitStack() as stack:
        budget = client.app[BODY_BUDGET]
        for _ in range(20):
            await stack.enter_async_context(unfinished(client, "198.51.100.1", 900))
        await until(lambda: "bodies_megabytes" in refused)
        await until(lambda: budget._bytes <= TOTAL // 4)
        assert await status_of(client, size=900) == 200
    await until(lambda: (budget._bytes, budget._bytes_of, budget._bodies_of) == (0, {}, {}))


async def test_bodies_of_all_addresses_together_stay_within_the_budget() -> None:
    async with reading(BodyLimits(TOTAL, per_address=100)) as client, AsyncExitStack() as stack:
        budget = client.app[BODY_BUDGET]
        for number in range(4):
            await stack.enter_async_context(unfinished(client, f"198.51.100.{number}", 990))
        await until(lambda: budget._bytes == 4 * 990)
        assert await status_of(client, size=500) == 503
        assert await status_of(client, size=10) == 200


async def test_an_address_has_a_limit_of_bodies_at_once() -> None:
    async with reading(BodyLimits(TOTAL, per_address=2)) as client, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(unfinished(client, "198.51.100.1", 1, announced=10))
        await until(lambda: client.app[BODY_BUDGET]._bodies_of["198.51.100.1"] == 2)
        assert await status_of(client, "198.51.100.1") == 429
        assert await status_of(client) == 200


async def test_a_body_that_never_ends_is_given_up() -> None:
    async with reading(BodyLimits(TOTAL, seconds=0.1)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"408"
        writer.close()


@pytest.mark.parametrize("announced", [MAX_BYTES + 1, 10**12])
async def test_a_body_that_announces_too_much_is_refused_before_it_arrives(announced: int) -> None:
    async with reading(BodyLimits(TOTAL)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {announced}\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"413"
        writer.close()


async def test_a_body_that_grows_beyond_the_limit_is_refused() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500

    async with reading(BodyLimits(TOTAL)) as client, client.post("/", data=chunks()) as answer:
        assert answer.status == 413


async def test_a_form_gives_the_first_value_of_each_field() -> None:
    async with reading(BodyLimits(100_000)) as client:
        async with client.post("/form", data=b"a=1", headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 400, "no form"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with client.post("/form", data=b"a=1&a=2&b=%C3%A9&c=", headers=headers) as answer:
            assert await answer.json() == {"a": "1", "b": "é", "c": ""}
        for bad in (b"a=\xff", b"a=1&" * 200):
            async with client.post("/form", data=bad, headers=headers) as answer:
                assert answer.status == 400
