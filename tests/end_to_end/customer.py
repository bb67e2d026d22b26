"""A customer at the other end of a socket, as the wire contract describes it."""

import asyncio
import contextlib
import uuid
from typing import Any

import socketio

Message = dict[str, Any]


class Customer:
    """One device: connects, speaks, remembers what it was told by its number."""

    def __init__(self, url: str, session: str | None = None, locale: str = "en") -> None:
        self.url = url
        self.session = session
        self.locale = locale
        self.conversation = ""
        self.messages: dict[int, Message] = {}
        self.welcome: dict[str, Any] = {}
        self._welcomed = asyncio.Event()
        self._news = asyncio.Event()
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("welcome", self._on_welcome, namespace="/chat")
        self._client.on("messages", self._on_messages, namespace="/chat")

    async def connect(self, transports: list[str] | None = None) -> "Customer":
        self._welcomed.clear()
        await self._client.connect(
            self.url,
            namespaces=["/chat"],
            transports=transports or ["websocket"],
            auth={"session": self.session, "locale": self.locale},
        )
        await asyncio.wait_for(self._welcomed.wait(), 10)
        return self

    async def leave(self) -> None:
        # Without waiting for an answer: a polling client would wait for its open request to run out.
        await self._client.eio.disconnect(abort=True)
        await self._client.shutdown()

    async def discard(self) -> None:
        """Let go of a connection that may be broken in any way."""
        with contextlib.suppress(Exception):
            await self.leave()
        if self._client.eio.http is not None:
            await self._client.eio.http.close()

    async def cut(self) -> None:
        """Lose the connection without a word."""
        await self._client.eio.ws.close()

    async def ask(self, event: str, payload: Any, timeout: float = 10) -> dict[str, Any]:
        """Send an event and return its acknowledgement."""
        answer: dict[str, Any] = await self._client.call(event, payload, namespace="/chat", timeout=timeout)
        return answer

    async def start(self, action: str | None = None, request: str | None = None) -> list[Message]:
        answer = await self.ask("start", {"id": request or new_id(), "action": action})
        assert answer["ok"], answer
        self.conversation = answer["conversation"]
        return self._keep(answer["messages"])

    async def say(self, text: str, request: str | None = None) -> list[Message]:
        answer = await self.ask("say", {"conversation": self.conversation, "id": request or new_id(), "text": text})
        assert answer["ok"], answer
        return self._keep(answer["messages"])

    async def choose(self, choice: str, request: str | None = None) -> list[Message]:
        answer = await self.ask("say", {"conversation": self.conversation, "id": request or new_id(), "choice": choice})
        assert answer["ok"], answer
        return self._keep(answer["messages"])

    async def open(self, after: int = 0) -> list[Message]:
        answer = await self.ask("open", {"conversation": self.conversation, "after": after})
        assert answer["ok"], answer
        return self._keep(answer["messages"])

    async def until_card(self, kind: str, timeout: float = 15) -> dict[str, Any]:
        """Wait until a card of this kind has arrived, and return the newest."""
        async with asyncio.timeout(timeout):
            while not (
                cards := [m["card"] for _, m in sorted(self.messages.items()) if m.get("card", {}).get("kind") == kind]
            ):
                self._news.clear()
                await self._news.wait()
        card: dict[str, Any] = cards[-1]
        return card

    def _keep(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            known = self.messages.setdefault(message["seq"], message)
            assert known == message, "a message changed under its number"
        self._news.set()
        return messages

    async def _on_welcome(self, welcome: dict[str, Any]) -> None:
        self.welcome = welcome
        self.session = welcome["session"]
        self._welcomed.set()

    async def _on_messages(self, news: dict[str, Any]) -> None:
        if news["conversation"] == self.conversation:
            self._keep(news["messages"])


def new_id() -> str:
    return str(uuid.uuid4())


def texts(messages: list[Message]) -> str:
    """All that was said, for looking into."""
    return "\n".join(message["text"] for message in messages)


def offered(messages: list[Message]) -> list[str]:
    """The ids of the choices offered last."""
    return [choice["id"] for choice in messages[-1].get("choices", [])]
