"""One-time codes: whether one may be sent, and whether one is right.

The rules and their numbers follow NIST SP 800-63B-4 §3.1.3 and §3.2.2 and OWASP ASVS 5 §6.5–6.6: six digits, ten
minutes, five tries, single use, bound to the conversation that asked for it; failures add up per identifier across
conversations, and a resend never resets a count. Known and unknown identifiers take the same steps and leave the same
rows; only the dispatcher, later, has nothing to send to an unknown one.
"""

import hmac
from datetime import timedelta

from chatbot.conversations import sessions
from chatbot.conversations.code_history import read_code_history
from chatbot.conversations.code_limits import query_limits, resend_wait, time_until_allowed
from chatbot.conversations.turn import Turn
from chatbot.keys import new_secret_id
from flows.effects import CheckCode, EndVerification, KnowContact, SendCode
from flows.events import Event
from store.chats import codes
from store.chats.sessions import sign_out

# The outbox channel that reaches each kind of identifier.
CHANNELS = {"email": "email", "mobile": "sms"}

_SECOND = timedelta(seconds=1)


def send_code(turn: Turn, effect: SendCode) -> Event:
    """Queue a code for an identifier. Answers: `code_sent` {wait_s, life_s} or `code_refused` {wait_s}, in seconds.

    An earlier verification ends: another identifier may be another person.
    """
    service, conversation, now = turn.service, turn.conversation, turn.now
    limits = service.settings.limits
    digest = service.keys.digest(effect.value)
    turn.end_verification()
    request = codes.CodeRequest(
        conversation=conversation.id,
        kind=effect.kind,
        value=effect.value,
        address=turn.address,
        digest=digest,
        browser=service.keys.digest(f"{conversation.session_browser or conversation.session} {effect.value}"),
    )
    history = read_code_history(turn, request, query_limits(limits))
    wait = time_until_allowed(limits, history, now)
    if wait > timedelta(0):
        service.metrics.codes.labels("refused").inc()
        return Event("code_refused", {"wait_s": whole_seconds(wait)})
    challenge = codes.Challenge(
        id=new_secret_id(),
        kind=effect.kind,
        value=effect.value,
        contact=history.contact,
        tries=0,
        state="live",
        created_at=now,
        expires_at=now + timedelta(minutes=limits.code_minutes),
    )
    codes.issue(turn.tx, challenge, request, conversation.channel)
    if turn.address is not None and not history.tried_this:
        codes.record_attempt(turn.tx, codes.TRIED, turn.address, digest, now)
    turn.queue(
        "code",
        channel=CHANNELS[effect.kind] if challenge.contact else "none",
        recipient=effect.value,
        locale=conversation.locale,
        args={"challenge": challenge.id, "conversation": conversation.id},
        expires_at=challenge.expires_at,
    )
    service.metrics.codes.labels("sent").inc()
    wait = resend_wait(limits, history.asked + 1)
    return Event("code_sent", {"wait_s": whole_seconds(wait), "life_s": limits.code_minutes * 60})


def check_code(turn: Turn, effect: CheckCode) -> Event:
    """Check digits against the newest code.

    Answers: `code_right`, `code_wrong`, `code_superseded`, `code_expired` or `code_used_up`.
    """
    event = _check(turn, effect.digits)
    turn.service.metrics.codes.labels(event.removeprefix("code_")).inc()
    return Event(event)


def know_contact(turn: Turn, _: KnowContact) -> Event:
    """Tell whether the team can reply to the customer. Answers: `contact_known` or `contact_unknown`."""
    return Event("contact_known" if turn.is_verified else "contact_unknown")


def end_verification(turn: Turn, effect: EndVerification) -> None:
    """End the verification of this conversation, or of all of its browser's."""
    turn.end_verification()
    turn.signed_out = True
    if effect.everywhere:
        sign_out(turn.tx, turn.conversation.session, turn.now)


def not_verified(turn: Turn) -> Event:
    """The answer to an effect that needs a verified customer; `expired` after an earlier verification ran out."""
    return Event("not_verified", {"expired": turn.conversation.contact is not None})


def _check(turn: Turn, digits: str) -> str:
    service, conversation, now = turn.service, turn.conversation, turn.now
    limits = service.settings.limits
    challenge = codes.take_try(turn.tx, conversation.id, turn.address, limits.code_tries, query_limits(limits), now)
    if challenge is None:
        newest = codes.newest_challenge(turn.tx, conversation.id)
        is_over = newest is None or newest.state != "live" or now > newest.expires_at
        return "code_expired" if is_over else "code_used_up"
    right = hmac.compare_digest(digits.encode(), service.keys.code(challenge.id, conversation.id).encode())
    if right and challenge.contact is not None:
        codes.mark_used(turn.tx, challenge)
        if turn.address is not None:
            codes.clear_suspicion(turn.tx, turn.address, service.keys.digest(challenge.value), now)
        conversation.contact = challenge.contact
        conversation.verified_at = conversation.active_at = now
        conversation.verified_kind, conversation.verified_value = challenge.kind, challenge.value
        if conversation.private_to != challenge.contact:
            conversation.private_to, conversation.private_after = challenge.contact, conversation.private_seq
        sessions.renew(turn, challenge)
        return "code_right"
    codes.record_attempt(turn.tx, codes.FAILED, challenge.value, turn.address or "", now)
    if turn.address is not None:
        codes.record_attempt(turn.tx, codes.ADDRESS_FAILED, turn.address, service.keys.digest(challenge.value), now)
    if challenge.tries >= limits.code_tries:
        return "code_used_up"
    return "code_superseded" if _is_superseded(turn, digits) else "code_wrong"


def _is_superseded(turn: Turn, digits: str) -> bool:
    """Tell whether digits are those of an earlier code of the conversation, for a known or an unknown identifier alike.

    The try was counted before. An earlier code opens nothing, so a guesser who hits one by chance gains nothing; and
    nobody else than its reader can tell from the answer that it was sent.
    """
    derive, conversation = turn.service.keys.code, turn.conversation.id
    earlier = [derive(challenge, conversation) for challenge in codes.superseded_challenges(turn.tx, conversation)]
    return sum(hmac.compare_digest(digits.encode(), code.encode()) for code in earlier) > 0  # all: in the same time


def whole_seconds(wait: timedelta) -> int:
    """Return a wait in seconds, rounded up, at least one."""
    return max(1, -(-wait // _SECOND))
