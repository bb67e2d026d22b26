"""Browsers' sessions: when one ends, and the new one that a right code begins.

A token may have been read before its customer came: on a shared computer by anybody. So a right code gives the browser
a new token, and the conversations of the old one move to it in the same transaction. The new token derives from the
challenge's id and the key, and is stored nowhere. If the answer with it is lost, the client resends its request with
the old token. For `RESEND_GRACE`, a resend with the same id and the same code is answered with the new token.
"""

from datetime import datetime, timedelta

from chatbot.config.settings import LimitSettings
from chatbot.conversations.privacy import is_verified
from chatbot.conversations.requests import SayRequest
from chatbot.conversations.turn import Turn
from chatbot.keys import Keys
from chatbot.service import Service
from store.chats import sessions
from store.chats.codes import Challenge, newest_challenge
from store.chats.conversations import Conversation, ProcessedRequest
from store.chats.sessions import Replacement
from store.database import Tx

# Channels whose sessions are browsers' tokens.
CHANNELS = ("web",)
# How long a lost answer with a new token may be asked for again with the old one.
RESEND_GRACE = timedelta(minutes=5)


def new_session(keys: Keys) -> tuple[str, str]:
    """Return a new token, and the session that it opens."""
    token = keys.session_token()
    session = keys.session_id(token)
    assert session is not None
    return token, session


def is_over(limits: LimitSettings, created_at: datetime | None, seen_at: datetime | None, now: datetime) -> bool:
    """Whether a session has ended: some time after its last turn, and after its first or the code that began it."""
    if created_at is None or seen_at is None:
        return False
    return now - seen_at > timedelta(minutes=limits.session_idle_minutes) or now - created_at > timedelta(
        hours=limits.session_hours
    )


def touch(turn: Turn) -> None:
    """Store that the customer is still there; to a twelfth of the idle time, so that few turns write it."""
    conversation, idle = turn.conversation, timedelta(minutes=turn.service.settings.limits.session_idle_minutes)
    if conversation.session_seen_at is not None and turn.now - conversation.session_seen_at > idle / 12:
        sessions.touch_session(turn.tx, conversation.session, turn.now)


def renew(turn: Turn, challenge: Challenge) -> None:
    """Give the browser of a right code a new session; `store_renewal` stores it."""
    if turn.conversation.channel not in CHANNELS:
        return
    keys = turn.service.keys
    token = keys.renewed_token(challenge.id)
    session = keys.session_id(token)
    assert session is not None
    turn.renewed_token, turn.old_session = token, turn.conversation.session
    turn.conversation.session = session


def store_renewal(turn: Turn, request: str | None) -> None:
    """Store the new session that the turn began, if it did."""
    conversation = turn.conversation
    if turn.old_session is None or conversation.contact is None or request is None:
        return
    replacement = Replacement(
        old=turn.old_session,
        new=conversation.session,
        conversation=conversation.id,
        contact=conversation.contact,
        request=request,
        locale=conversation.locale,
    )
    sessions.replace_session(turn.tx, replacement, turn.now)


def token_for_resend(
    tx: Tx,
    service: Service,
    conversation: Conversation,
    request: SayRequest,
    processed: ProcessedRequest | None,
    digest: str,
) -> str | None:
    """Return the new token for the resend of the request that began the session; None for anything else."""
    now = service.clock.now()
    if (
        processed is None
        or processed.digest != digest
        or conversation.session_replaces != request.session
        or conversation.session_request != request.id
        or conversation.session_created_at is None
        or now - conversation.session_created_at > RESEND_GRACE
        or not is_verified(conversation, service.settings.limits, now)
    ):
        return None
    challenge = newest_challenge(tx, conversation.id)
    token = None if challenge is None else service.keys.renewed_token(challenge.id)
    return token if token is not None and service.keys.session_id(token) == conversation.session else None
