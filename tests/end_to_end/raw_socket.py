"""A WebSocket without a Socket.IO client, to send frames of any content."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from tests.waiting import MAX_WAIT_S

PATH = "/socket.io/?EIO=4&transport=websocket"
ACK = "43/chat,"


class RawSocket:
    """A connection that has joined the chat's namespace, unless opened with `join=False`."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.welcome: dict[str, Any] = {}
        self._asked = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, auth: object = None, *, join: bool = True, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator["RawSocket"]:
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(url + PATH, headers=headers or {}, max_msg_size=0) as ws,
        ):
            raw = cls(ws)
            await raw.frame()
            if join:
                await raw.join(auth)
            yield raw

    async def join(self, auth: object = None) -> None:
        await self.ws.send_str(f"40/chat,{json.dumps(auth)}" if auth is not None else "40/chat,")
        while not (frame := await self.frame()).startswith("42/chat,"):
            assert frame.startswith("40/chat,"), frame
        self.welcome = json.loads(frame.removeprefix("42/chat,"))[1]

    async def frame(self, within: float = MAX_WAIT_S) -> str:
        """Return the next text frame. Raises AssertionError when the connection ends instead."""
        async with asyncio.timeout(within):
            message = await self.ws.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return str(message.data)

    async def ask(self, event: str, *payload: Any, within: float = MAX_WAIT_S) -> dict[str, Any]:
        """Send an event and return its acknowledgement."""
        self._asked += 1
        number = self._asked
        await self.ws.send_str(f"42/chat,{number}{json.dumps([event, *payload])}")
        return await self.acknowledgement(number, within)

    async def acknowledgement(self, number: int, within: float = MAX_WAIT_S) -> dict[str, Any]:
        begins = f"{ACK}{number}["
        while not (frame := await self.frame(within)).startswith(begins):
            if frame == "2":
                await self.ws.send_str("3")
        answer: dict[str, Any] = json.loads(frame.removeprefix(f"{ACK}{number}"))[0]
        return answer

    async def ends(self, within: float = MAX_WAIT_S) -> bool:
        """Wait for the connection to end; return False if it does not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while (await self.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
                return True
        return False


def code_of(answer: Mapping[str, Any]) -> str:
    """Return the error code of an acknowledgement, empty for a success."""
    assert set(answer) == {"ok", "error"} if not answer["ok"] else "error" not in answer
    if answer["ok"]:
        return ""
    assert set(answer["error"]) == {"code", "message"}
    assert answer["error"]["message"]
    return str(answer["error"]["code"])
