"""The chat on the website: Socket.IO, namespace /chat, as the wire contract says."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import web

from chatbot.channels.web.wire import (
    OpenPayload,
    Payload,
    SayPayload,
    SeenPayload,
    StartPayload,
    message_to_wire,
    too_long,
    welcome,
)
from chatbot.conversations.turns import SayRequest, StartRequest, TurnResult, Turns
from chatbot.http.rate_limit import FixedWindowLimit
from chatbot.service import Service
from chatbot.sockets import hardening
from chatbot.sockets.connection_limits import ADDRESS, ConnectionLimits, LimitedServer
from chatbot.sockets.fast_path import Ack, EventFastPath
from chatbot.sockets.missed_messages import MissedMessagePoller
from chatbot.sockets.origin_checks import refuse_other_sites
from chatbot.sockets.redis_fanout import RedisFanout
from chatbot.sockets.rooms import Rooms
from store.chats import conversations
from store.chats.conversations import Conversation, Message
from store.database import CommitUnknown, StoreError, Tx

log = structlog.get_logger(__name__)

NAMESPACE = "/chat"
MOST_MESSAGES = 200
MOST_CONVERSATIONS = 20
# How long requests under way may take to be answered when the service stops.
GRACE_S = 2.0

SHAPES: Mapping[str, type[Payload]] = {
    "start": StartPayload,
    "open": OpenPayload,
    "say": SayPayload,
    "seen": SeenPayload,
}
Handler = Callable[[str, "ConnectedDevice", Any], Awaitable[Ack]]


@dataclass(frozen=True, slots=True)
class ConnectedDevice:
    """A connected device: its browser's session, its language, and the digest of its network address."""

    session: str
    locale: str
    address: str


class WebChannel:
    """Lets browsers take turns, and tells their other devices what was said."""

    def __init__(self, service: Service, turns: Turns) -> None:
        self._service = service
        self._turns = turns
        self._visitors: dict[str, ConnectedDevice] = {}
        self._devices: Counter[str] = Counter()
        self._has_refused = False
        self._busy: set[str] = set()
        self._rate_limit = FixedWindowLimit(service.settings.limits.messages_per_ten_seconds, 10)
        self._fanout = _redis_fanout(service)
        turns.tell = self.tell
        self._limits = ConnectionLimits(service)
        self.sio = sio = LimitedServer(
            self._limits,
            async_mode="aiohttp",
            namespaces=[NAMESPACE],
            always_connect=True,  # so that welcome may be sent from the connect handler
            async_handlers=False,  # so that who sends faster than we answer waits, and a turn's order is its arrival's
            cors_allowed_origins=self._origin_is_ours,
            max_http_buffer_size=hardening.MOST_FRAME_BYTES,
            serializer=hardening.Packet,
            client_manager=self._fanout or Rooms(),
        )
        self._handlers: Mapping[str, Handler] = {
            "start": self._start, "open": self._open, "say": self._say, "seen": self._seen,
        }  # fmt: skip
        hardening.guard(sio, EventFastPath(NAMESPACE, SHAPES, self._express))
        sio.on("connect", self._connect, namespace=NAMESPACE)
        sio.on("disconnect", self._disconnect, namespace=NAMESPACE)
        for event, shape in SHAPES.items():
            sio.on(event, self._answering(event, shape), namespace=NAMESPACE)
        sio.on("typing", self._typing, namespace=NAMESPACE)
        sio.on("*", self._unknown, namespace=NAMESPACE)

    def attach(self, app: web.Application) -> None:
        """Serve Socket.IO from an application, to nobody's pages but ours."""
        app.middlewares.append(refuse_other_sites)
        app.on_shutdown.append(self._close)
        self.sio.attach(app)

    async def _close(self, app: web.Application) -> None:
        """Close the transports rather than the sessions: clients take that for a lost connection and come back.

        Each is closed once it has the answer to what it asked.
        """
        deadline = asyncio.get_running_loop().time() + GRACE_S
        waiting = set(self.sio.eio.sockets)
        while waiting:
            late = asyncio.get_running_loop().time() > deadline
            busy = set() if late else {self.sio.manager.eio_sid_from_sid(sid, NAMESPACE) for sid in self._busy}
            for connection in waiting - busy:
                await hardening.hang_up(self.sio, connection)
            waiting &= busy
            await asyncio.sleep(0.01 if waiting else 0)
        await self.sio.shutdown()
        await self._limits.close()

    def work(self) -> Mapping[str, Coroutine[object, object, None]]:
        """Return what must run beside the requests, by name."""
        if self._fanout is None:
            return {}
        poller = MissedMessagePoller(self._service, self._fanout, lambda: self._devices, self._tell_here)
        return {"neighbours": self._fanout.run(), "catching up": poller.run()}

    async def tell(self, answer: TurnResult, *, but: str | None = None) -> None:
        """Send a turn's messages to the session's devices, but for the one that has them in its acknowledgement."""
        here = self._devices[answer.session] > (but in self._visitors)  # who asked may have left meanwhile
        elsewhere = self._fanout is not None and self._fanout.may_hear(NAMESPACE, answer.session)
        if answer.messages and (here or elsewhere):
            await self.sio.emit(
                "messages",
                {"conversation": answer.conversation, "messages": answer.messages},
                room=answer.session,
                skip_sid=but,
                namespace=NAMESPACE,
            )

    async def _tell_here(self, session: str, conversation: str, messages: list[Message]) -> None:
        """Send messages to a session's devices on this process alone."""
        left = [message_to_wire(self._service, conversation, message) for message in messages]
        await self.sio.emit(
            "messages",
            {"conversation": conversation, "messages": left},
            room=session,
            namespace=NAMESPACE,
            ignore_queue=True,
        )

    # ── what clients send ────────────────────────────────────────────────────────────────────────────────────

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object) -> bool:
        asked = auth if isinstance(auth, dict) else {}
        service = self._service
        token, locale = asked.get("session"), asked.get("locale")
        session = service.keys.session_id(token) if isinstance(token, str) else None
        if session is None:
            token = service.keys.session_token()
            session = service.keys.session_id(token)
            assert session is not None
        assert isinstance(token, str)
        visitor = ConnectedDevice(
            session=session,
            locale=service.words.best(locale if isinstance(locale, str) else None),
            address=environ[ADDRESS],
        )
        self._visitors[sid] = visitor
        self._devices[session] += 1
        service.metrics.sockets.inc()
        await self.sio.enter_room(sid, session, namespace=NAMESPACE)
        if self._fanout is not None:
            await self._fanout.joined(NAMESPACE, session)
        try:
            earlier = await service.database.read(lambda tx: conversations.of_session(tx, session, MOST_CONVERSATIONS))
        except StoreError as broken:
            log.error("the database refused a request", event_name="connect", reason=str(broken))
            await self._disconnect(sid)
            return False
        first = welcome(service, token, visitor.locale, earlier)
        await self.sio.emit("welcome", first, to=sid, namespace=NAMESPACE)
        return True

    async def _disconnect(self, sid: str, reason: object = None) -> None:
        visitor = self._visitors.pop(sid, None)
        if visitor is not None:
            self._devices[visitor.session] -= 1
            if not self._devices[visitor.session]:
                del self._devices[visitor.session]
            self._service.metrics.sockets.dec()

    async def _start(self, sid: str, visitor: ConnectedDevice, asked: StartPayload) -> Ack:
        if not self._limits.may_start(visitor.address, visitor.session):
            return self._refusal("slow_down", visitor.locale)
        answer = await self._turns.start(
            StartRequest(visitor.session, asked.id, visitor.address, "web", visitor.locale, asked.action)
        )
        if isinstance(answer, TurnResult):
            await self._tell_others(answer, sid)
            return {
                "ok": True,
                "conversation": answer.conversation,
                "messages": answer.messages,
            }
        return self._refusal(answer.code, visitor.locale)

    async def _say(self, sid: str, visitor: ConnectedDevice, said: SayPayload) -> Ack:
        answer = await self._turns.say(
            SayRequest(said.conversation, visitor.session, said.id, visitor.address, said.text, said.choice)
        )
        if isinstance(answer, TurnResult):
            await self._tell_others(answer, sid)
            return {"ok": True, "messages": answer.messages}
        return self._refusal(answer.code, visitor.locale)

    async def _open(self, sid: str, visitor: ConnectedDevice, asked: OpenPayload) -> Ack:
        def look(tx: Tx) -> tuple[Conversation | None, list[conversations.Message]]:
            found, _ = conversations.load(tx, asked.conversation)
            if found is None or found.session != visitor.session:
                return None, []
            return found, conversations.messages_after(tx, asked.conversation, asked.after, MOST_MESSAGES)

        found, messages = await self._service.database.read(look)
        if found is None:
            return self._refusal("not_found", visitor.locale)
        return {
            "ok": True,
            "messages": [message_to_wire(self._service, found.id, message) for message in messages],
            "with": found.held_by,
        }

    async def _seen(self, sid: str, visitor: ConnectedDevice, seen: SeenPayload) -> Ack:
        known = await self._service.database.write(
            lambda tx: conversations.mark_seen(tx, seen.conversation, visitor.session, seen.seq)
        )
        return {"ok": True} if known else self._refusal("not_found", visitor.locale)

    async def _typing(self, sid: str, *payload: object) -> None:
        """Nobody watches a conversation that the bot holds, so there is nobody to tell."""

    async def _unknown(self, event: str, sid: str, *payload: object) -> Ack:
        visitor = self._visitors.get(sid)
        if visitor is None:
            return self._refusal("not_found", self._service.settings.languages.default)
        await hardening.until_read(self.sio, self.sio.manager.eio_sid_from_sid(sid, NAMESPACE))
        return self._too_fast(visitor) or self._refusal("unknown_event", visitor.locale)

    # ── how they are answered ────────────────────────────────────────────────────────────────────────────────

    async def _express(self, connection: str, event: str, asked: Payload) -> Ack | None:
        """Answer an event that came by the express lane, from a connection whose answers are read as they are sent."""
        sid = self.sio.manager.sid_from_eio_sid(connection, NAMESPACE)
        visitor = self._visitors.get(sid)
        if visitor is None:
            return None
        return await self._answer(sid, visitor, event, asked)

    def _answering(self, event: str, shape: type[Payload]) -> Callable[..., Awaitable[Ack]]:
        """Make the handler that Socket.IO calls for an event."""

        async def answer(sid: str, payload: object = None, *more: object) -> Ack:
            visitor = self._visitors.get(sid)
            if visitor is None:
                return self._refusal("not_found", self._service.settings.languages.default)
            await hardening.until_read(self.sio, self.sio.manager.eio_sid_from_sid(sid, NAMESPACE))
            try:
                asked = msgspec.convert(payload, shape)
            except (msgspec.ValidationError, UnicodeError) as fault:
                code = "too_long" if too_long(fault) else "bad_request"
                return self._too_fast(visitor) or self._refusal(code, visitor.locale)
            return await self._answer(sid, visitor, event, asked)

        return answer

    async def _answer(self, sid: str, visitor: ConnectedDevice, event: str, asked: Payload) -> Ack:
        """Check the limit, hand the event to its handler, and turn a fault of ours into an honest refusal."""
        if refusal := self._too_fast(visitor):
            await asyncio.sleep(0)  # thousands may lie here already: others have their turn in between
            return refusal
        self._busy.add(sid)
        try:
            return await self._handlers[event](sid, visitor, asked)
        except CommitUnknown as broken:
            log.warning("the database was lost while it kept a request; the client asks again", reason=str(broken))
            return await self._let_go(sid)
        except StoreError as broken:
            log.error("the database refused a request", event_name=event, reason=str(broken))
            return self._refusal("unavailable", visitor.locale)
        except Exception:
            # The turn was rolled back whole: nothing is half done, and the client may send it again.
            log.exception("a request could not be answered", event_name=event)
            return self._refusal("unavailable", visitor.locale)
        finally:
            self._busy.discard(sid)

    async def _let_go(self, sid: str) -> Ack:
        """End a connection in place of an answer that might be wrong: its client comes back and sends again.

        Under the same id, that is, which happens once; an answer that it failed would be tried again as a new request.
        """
        connection = self.sio.manager.eio_sid_from_sid(sid, NAMESPACE)
        if connection is not None:
            await hardening.hang_up(self.sio, connection)
        return {}

    def _too_fast(self, visitor: ConnectedDevice) -> Ack | None:
        """Count a request; a refusal for one too many."""
        if self._rate_limit.allows(visitor.session):
            return None
        self._service.metrics.slowed_down.labels(limit="messages_per_ten_seconds").inc()
        return self._refusal("slow_down", visitor.locale)

    async def _tell_others(self, answer: TurnResult, sid: str) -> None:
        if not answer.replayed:
            await self.tell(answer, but=sid)

    def _refusal(self, code: str, locale: str) -> Ack:
        message = self._service.words.text(f"error-{code.replace('_', '-')}", locale)
        return {"ok": False, "error": {"code": code, "message": message}}

    def _origin_is_ours(self, origin: str | None, environ: dict[str, Any]) -> bool:
        """Tell whether a page's origin is ours. The panel lives on our own host, whatever site embeds it."""
        if origin is None:
            return False
        try:
            host = urlsplit(origin).netloc
        except ValueError:
            return False
        ours = origin == self._service.settings.server.public_url or host == environ.get("HTTP_HOST")
        if not ours and not self._has_refused:
            self._has_refused = True  # once: whoever asks decides how often
            log.warning("a socket was refused; if the page was ours, set server.public_url to its address")
        return ours


def _redis_fanout(service: Service) -> RedisFanout | None:
    """The way to the service's other processes, where there is one. Services that share a Redis share no channel."""
    address = service.settings.redis.url
    if address is None:
        return None
    return RedisFanout(address, f"billchat-{service.keys.digest('neighbours')}", service.metrics.redis)
