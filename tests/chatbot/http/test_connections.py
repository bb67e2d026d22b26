"""Limits on TCP connections, with a server as the service runs it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter
from structlog.testing import capture_logs

from chatbot.http.connections import ConnectionGuard
from chatbot.http.refusals import Refusals
from chatbot.http.serving import GuardedRunner

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def guard(trusted_proxies: Sequence[str] = (), **limits: int) -> ConnectionGuard:
    counter = Counter("slowed_down", "", ["limit"], registry=CollectorRegistry())
    ample = {"capacity": 1000, "per_address": 1000, "bytes_per_second": 10**9}
    return ConnectionGuard(**{**ample, **limits}, trusted_proxies=trusted_proxies, refusals=Refusals(counter))


@contextlib.asynccontextmanager
async def serving(
    guarded: ConnectionGuard,
) -> AsyncIterator[Callable[[], contextlib.AbstractAsyncContextManager[Stream]]]:
    """A server that answers with the size of what it was sent."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app = web.Application(client_max_size=10**8)
    app.add_routes([web.route("*", "/", answer)])
    runner = GuardedRunner(app, guarded)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]

    @contextlib.asynccontextmanager
    async def connect() -> AsyncIterator[Stream]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()

    yield connect
    await runner.cleanup()


async def status(stream: Stream, size: int = 0) -> int:
    reader, writer = stream
    writer.write(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size)
    line = await reader.readline()
    return int(line.split()[1]) if line else 0


async def is_closed(stream: Stream) -> bool:
    async with asyncio.timeout(5):
        try:
            return await stream[0].read(1) == b""
        except ConnectionError:
            return True


@pytest.mark.parametrize(
    ("trusted_proxies", "places", "said"),
    [
        ([], 3, ("a network address is at its limit; if it is your proxy's, list it", "connections_per_address")),
        (["127.0.0.1"], 4, ("the service is full and refuses customers", "connections")),
    ],
    ids=["one address has three quarters of the descriptors", "a proxy has them all"],
)
async def test_connections_above_a_limit_are_closed_at_once_and_the_log_says_so_once(
    trusted_proxies: list[str], places: int, said: tuple[str, str]
) -> None:
    with capture_logs() as logged:
        async with serving(guard(trusted_proxies, capacity=4)) as connect, contextlib.AsyncExitStack() as stack:
            held = [await stack.enter_async_context(connect()) for _ in range(places)]
            for _ in range(3):
                assert await is_closed(await stack.enter_async_context(connect()))
            assert await status(held[0]) == 200
    assert [(line["event"], line["limit"]) for line in logged if "limit" in line] == [said]


async def test_a_connection_that_ends_frees_its_place() -> None:
    async with serving(guard(per_address=1)) as connect:
        for _ in range(5):
            async with asyncio.timeout(5):
                while True:
                    async with connect() as stream:
                        with contextlib.suppress(ConnectionError):
                            if await status(stream) == 200:
                                break


async def test_a_connection_that_never_asks_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.http.connections.FIRST_REQUEST_S", 0.05)
    async with serving(guard()) as connect, connect() as silent, connect() as slow, connect() as prompt:
        slow[1].write(b"GET / HTTP/1.1\r\nHost: a\r\nX-Header: ")
        assert await status(prompt) == 200
        assert await is_closed(silent)
        assert await is_closed(slow)
        await prompt[0].readuntil(b"\r\n\r\n0")
        assert await status(prompt) == 200


async def test_bytes_above_the_pace_of_an_address_arrive_later_and_none_is_lost() -> None:
    size = 400_000
    async with serving(guard(bytes_per_second=400_000)) as connect, connect() as stream:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(4):
            assert await status(stream, size) == 200
            await stream[0].readuntil(b"\r\n\r\n")
            assert await stream[0].readexactly(len(str(size))) == str(size).encode()
        assert loop.time() - began > 0.5


async def test_what_is_no_http_is_answered_without_naming_versions() -> None:
    async with serving(guard()) as connect, connect() as (reader, writer):
        writer.write(b"nonsense\r\n\r\n")
        answer = await reader.read()
        assert b" 400 " in answer
        assert b"Server: billchat" in answer
        assert b"aiohttp" not in answer
