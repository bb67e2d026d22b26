"""The turn: one event of one conversation, taken in one transaction, with no network in it.

redact → deduplicate → understand → move the dialogue and perform its effects → write → (after the commit) publish.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog
from msgspec.structs import replace

from chatbot.conversations import sessions
from chatbot.conversations.effects.perform import EFFECTS
from chatbot.conversations.plain_digits import has_digits
from chatbot.conversations.privacy import masked
from chatbot.conversations.redaction import without_code
from chatbot.conversations.requests import SayRequest, StartRequest, TurnRefusal, TurnResult
from chatbot.conversations.turn import Turn
from chatbot.conversations.typed_text import MAX_RECENT, read_typed
from chatbot.service import Service
from flows.engine import START, advance
from flows.events import Event
from flows.understanding.understand import chosen, understand
from store.chats import conversations
from store.chats.conversations import Conversation, RecentInput
from store.database import StoreError, Tx
from store.ids import new_id

log = structlog.get_logger(__name__)

# An effect's answer is the next event; a dialogue that still has events after this many steps is broken.
MAX_STEPS = 20

_NOTHING_LEFT = {"left_minor": 0, "credit_minor": 0}

Subscriber = Callable[[TurnResult], Awaitable[None]]
SaveConversation = Callable[[Tx, Conversation, datetime], None]


class Turns:
    """Takes turns, and publishes their messages to every subscriber after the commit."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._subscribers: list[Subscriber] = []
        self._wake_senders: list[Callable[[], None]] = []
        self._taken = service.metrics.turns.labels("taken")
        self._seconds = service.metrics.turn_seconds

    def subscribe(self, subscriber: Subscriber) -> None:
        """Publish every turn's messages to one more subscriber, such as a channel."""
        self._subscribers.append(subscriber)

    def when_queued(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each turn that put something into the outbox."""
        self._wake_senders.append(wake)

    async def start(self, request: StartRequest) -> TurnResult | TurnRefusal:
        """Begin a conversation; the same request of a session always begins the same one."""
        return await self._take(f"start {request.session} {request.id}", lambda tx: self._start(tx, request))

    async def say(self, request: SayRequest) -> TurnResult | TurnRefusal:
        """Take a customer's text or choice."""
        return await self._take(request.conversation, lambda tx: self._say(tx, request))

    async def apply_external_event(self, conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        """Run `work` in a transaction; the event that it returns moves the conversation in the same transaction."""
        result = await self._service.database.write(lambda tx: self._apply(tx, conversation, work), conversation)
        if result is not None:
            await self._publish(result)

    async def _take(self, key: str, take: Callable[[Tx], TurnResult | TurnRefusal]) -> TurnResult | TurnRefusal:
        """Take a turn; turns with one key keep their order, whichever process takes them."""
        began = time.perf_counter()
        try:
            result = await self._service.database.write(take, key)
        except StoreError:
            self._service.metrics.turns.labels("unavailable").inc()
            raise
        self._seconds.observe(time.perf_counter() - began)
        if isinstance(result, TurnRefusal):
            self._service.metrics.turns.labels(result.code).inc()
        else:
            self._taken.inc()
            await self._publish(result)
        return result

    async def _publish(self, result: TurnResult) -> None:
        # A replayed turn may be of a process that died before it could wake its dispatcher.
        if result.queued or result.replayed:
            for wake in self._wake_senders:
                wake()
        if result.replayed:
            return
        for publish in self._subscribers:
            try:
                await publish(result)
            except Exception:  # the turn is committed: its sender and the other subscribers must hear of it
                log.exception("a turn could not be published", conversation=result.conversation)

    def _start(self, tx: Tx, request: StartRequest) -> TurnResult | TurnRefusal:
        service = self._service
        digest = service.keys.digest(f"start:{request.action}")
        known, processed, times = conversations.load_to_start(tx, request.session, request.id)
        now, limits = service.clock.now(), service.settings.limits
        if times is not None and sessions.is_over(limits, times.created_at, times.seen_at, now):
            return TurnRefusal("session_over")
        if known is not None and processed is not None:
            return _replay(tx, service, known, processed, digest)
        conversation = Conversation(
            id=new_id(),
            session=request.session,
            channel=request.channel,
            locale=request.locale,
            state=START,
            facts={},
            offered=[],
            held_by="bot",
            agent=None,
            last_seq=0,
            seen_seq=0,
            preview="",
            contact=None,
            verified_at=None,
            active_at=None,
            session_browser=request.browser if times is None else times.browser,
        )
        turn = Turn(tx, service, conversation, now, request.address, request.origin)
        sms = service.settings.sms
        facts = {
            "action": request.action,
            "region": service.settings.region.country,
            "countries": sms.countries if sms.account_sid else [],
            **({} if service.has_gateway else {"pays_otherwise": True}),
        }
        _run_dialogue(turn, Event("started", facts))
        return _write(turn, request.id, digest, save=partial(conversations.start, request=request.id))

    def _say(self, tx: Tx, request: SayRequest) -> TurnResult | TurnRefusal:
        service = self._service
        # A resend must have the same content under the same id.
        content = f"choice:{request.choice}" if request.text is None else f"text:{request.text}"
        digest = service.keys.digest(content)
        recent: RecentInput | None = None
        if request.text is not None and has_digits(request.text):
            conversation, processed, recent = conversations.load_with_recent(
                tx, request.conversation, request.id, MAX_RECENT
            )
        else:
            conversation, processed = conversations.load(tx, request.conversation, request.id)
        if conversation is None:
            return TurnRefusal("not_found")
        token = None
        if conversation.session != request.session:
            token = sessions.token_for_resend(tx, service, conversation, request, processed, digest)
            if token is None:
                return TurnRefusal("not_found")
        if _session_is_over(service, conversation):
            return TurnRefusal("session_over")
        if processed is not None:
            return _replay(tx, service, conversation, processed, digest, token)
        if conversation.held_by == "closed":
            return TurnRefusal("closed")
        turn = Turn(tx, service, conversation, service.clock.now(), request.address, request.origin)
        if turn.is_verified:
            conversation.active_at = turn.now
        sessions.touch(turn)
        event = _chosen(turn, request) if request.text is None else _typed(turn, request, request.text, recent)
        if event is None:
            return TurnRefusal("bad_request")
        _run_dialogue(turn, event)
        return _write(turn, request.id, digest)

    def _apply(self, tx: Tx, conversation_id: str | None, work: Callable[[Tx], Event | None]) -> TurnResult | None:
        event = work(tx)
        if event is None or conversation_id is None:
            return None
        conversation, _ = conversations.load(tx, conversation_id)
        if conversation is None:
            return None
        turn = Turn(tx, self._service, conversation, self._service.clock.now())
        _run_dialogue(turn, event if turn.is_verified else _without_rest(event))
        result = _write(turn, None, None)
        return replace(result, muted=True) if _session_is_over(self._service, conversation) else result


def _session_is_over(service: Service, conversation: Conversation) -> bool:
    created_at, seen_at = conversation.session_created_at, conversation.session_seen_at
    return sessions.is_over(service.settings.limits, created_at, seen_at, service.clock.now())


def _replay(
    tx: Tx,
    service: Service,
    conversation: Conversation,
    processed: conversations.ProcessedRequest,
    digest: str,
    token: str | None = None,
) -> TurnResult | TurnRefusal:
    """Answer a resent request with the messages of its first turn, as far as they may be read now."""
    if processed.digest != digest:
        return TurnRefusal("conflict")
    messages = masked(service, conversation, conversations.messages_of_turn(tx, conversation.id, processed.turn))
    return TurnResult(
        conversation.id, conversation.session, conversation.held_by, messages, replayed=True, renewed_token=token
    )


def _write(
    turn: Turn, request_id: str | None, digest: str | None, save: SaveConversation = conversations.save
) -> TurnResult:
    """Save the conversation and the turn's messages; `save` inserts a new conversation or updates a known one."""
    conversation = turn.conversation
    sessions.store_renewal(turn, request_id)
    save(turn.tx, conversation, turn.now)
    if turn.messages:
        conversations.add_messages(turn.tx, conversation.id, turn.messages, request_id, digest)
    return TurnResult(
        conversation.id,
        conversation.session,
        conversation.held_by,
        turn.messages,
        queued=turn.queued,
        origin=turn.origin,
        payments_due=turn.payments_due,
        renewed_token=turn.renewed_token,
        signed_out=turn.signed_out,
    )


def _chosen(turn: Turn, request: SayRequest) -> Event | None:
    """Write a choice's label as the customer's message and return its event; None for a choice never offered."""
    assert request.choice is not None
    found = _label(turn, request.choice)
    if found is None:
        return None
    label, seq = found
    turn.write("customer", label, client_id=request.id)
    conversation = turn.conversation
    if seq <= conversation.private_seq:  # the label may contain an amount, also for a customer no longer verified
        conversation.private_seq = conversation.last_seq
    return chosen(request.choice, conversation.state, conversation.facts, conversation.offered)


def _typed(turn: Turn, request: SayRequest, text: str, recent: RecentInput | None) -> Event:
    """Write a text without its secrets as the customer's message and return its event.

    `recent`: the recent messages and codes that redaction compares the digits with; None for a text without digits.
    """
    clean = text
    if recent is not None:
        redacted = read_typed(turn, text, recent.texts, recent.issued)
        text, clean = redacted.text, redacted.clean
        if redacted.card:
            turn.write("customer", clean, client_id=request.id)
            return Event("card_typed", {"text": clean})
    conversation = turn.conversation
    event = understand(text, clean, conversation.state, conversation.facts, conversation.offered)
    if event.name == "code_typed":
        clean = without_code(text, event.data["digits"])
    turn.write("customer", clean, client_id=request.id)
    return event


def _label(turn: Turn, choice: str) -> tuple[str, int] | None:
    """Return a choice's label and its message's seq: among those offered now, else in the newest messages."""
    for option in turn.conversation.offered:
        if option["id"] == choice:
            return option["label"], turn.conversation.last_seq
    for message in reversed(conversations.messages_after(turn.tx, turn.conversation.id, 0, 50)):
        for option in (message.extra or {}).get("choices", ()):
            if option["id"] == choice:
                return str(option["label"]), message.seq
    return None


def _without_rest(event: Event) -> Event:
    """Remove the remaining balance and the credit from an event, for a customer who is not verified now."""
    return Event(event.name, {**event.data, **_NOTHING_LEFT}) if "left_minor" in event.data else event


def _run_dialogue(turn: Turn, event: Event) -> None:
    """Apply an event and the answers to its effects until no event is left. Raises RuntimeError after MAX_STEPS."""
    conversation = turn.conversation
    events = deque([event])
    for _ in range(MAX_STEPS):
        if not events:
            return
        decision = advance(conversation.state, conversation.facts, events.popleft())
        conversation.state, conversation.facts = decision.state, decision.facts
        for effect in decision.effects:
            answer = EFFECTS[type(effect)](turn, effect)
            if answer is not None:
                events.append(answer)
    raise RuntimeError(f"the dialogue found no rest in {conversation.state}")
