"""A minimal Socket.IO client on a WebSocket, so that its own cost hardly counts."""

import asyncio
import json
from typing import Any

import aiohttp

Ack = dict[str, Any]


class Connection:
    """One connection to the namespace /chat."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._waiting: dict[int, asyncio.Future[Ack]] = {}
        self._next = 0
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, url: str, number: int = 0) -> "Connection":
        """Connect from a network address of its own, numbered `number` and set as by a trusted proxy."""
        address = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        socket = await http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", headers=address)
        await socket.receive_str()  # 0: the handshake
        await socket.send_str('40/chat,{"session":null,"locale":"en"}')
        await socket.receive_str()  # 40: connected
        return cls(socket)

    async def call(self, event: str, payload: dict[str, Any]) -> Ack:
        """Send an event and return its acknowledgement."""
        self._next += 1
        answer = self._waiting[self._next] = asyncio.get_running_loop().create_future()
        await self._socket.send_str(f"42/chat,{self._next}{json.dumps([event, payload])}")
        return await answer

    async def close(self) -> None:
        self._reader.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for frame in self._socket:
            text = frame.data
            if text == "2":
                await self._socket.send_str("3")
            elif text.startswith("43/chat,"):
                bracket = text.index("[")
                self._waiting.pop(int(text[8:bracket])).set_result(json.loads(text[bracket:])[0])
