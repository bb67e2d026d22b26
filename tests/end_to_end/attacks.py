"""Floods from one network address, to be run as `python -m tests.end_to_end.attacks NAME PORT SECONDS`.

Each sends as fast as it can, over as many connections as it says, from an address that a trusted proxy would forward.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

ADDRESS = "203.0.113.66"
HEAD = f"Host: 127.0.0.1\r\nX-Forwarded-For: {ADDRESS}\r\n"
UPGRADE = (
    f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{HEAD}Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Act = Callable[[int, float], Awaitable[None]]


def frame(text: str, opcode: int = 1, *, final: bool = True) -> bytes:
    """A masked WebSocket frame; the mask is zero, which masks nothing."""
    data = text.encode()
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([0x80 * final | opcode]) + size + b"\0\0\0\0" + data


async def flood(stream: Stream, sent: bytes, until: float) -> None:
    """Send the same again and again, and read what comes back."""
    reader, writer = stream

    async def read() -> None:
        while await reader.read(65536):
            pass

    reading = asyncio.create_task(read())
    try:
        while time.monotonic() < until and not reading.done():
            writer.write(sent)
            await writer.drain()
            await asyncio.sleep(0)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        writer.close()


async def websocket(port: int) -> Stream:
    """A WebSocket that has joined the chat."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UPGRADE.encode() + frame("40/chat,"))
    await reader.readuntil(b"\r\n\r\n")
    await reader.readuntil(b"welcome")
    return reader, writer


def sending(frames: bytes, connections: int) -> Act:
    """An attack by WebSocket frames."""

    async def act(port: int, until: float) -> None:
        async def one() -> None:
            while time.monotonic() < until:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await flood(await websocket(port), frames, until)
                await asyncio.sleep(0.1)

        await asyncio.gather(*(one() for _ in range(connections)))

    return act


def requesting(request: str, connections: int) -> Act:
    """An attack by requests, several ahead on each connection."""

    async def act(port: int, until: float) -> None:
        async def one() -> None:
            while time.monotonic() < until:
                with contextlib.suppress(OSError):
                    await flood(await asyncio.open_connection("127.0.0.1", port), request.encode() * 4, until)
                await asyncio.sleep(0.02)

        await asyncio.gather(*(one() for _ in range(connections)))

    return act


def holding(begun: str, more: str, connections: int) -> Act:
    """An attack by requests that never end: a beginning, and a little more ten times a second."""

    async def act(port: int, until: float) -> None:
        async def one() -> None:
            while time.monotonic() < until:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.write(begun.encode())
                    while time.monotonic() < until:
                        await writer.drain()
                        await asyncio.sleep(0.1)
                        writer.write(more.encode())
                await asyncio.sleep(0.02)

        await asyncio.gather(*(one() for _ in range(connections)))

    return act


async def write(port: int, until: float) -> None:
    """Sixty browsers that say the longest messages as fast as they can."""

    async def one() -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await websocket(port)
            start = json.dumps(["start", {"id": uuid4().hex}])
            writer.write(frame(f"42/chat,1{start}"))
            await reader.readuntil(b'"conversation":"')
            conversation = (await reader.readuntil(b'"'))[:-1].decode()
            number = 1
            while time.monotonic() < until:
                number += 1
                say = {"conversation": conversation, "id": uuid4().hex, "text": "é" * 1900}
                writer.write(frame(f"42/chat,{number}{json.dumps(['say', say])}"))
                await reader.readuntil(f"43/chat,{number}".encode())

    await asyncio.gather(*(one() for _ in range(60)))


PINGS = frame("", opcode=9) * 2000
FRAGMENTS = frame("4", final=False) + frame("", opcode=0, final=False) * 5000
PONGS = frame("3") * 500
UNKNOWN = frame('42/chat,1["nothing",{}]') * 100
BODY = f"POST /webhooks/sandbox HTTP/1.1\r\n{HEAD}Content-Length: 1048000\r\n\r\n" + "x" * 1_000_000
SLOW_BODY = f"POST /webhooks/sandbox HTTP/1.1\r\n{HEAD}Content-Length: 1048000\r\n\r\n"
FORGED = f"POST /webhooks/sandbox HTTP/1.1\r\n{HEAD}Content-Length: 2\r\n\r\n{{}}"

ATTACKS: dict[str, Act] = {
    "websocket pings": sending(PINGS, 30),
    "endless fragments": sending(FRAGMENTS, 30),
    "engine pongs": sending(PONGS, 30),
    "unknown events": sending(UNKNOWN, 30),
    "long messages": write,
    "unfinished bodies": holding(BODY, "", 200),
    "slow bodies": holding(SLOW_BODY, "x", 200),
    "slow headers": holding(f"GET /chat HTTP/1.1\r\n{HEAD}X-Slow: ", "x", 200),
    "forged webhooks": requesting(FORGED, 20),
    "/readyz": requesting(f"GET /readyz HTTP/1.1\r\n{HEAD}\r\n", 20),
    "/chat": requesting(f"GET /chat HTTP/1.1\r\n{HEAD}\r\n", 20),
    "return page": requesting(f"GET /pay/{'A' * 43}/done HTTP/1.1\r\n{HEAD}\r\n", 20),
}


async def main(name: str, port: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds + 1):
            await ATTACKS[name](port, until)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
