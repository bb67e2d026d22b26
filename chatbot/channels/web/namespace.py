"""The chat on the website: Socket.IO namespace /chat, as the wire contract says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import msgspec
import structlog
from aiohttp import web

from chatbot.channels.web.devices import ConnectedDevice, Devices, redis_fanout
from chatbot.channels.web.wire import (
    OpenPayload,
    Payload,
    SayPayload,
    SeenPayload,
    StartPayload,
    messages_to_wire,
    too_long,
    welcome,
)
from chatbot.conversations.privacy import masked
from chatbot.conversations.requests import SayRequest, StartRequest, TurnRefusal, TurnResult
from chatbot.conversations.sessions import is_over, new_session
from chatbot.conversations.turns import Turns
from chatbot.service import Service
from chatbot.sockets.connection_limits import ADDRESS_DIGEST, ConnectionLimits
from chatbot.sockets.fast_path import Ack, EventFastPath
from chatbot.sockets.message_limits import MessageLimits
from chatbot.sockets.missed_messages import MissedMessagePoller
from chatbot.sockets.origin_checks import OriginCheck, refuse_cross_site
from chatbot.sockets.rooms import Rooms
from chatbot.sockets.server import LimitedServer
from store.chats import conversations
from store.chats.conversations import Conversation, ConversationAccess, Message
from store.chats.sessions import session_times
from store.database import CommitUnknown, StoreError, Tx

log = structlog.get_logger(__name__)

NAMESPACE = "/chat"
CHANNEL = "web"
MAX_MESSAGES = 200
MAX_CONVERSATIONS = 20
# Messages read and sent at the cost of one turn.
MESSAGES_A_FRAME = 10
# How long requests in progress may take to be answered when the service stops.
SHUTDOWN_GRACE_S = 2.0

PAYLOADS: Mapping[str, type[Payload]] = {
    "start": StartPayload,
    "open": OpenPayload,
    "say": SayPayload,
    "seen": SeenPayload,
}
Handler = Callable[[str, "ConnectedDevice", Any], Awaitable[Ack]]


class WebChannel:
    """Takes turns for browsers, and publishes messages to a session's other devices."""

    def __init__(self, service: Service, turns: Turns) -> None:
        self._service = service
        self._turns = turns
        self._in_progress: set[str] = set()
        self._message_limits = MessageLimits(service)
        self._fanout = redis_fanout(service)
        self._limits = ConnectionLimits(service)
        self.sio = sio = LimitedServer(
            self._limits,
            EventFastPath(NAMESPACE, PAYLOADS, self._answer_fast),
            namespaces=[NAMESPACE],
            cors_allowed_origins=OriginCheck(service.settings.server.public_url),
            client_manager=self._fanout or Rooms(),
        )
        self._devices = Devices(NAMESPACE, sio, self._fanout)
        self._handlers: Mapping[str, Handler] = {
            "start": self._start, "open": self._open, "say": self._say, "seen": self._seen,
        }  # fmt: skip
        sio.on("connect", self._connect, namespace=NAMESPACE)
        sio.on("disconnect", self._disconnect, namespace=NAMESPACE)
        for event, payload_type in PAYLOADS.items():
            sio.on(event, self._event_handler(event, payload_type), namespace=NAMESPACE)
        sio.on("typing", self._typing, namespace=NAMESPACE)
        sio.on("*", self._unknown, namespace=NAMESPACE)
        turns.subscribe(self.publish)

    def attach(self, app: web.Application) -> None:
        """Serve Socket.IO from an application, to our own pages only."""
        app.middlewares.append(refuse_cross_site)
        app.cleanup_ctx.append(self._without_stale_connections)
        app.on_shutdown.append(self._close)
        self.sio.attach(app)

    async def _without_stale_connections(self, app: web.Application) -> AsyncIterator[None]:
        dropping = asyncio.create_task(self.sio.drop_stale_connections(), name="stale connections")
        yield
        dropping.cancel()
        await asyncio.gather(dropping, return_exceptions=True)

    async def _close(self, app: web.Application) -> None:
        """Close the transports, not the sessions: clients take that for a lost connection and reconnect.

        A connection is closed once its request in progress is answered.
        """
        deadline = asyncio.get_running_loop().time() + SHUTDOWN_GRACE_S
        waiting = set(self.sio.eio.sockets)
        while waiting:
            late = asyncio.get_running_loop().time() > deadline
            busy = set() if late else {self.sio.manager.eio_sid_from_sid(sid, NAMESPACE) for sid in self._in_progress}
            for connection in waiting - busy:
                await self.sio.close_connection(connection)
            waiting &= busy
            await asyncio.sleep(0.01 if waiting else 0)
        await self.sio.shutdown()
        await self._limits.close()

    def connections(self) -> int:
        """Return the number of open connections, joined or not."""
        return len(self.sio.eio.sockets)

    def background_work(self) -> Mapping[str, Coroutine[object, object, None]]:
        """Return the coroutines that must run beside the requests, by name."""
        if self._fanout is None:
            return {}
        poller = MissedMessagePoller(
            self._service, self._fanout, lambda: self._devices.by_session, self._publish_locally
        )
        return {"redis fan-out": self._fanout.run(), "missed messages": poller.run()}

    async def publish(self, result: TurnResult) -> None:
        """Send a turn's messages to the session's devices, except to the sender, who gets them acknowledged."""
        session, sender = result.session, result.origin
        if result.muted:
            return
        # The sender may have disconnected meanwhile, and is then not counted any more.
        local = self._devices.by_session[session] > (sender in self._devices)
        remote = self._fanout is not None and self._fanout.has_remote_members(NAMESPACE, session)
        if result.messages and (local or remote):
            await self.sio.emit(
                "messages",
                {"conversation": result.conversation, "messages": self._to_wire(result.conversation, result.messages)},
                room=session,
                skip_sid=sender,
                namespace=NAMESPACE,
            )

    async def _publish_locally(
        self, session: str, conversation: str, messages: list[Message], access: ConversationAccess
    ) -> None:
        """Send messages to a session's devices on this process only, as far as they may be read now."""
        readable = masked(self._service, access, messages)
        await self.sio.emit(
            "messages",
            {"conversation": conversation, "messages": self._to_wire(conversation, readable)},
            room=session,
            namespace=NAMESPACE,
            ignore_queue=True,
        )

    # ── clients' events ──────────────────────────────────────────────────────────────────────────────────────

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object) -> bool:
        credentials = auth if isinstance(auth, dict) else {}
        service = self._service
        sent, locale = credentials.get("session"), credentials.get("locale")
        known = service.keys.session_id(sent) if isinstance(sent, str) else None
        token, session = new_session(service.keys) if known is None else (str(sent), known)
        device = ConnectedDevice(
            session=session,
            locale=service.words.best(locale if isinstance(locale, str) else None),
            address=environ[ADDRESS_DIGEST],
        )
        service.metrics.sockets.inc()
        await self._devices.enter(sid, device)
        try:
            times, earlier = await service.database.read(
                lambda tx: (session_times(tx, session), conversations.of_session(tx, session, MAX_CONVERSATIONS))
            )
        except StoreError as error:
            log.error("the database refused a request", event_name="connect", reason=str(error))
            await self._disconnect(sid)
            return False
        if times is not None and is_over(service.settings.limits, times.created_at, times.seen_at, service.clock.now()):
            token, session = new_session(service.keys)
            earlier = []
            await self._devices.move(sid, session, times.browser)
        await self.sio.emit("welcome", welcome(service, token, device.locale, earlier), to=sid, namespace=NAMESPACE)
        return True

    async def _announce_session(self, sid: str, result: TurnResult) -> None:
        """Tell the sender of a turn about its new token, and all devices about a verification that was ended."""
        if result.renewed_token is not None:
            await self._devices.move(sid, result.session)
            event = {"session": result.renewed_token, "verified": True}
            await self.sio.emit("session", event, to=sid, namespace=NAMESPACE)
        if result.signed_out:
            await self.sio.emit("session", {"verified": False}, room=result.session, namespace=NAMESPACE)

    async def _disconnect(self, sid: str, reason: object = None) -> None:
        if self._devices.leave(sid):
            self._service.metrics.sockets.dec()

    async def _start(self, sid: str, device: ConnectedDevice, payload: StartPayload) -> Ack:
        if not self._limits.may_start(device.address, device.session):
            return self._refusal("slow_down", device.locale)
        result = await self._turns.start(
            StartRequest(
                device.session,
                payload.id,
                device.address,
                CHANNEL,
                device.locale,
                payload.action,
                sid,
                device.browser,
            )
        )
        if isinstance(result, TurnRefusal):
            return await self._refuse_turn(sid, device, result)
        messages = self._to_wire(result.conversation, result.messages)
        return {"ok": True, "conversation": result.conversation, "messages": messages}

    async def _say(self, sid: str, device: ConnectedDevice, payload: SayPayload) -> Ack:
        if not self._message_limits.may_say(device.session, device.address, payload.text):
            return self._refusal("slow_down", device.locale)
        result = await self._turns.say(
            SayRequest(
                payload.conversation, device.session, payload.id, device.address, payload.text, payload.choice, sid
            )
        )
        if isinstance(result, TurnRefusal):
            return await self._refuse_turn(sid, device, result)
        await self._announce_session(sid, result)
        ack = {"ok": True, "messages": self._to_wire(result.conversation, result.messages)}
        # Also here, since the event may overtake the acknowledgement or be lost after it.
        return ack if result.renewed_token is None else {**ack, "session": result.renewed_token}

    async def _open(self, sid: str, device: ConnectedDevice, payload: OpenPayload) -> Ack:
        def read(tx: Tx) -> tuple[Conversation | None, list[Message]]:
            conversation, _ = conversations.load(tx, payload.conversation)
            if conversation is None or conversation.session != device.session:
                return None, []
            return conversation, conversations.messages_after(tx, conversation.id, payload.after, MAX_MESSAGES)

        conversation, messages = await self._service.database.read(read)
        if conversation is None:
            return self._refusal("not_found", device.locale)
        service, created_at, seen_at = self._service, conversation.session_created_at, conversation.session_seen_at
        if is_over(service.settings.limits, created_at, seen_at, service.clock.now()):
            return await self._disconnect_instead(sid)
        self._limits.frame_wait_s(device.address, len(messages) / MESSAGES_A_FRAME)  # paid for by the next frame
        readable = masked(service, conversation, messages)
        return {"ok": True, "messages": self._to_wire(conversation.id, readable), "with": conversation.held_by}

    async def _seen(self, sid: str, device: ConnectedDevice, payload: SeenPayload) -> Ack:
        known = await self._service.database.write(
            lambda tx: conversations.mark_seen(tx, payload.conversation, device.session, payload.seq)
        )
        return {"ok": True} if known else self._refusal("not_found", device.locale)

    async def _typing(self, sid: str, *payload: object) -> None:
        """Ignore the event: nobody watches a conversation that the bot holds."""

    async def _unknown(self, event: str, sid: str, *payload: object) -> Ack:
        device = self._devices.get(sid)
        if device is None:
            return self._refusal("not_found", self._service.settings.languages.default)
        await self.sio.wait_for_drain(self.sio.manager.eio_sid_from_sid(sid, NAMESPACE))
        return self._slow_down(device) or self._refusal("unknown_event", device.locale)

    # ── acknowledgements ─────────────────────────────────────────────────────────────────────────────────────

    async def _answer_fast(self, connection: str, event: str, payload: Payload) -> Ack | None:
        """Answer an event of the fast path, which sends each acknowledgement before it reads the next frame."""
        sid = self.sio.manager.sid_from_eio_sid(connection, NAMESPACE)
        device = self._devices.get(sid)
        if device is None:
            return None
        return await self._answer(sid, device, event, payload)

    def _event_handler(self, event: str, payload_type: type[Payload]) -> Callable[..., Awaitable[Ack]]:
        """Make the handler that Socket.IO calls for an event."""

        async def handle(sid: str, payload: object = None, *more: object) -> Ack:
            device = self._devices.get(sid)
            if device is None:
                return self._refusal("not_found", self._service.settings.languages.default)
            await self.sio.wait_for_drain(self.sio.manager.eio_sid_from_sid(sid, NAMESPACE))
            try:
                decoded = msgspec.convert(payload, payload_type)
            except (msgspec.ValidationError, UnicodeError) as error:
                code = "too_long" if too_long(error) else "bad_request"
                return self._slow_down(device) or self._refusal(code, device.locale)
            return await self._answer(sid, device, event, decoded)

        return handle

    async def _answer(self, sid: str, device: ConnectedDevice, event: str, payload: Payload) -> Ack:
        """Check the rate limit, call the event's handler, and turn a fault of ours into an honest refusal."""
        if refusal := self._slow_down(device):
            await asyncio.sleep(0)  # a flood of refusals must not keep the loop from other clients
            return refusal
        self._in_progress.add(sid)
        try:
            return await self._handlers[event](sid, device, payload)
        except CommitUnknown as error:
            log.warning("the database was lost while it kept a request; the client asks again", reason=str(error))
            return await self._disconnect_instead(sid)
        except StoreError as error:
            log.error("the database refused a request", event_name=event, reason=str(error))
            return self._refusal("unavailable", device.locale)
        except Exception:
            # The turn was rolled back whole, so the client may send the request again.
            log.exception("a request could not be answered", event_name=event)
            return self._refusal("unavailable", device.locale)
        finally:
            self._in_progress.discard(sid)

    async def _refuse_turn(self, sid: str, device: ConnectedDevice, refusal: TurnRefusal) -> Ack:
        """Refuse; a client whose session is over is disconnected, and gets a new token with its next welcome."""
        if refusal.code == "session_over":
            return await self._disconnect_instead(sid)
        return self._refusal(refusal.code, device.locale)

    async def _disconnect_instead(self, sid: str) -> Ack:
        """Close a connection instead of giving an answer that may be wrong; its client reconnects and sends again.

        A resend keeps its id and is taken once; a refusal would be retried as a new request.
        """
        connection = self.sio.manager.eio_sid_from_sid(sid, NAMESPACE)
        if connection is not None:
            await self.sio.close_connection(connection)
        return {}

    def _slow_down(self, device: ConnectedDevice) -> Ack | None:
        """Count a request; return a refusal if the session is over its rate limit."""
        if self._message_limits.may_request(device.session):
            return None
        return self._refusal("slow_down", device.locale)

    def _refusal(self, code: str, locale: str) -> Ack:
        message = self._service.words.text(f"error-{code.replace('_', '-')}", locale)
        return {"ok": False, "error": {"code": code, "message": message}}

    def _to_wire(self, conversation: str, messages: Sequence[Message]) -> list[dict[str, Any]]:
        return messages_to_wire(self._service, conversation, messages)
