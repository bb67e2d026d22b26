"""Sends texts through Twilio, within the company's countries and daily budget, and each at most once.

Twilio has no idempotency keys for messages (see its error 20500). After a try with an unknown result, Twilio's list of
messages is searched before the text is sent again. For that Twilio must keep the texts, codes included; a code is
worthless after ten minutes.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
import phonenumbers
import structlog
from phonenumbers import PhoneNumberType
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]

from chatbot.channels.sms.twilio import LOOKUP_DELAY, TwilioHttpClient, error_result, twilio_client
from chatbot.delivery.letter import OutgoingMessage
from chatbot.delivery.sender import Failed, Retry, Sender, SendResult, Sent
from chatbot.service import Service
from store.chats import outbox

log = structlog.get_logger(__name__)

CHANNEL = "sms"
MALFORMED = "malformed"
LOOKUP_LIMIT = 20
MAX_CLOCK_SKEW = timedelta(minutes=2)
MAX_VALIDITY_S = 600
BUDGET_PERIOD = timedelta(days=1)
# Numbers that cost their callers extra, or receive no texts. Some regions do not tell the types of their numbers apart.
BLOCKED_NUMBER_TYPES = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
    PhoneNumberType.PAGER,
}


class SmsSender(Sender):
    """The sender of texts; an asynchronous context manager."""

    lookup_delay = LOOKUP_DELAY

    def __init__(self, service: Service) -> None:
        self._service = service
        self._settings = service.settings.sms
        self._alerted: set[tuple[str, str]] = set()
        self._http: Any = None
        self._twilio: Any = None

    async def __aenter__(self) -> Self:
        """Build the client. Its connections belong to the running event loop."""
        self._http = TwilioHttpClient()
        self._twilio = twilio_client(self._settings, self._http)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.close()

    async def send(self, message: OutgoingMessage, *, key: str, maybe_sent: bool) -> SendResult:
        """Send a text. When `maybe_sent`, it is sent only if Twilio does not list it."""
        refusal = await self._refusal(message, key)
        if refusal is not None:
            return Failed(MALFORMED) if refusal[0] == MALFORMED else self._alert(*refusal)

        async def request() -> str:
            accepted = await self._find(message) if maybe_sent else None
            return accepted or await self._create(message)

        return await self._request(request)

    async def _request(self, request: Callable[[], Awaitable[str | None]]) -> SendResult:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return Sent(await request())
        except TwilioException as error:
            return error_result(error)
        except aiohttp.ClientConnectorError:
            return Retry("connect")  # no request was made, so nothing was sent
        except TimeoutError:
            return Retry("timeout", after=LOOKUP_DELAY)
        except (aiohttp.ClientError, OSError, json.JSONDecodeError):
            return Retry("no_answer", after=LOOKUP_DELAY)

    async def imitate(self, message: OutgoingMessage, *, key: str) -> SendResult:
        """Do the checks for a text and ask Twilio for a list that is always empty, so that a request is made."""
        if await self._refusal(message, key) is not None:
            return Failed("not needed")
        nobody = msgspec.structs.replace(message, to=self._settings.sender or "")
        return await self._request(lambda: self._find(nobody))

    async def _create(self, message: OutgoingMessage) -> str:
        created = await self._twilio.messages.create_async(
            to=message.to,
            from_=self._settings.sender,
            body=message.text,
            smart_encoded=True,
            **self._validity(message),
        )
        return str(created.sid)

    def _validity(self, message: OutgoingMessage) -> dict[str, int]:
        """Return the period in seconds after which Twilio drops an undelivered text; its own default is ten hours."""
        if message.expires_at is None:
            return {}
        left = int((message.expires_at - self._service.clock.now()).total_seconds())
        return {"validity_period": max(1, min(left, MAX_VALIDITY_S))}

    async def _find(self, message: OutgoingMessage) -> str | None:
        """Return Twilio's id of a text that it accepted before.

        The list is not filtered by date: a message in Twilio's queue has no date of sending.
        """
        listed = await self._twilio.messages.list_async(
            to=message.to, from_=self._settings.sender, limit=LOOKUP_LIMIT, page_size=LOOKUP_LIMIT
        )
        return next((str(each.sid) for each in listed if _is_same(each, message)), None)

    async def _refusal(self, message: OutgoingMessage, key: str) -> tuple[str, str] | None:
        """Return the reason and the region of a text that the company does not pay for.

        These are texts to other countries, to expensive numbers, and over the daily budget.
        """
        try:
            number = phonenumbers.parse(message.to)
        except phonenumbers.NumberParseException:
            return MALFORMED, ""
        region = region_of(number)
        if region not in self._settings.countries:
            return "country", region
        if phonenumbers.number_type(number) in BLOCKED_NUMBER_TYPES:
            return "number_type", region
        since = self._service.clock.now() - BUDGET_PERIOD
        place = await self._service.database.read(lambda tx: outbox.send_rank(tx, key, CHANNEL, since))
        return ("budget", "all") if place > self._settings.daily_messages else None

    def _alert(self, reason: str, region: str) -> Failed:
        """Log an error once a day for each reason and region: a flood of texts must not become a flood of alerts."""
        today = self._service.clock.now().date().isoformat()
        self._alerted = {alert for alert in self._alerted if alert[1] == today}
        alert = (f"{reason} {region}", today)
        if alert not in self._alerted:
            self._alerted.add(alert)
            log.error("texts are refused today", reason=reason, region=region)
        return Failed(reason, alerted=True)


def region_of(number: phonenumbers.PhoneNumber) -> str:
    """Return a number's country, or the main country of its calling code if its range is not listed."""
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )


def _is_same(listed: Any, message: OutgoingMessage) -> bool:  # noqa: ANN401 (the library is untyped)
    """Compare a message of Twilio's list with ours. A trial account puts a sentence before every text."""
    created: datetime | None = listed.date_created
    recent = created is None or created >= message.written_at - MAX_CLOCK_SKEW
    return recent and str(listed.body or "").strip().endswith(message.text.strip())
