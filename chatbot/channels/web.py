"""The chat on the website: Socket.IO, namespace /chat, as the wire contract says."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import socketio
import structlog
from aiohttp import web
from pydantic import ValidationError

from chatbot.addresses import client_address
from chatbot.channels import frames
from chatbot.channels.catching_up import CatchingUp
from chatbot.channels.neighbours import Neighbours
from chatbot.pace import Pace
from chatbot.service import Service
from chatbot.turns import Answer, Beginning, Inbound, Turns
from chatbot.wire import Open, Payload, Say, Seen, Start, leave
from store import conversations
from store.conversations import Conversation, Message
from store.database import StoreError, Tx, UnsureError

log = structlog.get_logger(__name__)

NAMESPACE = "/chat"
MOST_MESSAGES = 200
MOST_CONVERSATIONS = 20
# How long requests under way may take to be answered when the service stops.
GRACE_S = 2.0

Ack = dict[str, Any]
P = TypeVar("P", bound=Payload)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A connected device: its browser's session, its language, and the digest of its network address."""

    session: str
    locale: str
    address: str


class WebChannel:
    """Lets browsers take turns, and tells their other devices what was said."""

    def __init__(self, service: Service, turns: Turns) -> None:
        self._service = service
        self._turns = turns
        self._visitors: dict[str, Visitor] = {}
        self._devices: Counter[str] = Counter()
        self._has_refused = False
        self._busy: set[str] = set()
        self._pace = Pace(service.settings.limits.messages_per_ten_seconds, 10)
        self._neighbours = _neighbours(service)
        turns.tell = self.tell
        self.sio = sio = socketio.AsyncServer(
            async_mode="aiohttp",
            namespaces=[NAMESPACE],
            always_connect=True,  # so that welcome may be sent from the connect handler
            async_handlers=False,  # so that who sends faster than we answer waits, and a turn's order is its arrival's
            cors_allowed_origins=self._origin_is_ours,
            max_http_buffer_size=frames.MOST_FRAME_BYTES,
            serializer=frames.Packet,
            client_manager=self._neighbours,
        )
        frames.guard(sio)
        sio.on("connect", self._connect, namespace=NAMESPACE)
        sio.on("disconnect", self._disconnect, namespace=NAMESPACE)
        sio.on("start", self._answering(Start, self._start), namespace=NAMESPACE)
        sio.on("open", self._answering(Open, self._open), namespace=NAMESPACE)
        sio.on("say", self._answering(Say, self._say), namespace=NAMESPACE)
        sio.on("seen", self._answering(Seen, self._seen), namespace=NAMESPACE)
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
                await frames.hang_up(self.sio, connection)
            waiting &= busy
            await asyncio.sleep(0.01 if waiting else 0)
        await self.sio.shutdown()

    def work(self) -> Mapping[str, Coroutine[object, object, None]]:
        """Return what must run beside the requests, by name."""
        if self._neighbours is None:
            return {}
        catching_up = CatchingUp(self._service, self._neighbours, lambda: self._devices, self._tell_here)
        return {"neighbours": self._neighbours.run(), "catching up": catching_up.run()}

    async def tell(self, answer: Answer, *, but: str | None = None) -> None:
        """Send a turn's messages to the session's devices, but for the one that has them in its acknowledgement."""
        here = self._devices[answer.session] > (0 if but is None else 1)
        elsewhere = self._neighbours is not None and self._neighbours.may_hear(NAMESPACE, answer.session)
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
        left = [leave(self._service, conversation, message) for message in messages]
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
        address = client_address(environ["aiohttp.request"], service.settings.server.trusted_proxies)
        visitor = Visitor(
            session=session,
            locale=service.words.best(locale if isinstance(locale, str) else None),
            address=service.keys.digest(f"address:{address}"),
        )
        self._visitors[sid] = visitor
        self._devices[session] += 1
        service.metrics.sockets.inc()
        await self.sio.enter_room(sid, session, namespace=NAMESPACE)
        if self._neighbours is not None:
            await self._neighbours.joined(NAMESPACE, session)
        try:
            earlier = await service.database.look(lambda tx: conversations.of_session(tx, session, MOST_CONVERSATIONS))
        except StoreError as broken:
            log.error("the database refused a request", event_name="connect", reason=str(broken))
            await self._disconnect(sid)
            return False
        words, brand = service.words, service.settings.brand
        welcome = {
            "session": token,
            "locale": visitor.locale,
            "brand": {"name": brand.name, "colour": brand.colour},
            "actions": [
                {"id": action, "label": words.text(f"action-{action.replace('_', '-')}", visitor.locale)}
                for action in ("pay_bill", "person")
            ],
            "conversations": [
                {
                    "id": row["id"],
                    "title": words.text(f"title-{row['state'].partition('.')[0].replace('_', '-')}", visitor.locale),
                    "preview": row["preview"],
                    "at": row["updated_at"],
                    "unread": row["unread"],
                    "with": row["held_by"],
                }
                for row in earlier
            ],
            "agents_online": False,
        }
        await self.sio.emit("welcome", welcome, to=sid, namespace=NAMESPACE)
        return True

    async def _disconnect(self, sid: str, reason: object = None) -> None:
        visitor = self._visitors.pop(sid, None)
        if visitor is not None:
            self._devices[visitor.session] -= 1
            if not self._devices[visitor.session]:
                del self._devices[visitor.session]
            self._service.metrics.sockets.dec()

    async def _start(self, sid: str, visitor: Visitor, asked: Start) -> Ack:
        answer = await self._turns.start(
            Beginning(visitor.session, asked.id, visitor.address, "web", visitor.locale, asked.action)
        )
        if isinstance(answer, Answer):
            await self._tell_others(answer, sid)
            return {
                "ok": True,
                "conversation": answer.conversation,
                "messages": answer.messages,
            }
        return self._refusal(answer.code, visitor.locale)

    async def _say(self, sid: str, visitor: Visitor, said: Say) -> Ack:
        answer = await self._turns.say(
            Inbound(said.conversation, visitor.session, said.id, visitor.address, said.text, said.choice)
        )
        if isinstance(answer, Answer):
            await self._tell_others(answer, sid)
            return {"ok": True, "messages": answer.messages}
        return self._refusal(answer.code, visitor.locale)

    async def _open(self, sid: str, visitor: Visitor, asked: Open) -> Ack:
        def look(tx: Tx) -> tuple[Conversation | None, list[conversations.Message]]:
            found, _ = conversations.load(tx, asked.conversation)
            if found is None or found.session != visitor.session:
                return None, []
            return found, conversations.messages_after(tx, asked.conversation, asked.after, MOST_MESSAGES)

        found, messages = await self._service.database.look(look)
        if found is None:
            return self._refusal("not_found", visitor.locale)
        return {
            "ok": True,
            "messages": [leave(self._service, found.id, message) for message in messages],
            "with": found.held_by,
        }

    async def _seen(self, sid: str, visitor: Visitor, seen: Seen) -> Ack:
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
        return await self._too_fast(sid, visitor) or self._refusal("unknown_event", visitor.locale)

    # ── how they are answered ────────────────────────────────────────────────────────────────────────────────

    def _answering(
        self, shape: type[P], handle: Callable[[str, Visitor, P], Awaitable[Ack]]
    ) -> Callable[..., Awaitable[Ack]]:
        """Wrap a handler: check pace and shape first, and turn a fault of ours into an honest refusal."""

        async def answer(sid: str, payload: object = None, *more: object) -> Ack:
            visitor = self._visitors.get(sid)
            if visitor is None:
                return self._refusal("not_found", self._service.settings.languages.default)
            if refusal := await self._too_fast(sid, visitor):
                return refusal
            try:
                asked = shape.model_validate(payload)
            except ValidationError as fault:
                return self._refusal("too_long" if _too_long(fault) else "bad_request", visitor.locale)
            self._busy.add(sid)
            try:
                return await handle(sid, visitor, asked)
            except UnsureError as broken:
                log.warning("the database was lost while it kept a request; the client asks again", reason=str(broken))
                return await self._let_go(sid)
            except StoreError as broken:
                log.error("the database refused a request", event_name=shape.__name__.lower(), reason=str(broken))
                return self._refusal("unavailable", visitor.locale)
            except Exception:
                # The turn was rolled back whole: nothing is half done, and the client may send it again.
                log.exception("a request could not be answered", event_name=shape.__name__.lower())
                return self._refusal("unavailable", visitor.locale)
            finally:
                self._busy.discard(sid)

        return answer

    async def _let_go(self, sid: str) -> Ack:
        """End a connection in place of an answer that might be wrong: its client comes back and sends again.

        Under the same id, that is, which happens once; an answer that it failed would be tried again as a new request.
        """
        connection = self.sio.manager.eio_sid_from_sid(sid, NAMESPACE)
        if connection is not None:
            await frames.hang_up(self.sio, connection)
        return {}

    async def _too_fast(self, sid: str, visitor: Visitor) -> Ack | None:
        """Count a request, once those answered before have been read; a refusal for one too many."""
        await frames.until_read(self.sio, self.sio.manager.eio_sid_from_sid(sid, NAMESPACE))
        return None if self._pace.allows(visitor.session) else self._refusal("slow_down", visitor.locale)

    async def _tell_others(self, answer: Answer, sid: str) -> None:
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


@web.middleware
async def refuse_other_sites(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Keep other sites' pages away from the socket where Socket.IO itself would let them in.

    A request without an Origin passes Socket.IO's own check. Browsers leave Origin out of simple GETs, but then they
    say with Sec-Fetch-Site where those come from; programs that are no browser say neither and need the session's
    token like anybody else. JSONP (`j=`) exists only to be read across sites.
    """
    if request.path.startswith("/socket.io/"):
        crossing = (
            "Origin" not in request.headers and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"
        )
        if crossing or "j" in request.query:
            return web.Response(status=403, text="This address serves our own pages only.")
    return await handler(request)


def _neighbours(service: Service) -> Neighbours | None:
    """The way to the service's other processes, where there is one. Services that share a Redis share no channel."""
    address = service.settings.redis.url
    if address is None:
        return None
    return Neighbours(address, f"billchat-{service.keys.digest('neighbours')}", service.metrics.redis)


def _too_long(fault: ValidationError) -> bool:
    return any(error["type"] == "string_too_long" and error["loc"] == ("text",) for error in fault.errors())
