"""Sends texts through Twilio, never more than the company means to, and never twice for want of an answer.

Twilio has no idempotency keys for messages (its error 20500 says so). A try whose fate is unknown is therefore looked
for in Twilio's list of messages before the text is sent again; the list is also why Twilio is left to keep the texts:
what it keeps of a code is worthless after ten minutes.
"""

import asyncio
import json
import logging
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import aiohttp
import phonenumbers
import structlog
from phonenumbers import PhoneNumberType
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from chatbot.config.settings import SmsSettings
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.retry_policy import SHOWN_AFTER
from chatbot.delivery.sender import Failed, Retry, SendResult, Sent
from chatbot.service import Service
from store.chats import outbox

log = structlog.get_logger(__name__)

# Twilio's error codes: https://www.twilio.com/docs/api/errors
# Worth another try: too many requests, busy, the sender's queue is full, queue overflow, unreachable, unknown.
TRANSIENT = {20429, 20503, 21611, 30001, 30003, 30008}
# Ours to put right while the letter waits: signed in wrongly, or the account is suspended.
OURS = {20003, 20005}
# Twilio does not know itself whether it took the message.
UNKNOWN = {20500}
TOO_MANY_REQUESTS, SERVER_FAULT = 429, 500

# Twilio's list needs a moment to show a message that it took without saying so.
LOOK_UP_AFTER = SHOWN_AFTER["sms"]
LOOK_THROUGH = 20
CLOCKS_APART = timedelta(minutes=2)

LONGEST_VALIDITY_S = 600
DAY = timedelta(days=1)
# Numbers that cost whoever texts them, or cannot be texted. A region without a list of its types is not doubted.
NEVER_TEXTED = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
    PhoneNumberType.PAGER,
}


class SmsSender:
    """The way out for texts; used as an asynchronous context manager."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._settings = service.settings.sms
        self._alerted: set[tuple[str, str]] = set()
        self._http: Any = None
        self._twilio: Any = None

    async def __aenter__(self) -> Self:
        """Make the client, whose connections belong to the running event loop."""
        silent = logging.getLogger(f"{__name__}.twilio")
        silent.disabled = True  # it would write down whom we text
        # Its own time limit is without effect, and its retries would send a message twice: both are ours.
        self._http = TwilioHttp(logger=silent)
        self._twilio = twilio_client(self._settings, self._http)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.close()

    async def send(self, letter: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        """Send a text. When `maybe_sent`, it is sent only if Twilio does not have it already."""
        refusal = await self._refusal(letter, key)
        if refusal is not None:
            return refusal
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                known = await self._find(letter) if maybe_sent else None
                return Sent(known or await self._create(letter))
        except TwilioException as fault:
            return outcome_of(fault)
        except aiohttp.ClientConnectorError:
            return Retry("connect")  # nothing was said, so nothing was sent
        except TimeoutError:
            return Retry("timeout", after=LOOK_UP_AFTER)
        except (aiohttp.ClientError, OSError, json.JSONDecodeError):
            return Retry("no_answer", after=LOOK_UP_AFTER)

    async def _create(self, letter: OutgoingMessage) -> str:
        message = await self._twilio.messages.create_async(
            to=letter.to,
            from_=self._settings.sender,
            body=letter.text,
            smart_encoded=True,
            **self._validity(letter),
        )
        return str(message.sid)

    def _validity(self, letter: OutgoingMessage) -> dict[str, int]:
        """Let Twilio drop a text that it cannot deliver while its code lives; its own default is ten hours."""
        if letter.expires_at is None:
            return {}
        left = int((letter.expires_at - self._service.clock.now()).total_seconds())
        return {"validity_period": max(1, min(left, LONGEST_VALIDITY_S))}

    async def _find(self, letter: OutgoingMessage) -> str | None:
        """Return Twilio's id of a text that it has already.

        Not asked for by its day: a message that waits in Twilio's queue has no date of sending yet.
        """
        messages = await self._twilio.messages.list_async(
            to=letter.to, from_=self._settings.sender, limit=LOOK_THROUGH, page_size=LOOK_THROUGH
        )
        return next((str(message.sid) for message in messages if _is(message, letter)), None)

    async def _refusal(self, letter: OutgoingMessage, key: str) -> Failed | None:
        """Refuse what the company does not mean to pay for: other countries, dear numbers, more than a day's budget."""
        try:
            number = phonenumbers.parse(letter.to)
        except phonenumbers.NumberParseException:
            return Failed("malformed")
        region = region_of(number)
        if region not in self._settings.countries:
            return self._alert("country", region)
        if phonenumbers.number_type(number) in NEVER_TEXTED:
            return self._alert("number_type", region)
        since = self._service.clock.now() - DAY
        place = await self._service.database.read(lambda tx: outbox.place_in_line(tx, key, "sms", since))
        if place > self._settings.daily_messages:
            return self._alert("budget", "all")
        return None

    def _alert(self, reason: str, region: str) -> Failed:
        """Raise the alarm once a day for each reason and region; a flood of texts must not become one of alarms."""
        today = self._service.clock.now().date().isoformat()
        self._alerted = {alert for alert in self._alerted if alert[1] == today}
        alert = (f"{reason} {region}", today)
        if alert not in self._alerted:
            self._alerted.add(alert)
            log.error("texts are refused today", reason=reason, region=region)
        return Failed(reason, told=True)


class TwilioHttp(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's own connection, which signs in by a header: the way the library does it is going from aiohttp."""

    async def request(self, method: str, url: str, **parts: Any) -> Any:  # noqa: ANN401 (the library is untyped)
        """Make a request."""
        auth = parts.pop("auth", None)
        if auth is not None:
            parts["headers"] = {**(parts.get("headers") or {}), "Authorization": aiohttp.encode_basic_auth(*auth)}
        return await super().request(method, url, **parts)


def twilio_client(settings: SmsSettings, http: Any) -> Any:  # noqa: ANN401 (the library is untyped)
    """Make Twilio's client for the configured account and address."""
    assert settings.account_sid is not None
    assert settings.auth_token is not None
    client = Client(
        settings.account_sid,
        settings.auth_token.get_secret_value(),
        http_client=http,
        environment={"TWILIO_ACCOUNT_SID": settings.account_sid},  # not the machine's: config.yaml alone decides
    )
    client.api.base_url = settings.api_base_url
    return client


def region_of(number: phonenumbers.PhoneNumber) -> str:
    """Return a number's country; the main one of its calling code where its own range is not listed."""
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )


def outcome_of(fault: TwilioException) -> SendResult:
    """Say what Twilio's answer means for the text."""
    if not isinstance(fault, (TwilioRestException, TwilioServiceException)):
        return Retry("look_up")  # the list could not be read
    code, status = int(fault.code or 0), int(fault.status)
    if code in TRANSIENT or code in OURS or status == TOO_MANY_REQUESTS:
        return Retry(str(code))
    if code in UNKNOWN or status >= SERVER_FAULT:
        return Retry(str(code), after=LOOK_UP_AFTER)
    return Failed(str(code))


def _is(message: Any, letter: OutgoingMessage) -> bool:  # noqa: ANN401 (the library is untyped)
    """Tell whether a message of Twilio's is a letter of ours. A trial account puts a sentence before every text."""
    created: datetime | None = message.date_created
    recent = created is None or created >= letter.written_at - CLOCKS_APART
    return recent and str(message.body or "").strip().endswith(letter.text.strip())
