"""A client of the chat with one customer, as docs/wire.md describes it."""

import asyncio
import contextlib
import uuid
from typing import Any

import socketio

from tests.waiting import MAX_WAIT_S

Message = dict[str, Any]


class Customer:
    """One device of a customer. `messages` holds all that it received, by sequence number."""

    def __init__(self, url: str, session: str | None = None, locale: str = "en") -> None:
        self.url = url
        self.session = session
        self.locale = locale
        self.conversation = ""
        self.messages: dict[int, Message] = {}
        self.welcome: dict[str, Any] = {}
        self.sessions: list[dict[str, Any]] = []
        self._welcomed = asyncio.Event()
        self._received = asyncio.Event()
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("welcome", self._on_welcome, namespace="/chat")
        self._client.on("session", self._on_session, namespace="/chat")
        self._client.on("messages", self._on_messages, namespace="/chat")

    async def connect(self, transports: list[str] | None = None) -> "Customer":
        self._welcomed.clear()
        await self._client.connect(
            self.url,
            namespaces=["/chat"],
            transports=transports or ["websocket"],
            auth={"session": self.session, "locale": self.locale},
        )
        await asyncio.wait_for(self._welcomed.wait(), MAX_WAIT_S)
        return self

    async def leave(self) -> None:
        # Waits for no answer: a polling client would wait until its open request times out.
        await self._client.eio.disconnect(abort=True)
        await self._client.shutdown()

    async def discard(self) -> None:
        """Close a connection that may be broken already."""
        with contextlib.suppress(Exception):
            await self.leave()
        if self._client.eio.http is not None:
            await self._client.eio.http.close()

    async def cut(self) -> None:
        """Close the WebSocket without a Socket.IO packet."""
        await self._client.eio.ws.close()

    async def ask(self, event: str, payload: Any, timeout: float = MAX_WAIT_S) -> dict[str, Any]:
        """Send an event and return its acknowledgement."""
        answer: dict[str, Any] = await self._client.call(event, payload, namespace="/chat", timeout=timeout)
        self.session = answer.get("session", self.session)
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

    async def wait_for_card(self, kind: str) -> dict[str, Any]:
        """Wait for a card of this kind, and return the newest."""
        async with asyncio.timeout(MAX_WAIT_S):
            while not (
                cards := [m["card"] for _, m in sorted(self.messages.items()) if m.get("card", {}).get("kind") == kind]
            ):
                self._received.clear()
                await self._received.wait()
        card: dict[str, Any] = cards[-1]
        return card

    def _keep(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            known = self.messages.setdefault(message["seq"], message)
            assert known == message, "a message changed under its number"
        self._received.set()
        return messages

    async def _on_welcome(self, welcome: dict[str, Any]) -> None:
        self.welcome = welcome
        self.session = welcome["session"]
        self._welcomed.set()

    async def _on_session(self, session: dict[str, Any]) -> None:
        self.sessions.append(session)
        self.session = session.get("session", self.session)

    async def _on_messages(self, event: dict[str, Any]) -> None:
        if event["conversation"] == self.conversation:
            self._keep(event["messages"])


def new_id() -> str:
    return str(uuid.uuid4())


def texts(messages: list[Message]) -> str:
    """Return the texts of messages, a line each."""
    return "\n".join(message["text"] for message in messages)


def offered(messages: list[Message]) -> list[str]:
    """Return the ids of the choices of the newest message."""
    return [choice["id"] for choice in messages[-1].get("choices", [])]
