"""One-time codes: who may have one, whether one is right, and how long a right one counts.

The rules and their numbers follow NIST SP 800-63B-4 §3.1.3 and §3.2.2 and OWASP ASVS 5 §6.5–6.6: six digits, ten
minutes, five tries, single use, bound to the conversation that asked; failures add up per identifier across
conversations, and no resend ever resets them. A known and an unknown identifier walk the same road and leave the
same rows; only the dispatcher, later, has nothing to send to the unknown one.
"""

import hmac
from datetime import datetime, timedelta

from chatbot.config.settings import LimitSettings
from chatbot.keys import new_secret_id
from chatbot.service import Service
from flows.effects import CheckCode, SendCode
from flows.events import Event
from store.chats import codes, outbox
from store.chats.codes import CodeHistory
from store.chats.conversations import Conversation
from store.database import Tx

_CHANNELS = {"email": "email", "mobile": "sms"}
_NOTHING, _SECOND, _TEN_MINUTES = timedelta(0), timedelta(seconds=1), timedelta(minutes=10)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def send(
    tx: Tx, service: Service, conversation: Conversation, effect: SendCode, address: str | None, now: datetime
) -> Event:
    """Ask for a code to an identifier; answers code_sent {wait_s, life_s} or code_refused {wait_s}.

    Whoever was verified before is not any longer: another identifier is another person until its code is right.
    """
    limits = service.settings.limits
    digest = service.keys.digest(effect.value)
    conversation.contact = conversation.verified_at = conversation.active_at = None
    request = codes.CodeRequest(conversation.id, effect.kind, effect.value, address, digest)
    history = codes.code_history(tx, request, _counts(limits), now)
    wait = _wait(limits, history, now)
    if wait > _NOTHING:
        service.metrics.codes.labels("refused").inc()
        return Event("code_refused", {"wait_s": _seconds(wait)})
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
    codes.issue(tx, challenge, conversation.id, conversation.channel)
    if address is not None and not history.tried_this:
        codes.record_attempt(tx, codes.TRIED, address, digest, now)
    outbox.queue(
        tx,
        channel=_CHANNELS[effect.kind] if challenge.contact else "none",
        recipient=effect.value,
        kind="code",
        locale=conversation.locale,
        args={"challenge": challenge.id, "conversation": conversation.id},
        now=now,
        expires_at=challenge.expires_at,
    )
    service.metrics.codes.labels("sent").inc()
    wait = _resend_wait(limits, history.asked + 1)
    return Event("code_sent", {"wait_s": _seconds(wait), "life_s": limits.code_minutes * 60})


def check(tx: Tx, service: Service, conversation: Conversation, effect: CheckCode, now: datetime) -> Event:
    """Check digits against the conversation's newest code; answers code_right, _wrong, _expired or _used_up."""
    event = _check(tx, service, conversation, effect.digits, now)
    service.metrics.codes.labels(event.removeprefix("code_")).inc()
    return Event(event)


def verified(service: Service, conversation: Conversation, now: datetime) -> bool:
    """Tell whether a right code still counts: 15 idle minutes and 12 hours at the most, unless set shorter."""
    if conversation.contact is None or conversation.verified_at is None or conversation.active_at is None:
        return False
    limits = service.settings.limits
    idle, proven = now - conversation.active_at, now - conversation.verified_at
    return (
        idle.total_seconds() <= limits.verified_idle_minutes * 60
        and proven.total_seconds() <= limits.verified_hours * 3600
    )


def _check(tx: Tx, service: Service, conversation: Conversation, digits: str, now: datetime) -> str:
    limits = service.settings.limits
    challenge = codes.take_try(tx, conversation.id, limits.code_tries, _counts(limits), now)
    if challenge is None:
        untaken = codes.newest(tx, conversation.id)
        over = untaken is None or untaken.state != "live" or now > untaken.expires_at
        return "code_expired" if over else "code_used_up"
    right = hmac.compare_digest(digits.encode(), service.keys.code(challenge.id, conversation.id).encode())
    if right and challenge.contact is not None:
        codes.use(tx, challenge)
        conversation.contact = challenge.contact
        conversation.verified_at = conversation.active_at = now
        return "code_right"
    codes.record_attempt(tx, codes.FAILED, challenge.value, challenge.id, now)
    return "code_wrong" if challenge.tries < limits.code_tries else "code_used_up"


def _counts(limits: LimitSettings) -> codes.CodeLimits:
    return codes.CodeLimits(
        failures_per_hour=limits.failures_per_hour,
        failures_in_a_row=limits.failures_in_a_row,
        codes_per_ten_minutes=limits.codes_per_ten_minutes,
        codes_per_day=limits.codes_per_day,
    )


def _wait(limits: LimitSettings, history: CodeHistory, now: datetime) -> timedelta:
    """Say how long until a code may be sent; nothing or less when it may be sent now."""
    free = [_NOTHING]
    if history.failures_in_a_row is not None:  # locked, a day at a time, until an operator unlocks it
        free.append(_DAY)
    for full_since, window in (
        (history.failures_per_hour, _HOUR),
        (history.codes_per_ten_minutes, _TEN_MINUTES),
        (history.codes_per_day, _DAY),
    ):
        if full_since is not None:
            free.append(full_since + window - now)
    if history.asked_at is not None:
        free.append(history.asked_at + _resend_wait(limits, history.asked) - now)
    address_is_full = history.tried >= limits.identifiers_per_address_per_hour
    if history.tried_at is not None and address_is_full and not history.tried_this:
        free.append(history.tried_at + _HOUR - now)
    return max(free)


def _resend_wait(limits: LimitSettings, asked: int) -> timedelta:
    """Say how long a conversation that has asked so often waits until it may ask again for the same identifier."""
    return timedelta(seconds=limits.resend_waits_s[min(asked, len(limits.resend_waits_s)) - 1])


def _seconds(wait: timedelta) -> int:
    return max(1, -(-wait // _SECOND))
