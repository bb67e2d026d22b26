"""Twilio's client, and the meaning of its error codes."""

import logging
from datetime import timedelta
from typing import Any

import aiohttp
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from chatbot.config.settings import SmsSettings
from chatbot.delivery.sender import Failed, Retry, SendResult

# Error codes: https://www.twilio.com/docs/api/errors
# Transient: too many requests, busy, the sender's queue is full, queue overflow, unreachable, unknown.
TRANSIENT = {20429, 20503, 21611, 30001, 30003, 30008}
# The account's: not authenticated, suspended. An operator may correct it before the message expires.
ACCOUNT_ERRORS = {20003, 20005}
# Twilio does not know whether it accepted the message.
ACCEPTANCE_UNKNOWN = {20500}
TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500

# Twilio's list shows an accepted message after a moment.
LOOKUP_DELAY = timedelta(seconds=10)


class TwilioHttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client, authenticated by a header: aiohttp deprecates the library's way.

    It logs nothing, because the library's log would hold recipients. Its time limit has no effect and its retries would
    send a message twice, so that the sender has both.
    """

    def __init__(self) -> None:
        silent = logging.getLogger(f"{__name__}.silent")
        silent.disabled = True
        super().__init__(logger=silent)

    async def request(self, method: str, url: str, **options: Any) -> Any:  # noqa: ANN401 (the library is untyped)
        """Make a request."""
        auth = options.pop("auth", None)
        if auth is not None:
            headers = options.get("headers") or {}
            options["headers"] = {**headers, "Authorization": aiohttp.encode_basic_auth(*auth)}
        return await super().request(method, url, **options)


def twilio_client(settings: SmsSettings, http: TwilioHttpClient) -> Any:  # noqa: ANN401 (the library is untyped)
    """Build Twilio's client for the configured account and address."""
    assert settings.account_sid is not None
    assert settings.auth_token is not None
    client = Client(
        settings.account_sid,
        settings.auth_token.get_secret_value(),
        http_client=http,
        environment={"TWILIO_ACCOUNT_SID": settings.account_sid},  # without it, the library reads the process's own
    )
    client.api.base_url = settings.api_base_url
    return client


def error_result(error: TwilioException) -> SendResult:
    """Return the result of a try that Twilio answered with an error."""
    if not isinstance(error, (TwilioRestException, TwilioServiceException)):
        return Retry("look_up")  # the message list could not be read
    code, status = int(error.code or 0), int(error.status)
    if code in TRANSIENT or code in ACCOUNT_ERRORS or status == TOO_MANY_REQUESTS:
        return Retry(str(code))
    if code in ACCEPTANCE_UNKNOWN or status >= SERVER_ERROR:
        return Retry(str(code), after=LOOKUP_DELAY)
    return Failed(str(code))
