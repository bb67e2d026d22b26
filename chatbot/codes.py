"""One-time codes: who may have one, whether one is right, and how long a right one counts.

The rules and their numbers follow NIST SP 800-63B-4 §3.1.3 and §3.2.2 and OWASP ASVS 5 §6.5–6.6: six digits, ten
minutes, five tries, single use, bound to the conversation that asked; failures add up per identifier across
conversations, and no resend ever resets them. A known and an unknown identifier walk the same road and leave the
same rows; only the dispatcher, later, has nothing to send to the unknown one.
"""

import hmac
from datetime import datetime, timedelta

from chatbot.config import Limits
from chatbot.keys import new_secret_id
from chatbot.service import Service
from flows.effects import CheckCode, SendCode
from flows.events import Event
from store import billing, codes, outbox
from store.conversations import Conversation
from store.database import Tx

_CHANNELS = {"email": "email", "mobile": "sms"}
_HOUR = timedelta(hours=1)


def send(
    tx: Tx, service: Service, conversation: Conversation, effect: SendCode, address: str | None, now: datetime
) -> Event:
    """Ask for a code to an identifier; answers code_sent {wait_s, life_s} or code_refused {wait_s}.

    Whoever was verified before is not any longer: another identifier is another person until its code is right.
    """
    limits, keys = service.settings.limits, service.keys
    conversation.contact = conversation.verified_at = conversation.active_at = None
    asked = codes.asked_here(tx, conversation.id, effect.value)
    tried = {} if address is None else codes.identifiers_tried(tx, address, now - _HOUR)
    known_here = (identifier := keys.digest(effect.value)) in tried
    wait = max(
        _locked_for(tx, service, effect.value, now),
        _resend_wait(limits, asked, now),
        _budget_wait(tx, limits, effect.value, now),
        timedelta(0) if known_here else _address_wait(limits, list(tried.values()), now),
    )
    if wait > timedelta(0):
        service.metrics.codes.labels("refused").inc()
        return Event("code_refused", {"wait_s": _seconds(wait)})
    challenge = codes.Challenge(
        id=new_secret_id(),
        kind=effect.kind,
        value=effect.value,
        contact=billing.find_contact(tx, effect.kind, effect.value),
        tries=0,
        state="live",
        created_at=now,
        expires_at=now + timedelta(minutes=limits.code_minutes),
    )
    codes.issue(tx, challenge, conversation.id, conversation.channel)
    if address is not None and not known_here:
        codes.note(tx, codes.TRIED, address, identifier, now)
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
    wait = _resend_wait(limits, [*asked, now], now)
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
    return now - conversation.active_at <= timedelta(
        minutes=limits.verified_idle_minutes
    ) and now - conversation.verified_at <= timedelta(hours=limits.verified_hours)


def _check(tx: Tx, service: Service, conversation: Conversation, digits: str, now: datetime) -> str:
    limits = service.settings.limits
    challenge = codes.newest(tx, conversation.id)
    if challenge is None or challenge.state != "live" or now > challenge.expires_at:
        return "code_expired"
    if _locked_for(tx, service, challenge.value, now) or not codes.count_try(tx, challenge.id, limits.code_tries):
        return "code_used_up"
    right = hmac.compare_digest(digits.encode(), service.keys.code(challenge.id, conversation.id).encode())
    if right and challenge.contact is not None and codes.use(tx, challenge.id):
        codes.clear_failures(tx, challenge.value)
        conversation.contact = challenge.contact
        conversation.verified_at = conversation.active_at = now
        return "code_right"
    codes.note(tx, codes.FAILED, challenge.value, challenge.id, now)
    return "code_wrong" if challenge.tries + 1 < limits.code_tries else "code_used_up"


def _locked_for(tx: Tx, service: Service, value: str, now: datetime) -> timedelta:
    """Say how long an identifier's failures keep it locked; a day at a time once a hundred came in a row."""
    limits = service.settings.limits
    failed = codes.failures(tx, value, limits.failures_in_a_row)
    if len(failed) >= limits.failures_in_a_row:
        return timedelta(days=1)
    if len(failed) >= limits.failures_per_hour:
        return max(failed[limits.failures_per_hour - 1] + _HOUR - now, timedelta(0))
    return timedelta(0)


def _resend_wait(limits: Limits, asked: list[datetime], now: datetime) -> timedelta:
    """Say how long until this conversation may ask for another code to the same identifier."""
    if not asked:
        return timedelta(0)
    waits = limits.resend_waits_s
    return asked[-1] + timedelta(seconds=waits[min(len(asked), len(waits)) - 1]) - now


def _budget_wait(tx: Tx, limits: Limits, value: str, now: datetime) -> timedelta:
    """Say how long until an identifier may be sent another code, counting those that nobody answered rightly."""
    day = codes.unanswered(tx, value, now - timedelta(days=1), limits.codes_per_day)
    waits = [timedelta(0)]
    for window, most in (
        (timedelta(minutes=10), limits.codes_per_ten_minutes),
        (timedelta(days=1), limits.codes_per_day),
    ):
        if len(day) >= most:
            waits.append(day[most - 1] + window - now)
    return max(waits)


def _address_wait(limits: Limits, tried: list[datetime], now: datetime) -> timedelta:
    """Say how long until a network address may try an identifier that it has not tried yet."""
    if len(tried) < limits.identifiers_per_address_per_hour:
        return timedelta(0)
    return min(tried) + _HOUR - now


def _seconds(wait: timedelta) -> int:
    return max(1, -(-wait // timedelta(seconds=1)))
