"""The turn: one event of one conversation, taken in one transaction, with no network in it.

redact → deduplicate → understand → move the dialogue and perform what it asks → write → (after the commit) tell.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from msgspec import Struct

from chatbot.channels.web.wire import message_to_wire
from chatbot.conversations import verification
from chatbot.conversations.effects.perform import Turn, perform
from chatbot.conversations.redaction import SECRET_MASK, is_fragment, redact, splits_card
from chatbot.service import Service
from flows.engine import START, advance
from flows.events import Event
from flows.understanding.understand import chosen, understand
from store.chats import conversations
from store.chats.conversations import Conversation, Message
from store.database import StoreError, Tx
from store.ids import new_id

log = structlog.get_logger(__name__)

# An effect's answer is the next event; a dialogue that is not at rest after this many is broken.
MOST_STEPS = 20
# Messages in which a card number may have been sent piece by piece.
MOST_PIECES = 6


class SayRequest(Struct, frozen=True):
    """What a customer did: words or a choice, under the client's own id, from a session and a network address."""

    conversation: str
    session: str
    id: str
    address: str
    text: str | None = None
    choice: str | None = None

    @property
    def body(self) -> str:
        """All that may not differ between a request and its resend."""
        return f"text:{self.text}" if self.text is not None else f"choice:{self.choice}"


class StartRequest(Struct, frozen=True):
    """A conversation that a customer begins, perhaps with an action such as pay_bill."""

    session: str
    id: str
    address: str
    channel: str
    locale: str
    action: str | None


class TurnResult(Struct, frozen=True):
    """What came of a turn: the messages it wrote, as they go to clients; `replayed` when it had been taken before."""

    conversation: str
    session: str
    held_by: str
    messages: list[dict[str, Any]]
    queued: bool = False
    replayed: bool = False


class TurnRefusal(Struct, frozen=True):
    """Why a request was not taken: `not_found`, `conflict`, `closed` or `bad_request`."""

    code: str


Subscriber = Callable[[TurnResult], Awaitable[None]]
Keep = Callable[[Tx, Conversation, datetime], None]


async def _nobody(answer: TurnResult) -> None:
    """Stands in until a channel wants to hear of what was said."""


class Turns:
    """Takes turns. `tell` hears of what outside events said; `wake` is called when something waits to be sent."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.tell: Subscriber = _nobody
        self.wake: Callable[[], None] = lambda: None
        self._taken = service.metrics.turns.labels("taken")
        self._seconds = service.metrics.turn_seconds

    async def start(self, beginning: StartRequest) -> TurnResult | TurnRefusal:
        """Begin a conversation; a session's same request always begins the same one."""
        return await self._take(f"start {beginning.session} {beginning.id}", lambda tx: self._start(tx, beginning))

    async def say(self, inbound: SayRequest) -> TurnResult | TurnRefusal:
        """Take what a customer said or chose."""
        return await self._take(inbound.conversation, lambda tx: self._say(tx, inbound))

    async def apply_external_event(self, conversation: str | None, work: Callable[[Tx], Event | None]) -> None:
        """Do `work` in a transaction; an event that it returns moves the conversation in the same one."""
        answer = await self._service.database.write(lambda tx: self._happen(tx, conversation, work), conversation)
        if answer is not None:
            self._after(answer)
            await self.tell(answer)

    async def _take(self, key: str, take: Callable[[Tx], TurnResult | TurnRefusal]) -> TurnResult | TurnRefusal:
        """Take a turn; those with one key keep their order, whichever process takes them."""
        began = time.perf_counter()
        try:
            answer = await self._service.database.write(take, key)
        except StoreError:
            self._service.metrics.turns.labels("unavailable").inc()
            raise
        self._seconds.observe(time.perf_counter() - began)
        if isinstance(answer, TurnRefusal):
            self._service.metrics.turns.labels(answer.code).inc()
        else:
            self._taken.inc()
            self._after(answer)
        return answer

    def _after(self, answer: TurnResult) -> None:
        # What is asked again may have been kept by a process that died before its letters left.
        if answer.queued or answer.replayed:
            self.wake()

    def _start(self, tx: Tx, beginning: StartRequest) -> TurnResult | TurnRefusal:
        service, now = self._service, self._service.clock.now()
        digest = service.keys.digest(f"start:{beginning.action}")
        conversation, taken = conversations.begun(tx, beginning.session, beginning.id)
        if conversation is not None and taken is not None:
            return self._again(tx, conversation, taken, digest)
        conversation = Conversation(
            id=new_id(),
            session=beginning.session,
            channel=beginning.channel,
            locale=beginning.locale,
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
        )
        turn = Turn(tx, service, conversation, now, beginning.address)
        sms = service.settings.sms
        countries = sms.countries if sms.account_sid else []
        _move(
            turn,
            Event(
                "started",
                {"action": beginning.action, "region": service.settings.region.country, "countries": countries},
            ),
        )
        return self._write(turn, beginning.id, digest, keep=partial(conversations.start, request=beginning.id))

    def _say(self, tx: Tx, inbound: SayRequest) -> TurnResult | TurnRefusal:
        service, now = self._service, self._service.clock.now()
        digest = service.keys.digest(inbound.body)
        pieces: list[Message] = []
        if inbound.text is not None and is_fragment(inbound.text):
            conversation, taken, pieces = conversations.load_with_said(
                tx, inbound.conversation, inbound.id, MOST_PIECES
            )
        else:
            conversation, taken = conversations.load(tx, inbound.conversation, inbound.id)
        if conversation is None or conversation.session != inbound.session:
            return TurnRefusal("not_found")
        if taken is not None:
            return self._again(tx, conversation, taken, digest)
        if conversation.held_by == "closed":
            return TurnRefusal("closed")
        turn = Turn(tx, service, conversation, now, inbound.address)
        if verification.verified(service, conversation, now):
            conversation.active_at = now
        event = _hear(turn, inbound, pieces)
        if event is None:
            return TurnRefusal("bad_request")
        _move(turn, event)
        return self._write(turn, inbound.id, digest)

    def _happen(self, tx: Tx, name: str | None, work: Callable[[Tx], Event | None]) -> TurnResult | None:
        event = work(tx)
        if event is None or name is None:
            return None
        conversation, _ = conversations.load(tx, name)
        if conversation is None:
            return None
        turn = Turn(tx, self._service, conversation, self._service.clock.now())
        _move(turn, event if verification.verified(self._service, conversation, turn.now) else _without_balance(event))
        return self._write(turn, None, None)

    def _again(
        self, tx: Tx, conversation: Conversation, taken: conversations.ProcessedRequest, digest: str
    ) -> TurnResult | TurnRefusal:
        """Answer a request that was taken before with what was answered then."""
        if taken.digest != digest:
            return TurnRefusal("conflict")
        said = conversations.messages_of_turn(tx, conversation.id, taken.turn)
        return self._answer(conversation, said, queued=False, replayed=True)

    def _write(
        self, turn: Turn, client_id: str | None, digest: str | None, keep: Keep = conversations.save
    ) -> TurnResult:
        """Keep what the turn changed and said; a new conversation is kept by `conversations.start`."""
        keep(turn.tx, turn.conversation, turn.now)
        if turn.said:
            conversations.add_messages(turn.tx, turn.conversation.id, turn.said, client_id, digest)
        return self._answer(turn.conversation, turn.said, queued=turn.queued)

    def _answer(
        self, conversation: Conversation, said: list[Message], *, queued: bool, replayed: bool = False
    ) -> TurnResult:
        messages = [message_to_wire(self._service, conversation.id, message) for message in said]
        return TurnResult(conversation.id, conversation.session, conversation.held_by, messages, queued, replayed)


def _hear(turn: Turn, inbound: SayRequest, pieces: Sequence[Message]) -> Event | None:
    """Write down what the customer said, safe to keep, and understand it; None for a choice that never was one.

    `pieces` are messages before this one with which it may make up a card number.
    """
    conversation = turn.conversation
    if inbound.choice is not None:
        label = _label(turn, inbound.choice)
        if label is None:
            return None
        turn.write("customer", label, client_id=inbound.id)
        return chosen(inbound.choice, conversation.state, conversation.facts, conversation.offered)
    assert inbound.text is not None
    redacted = redact(inbound.text)
    if _ends_a_card(turn, inbound.text, pieces):
        turn.write("customer", SECRET_MASK, client_id=inbound.id)
        return Event("card_typed")
    turn.write("customer", redacted.clean, client_id=inbound.id)
    if redacted.card:
        return Event("card_typed")
    return understand(redacted.text, redacted.clean, conversation.state, conversation.facts, conversation.offered)


def _ends_a_card(turn: Turn, text: str, pieces: Sequence[Message]) -> bool:
    """Tell whether a text is the last piece of a card number; the pieces before it are taken out as well."""
    if not splits_card([message.text for message in pieces], text):
        return False
    for message in pieces:
        if is_fragment(message.text):
            conversations.rewrite(turn.tx, turn.conversation.id, message.seq, SECRET_MASK)
    return True


def _label(turn: Turn, choice: str) -> str | None:
    """Find what a choice was called: among those offered now, else among the newest messages'."""
    offered = turn.conversation.offered
    for option in offered:
        if option["id"] == choice:
            return option["label"]
    for message in reversed(conversations.messages_after(turn.tx, turn.conversation.id, 0, 50)):
        for option in (message.extra or {}).get("choices", ()):
            if option["id"] == choice:
                return str(option["label"])
    return None


def _without_balance(event: Event) -> Event:
    """What is left to pay is only for a customer who is verified just now, whatever else there is to tell."""
    return Event(event.name, {**event.data, "balance_minor": 0}) if "balance_minor" in event.data else event


def _move(turn: Turn, event: Event) -> None:
    """Let the dialogue take an event, and every answer to what it asks for, until it is at rest."""
    conversation = turn.conversation
    events = deque([event])
    for _ in range(MOST_STEPS):
        if not events:
            return
        outcome = advance(conversation.state, conversation.facts, events.popleft())
        conversation.state, conversation.facts = outcome.state, outcome.facts
        for effect in outcome.effects:
            answer = perform(turn, effect)
            if answer is not None:
                events.append(answer)
    raise RuntimeError(f"the dialogue found no rest in {conversation.state}")
