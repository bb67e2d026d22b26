"""Reading request bodies: within one budget of memory and a deadline, shared out among network addresses.

An unreadable body is the client's error: 400, 413 above the limit, 408 past the deadline. A body without room in the
budget is answered 429 where its own address filled its share, and 503 where all addresses together filled it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from chatbot.http.client_address import client_address

FORM_TYPES = ("application/x-www-form-urlencoded", "application/octet-stream", "")
MAX_FORM_BYTES = 64 * 1024
MAX_FORM_FIELDS = 100
RETRY_AFTER_S = 5
# One address may fill this part of the budget, so that others always find room.
ADDRESS_SHARE = 4


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """`total_bytes`: of all bodies under way; `per_address`: bodies at once; `seconds`: from first byte to last."""

    total_bytes: int = 16 * 1024 * 1024
    per_address: int = 100
    seconds: float = 10.0


class BodyBudget:
    """The memory and time that request bodies may take.

    `refused_address` and `refused_all` hear the name of the limit that refused a body.
    """

    def __init__(
        self,
        limits: BodyLimits,
        trusted_proxies: Sequence[str] = (),
        refused_address: Callable[[str], None] = lambda _: None,
        refused_all: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._limits = limits
        self._trusted_proxies = trusted_proxies
        self._refused_address = refused_address
        self._refused_all = refused_all
        self._bytes = 0
        self._bytes_of: Counter[str] = Counter()
        self._bodies_of: Counter[str] = Counter()

    async def read(self, request: web.Request, max_bytes: int) -> bytes:
        """Return the body. Raises an HTTPException that closes the connection: its rest is not waited for."""
        if (request.content_length or 0) > max_bytes:  # refused before a byte of it is read
            _refuse(web.HTTPRequestEntityTooLarge(max_bytes, request.content_length or 0))
        address = client_address(request, self._trusted_proxies)
        if self._bodies_of[address] >= self._limits.per_address:
            self._refused_address("bodies_per_address")
            _refuse(web.HTTPTooManyRequests(text="Too many requests at once.", headers=_later()))
        if self._bytes_of[address] + (request.content_length or 0) > self._limits.total_bytes // ADDRESS_SHARE:
            self._refuse_share()
        body = bytearray()
        self._bodies_of[address] += 1
        try:
            async with asyncio.timeout(self._limits.seconds):
                while chunk := await request.content.readany():
                    body += chunk
                    self._take(address, len(chunk))
                    if len(body) > max_bytes:
                        _refuse(web.HTTPRequestEntityTooLarge(max_bytes, len(body)))
                    self._check(address)
        except TimeoutError:
            self._refused_address("body_seconds")
            _refuse(web.HTTPRequestTimeout(text="The body took too long."))
        finally:
            self._give_back(address, len(body))
        return bytes(body)

    def _take(self, address: str, size: int) -> None:
        self._bytes += size
        self._bytes_of[address] += size

    def _check(self, address: str) -> None:
        if self._bytes_of[address] > self._limits.total_bytes // ADDRESS_SHARE:
            self._refuse_share()
        if self._bytes > self._limits.total_bytes:
            self._refused_all("bodies_megabytes")
            _refuse(web.HTTPServiceUnavailable(text="Busy; send it again.", headers=_later()))

    def _refuse_share(self) -> NoReturn:
        self._refused_address("bodies_megabytes")
        _refuse(web.HTTPTooManyRequests(text="Too much at once.", headers=_later()))

    def _give_back(self, address: str, size: int) -> None:
        self._bytes -= size
        for counter, amount in ((self._bytes_of, size), (self._bodies_of, 1)):
            counter[address] -= amount
            if not counter[address]:
                del counter[address]


BODY_BUDGET = web.AppKey("body_budget", BodyBudget)


async def read_body(request: web.Request, max_bytes: int) -> bytes:
    """Return the body. Raises HTTPBadRequest if it breaks off or is badly compressed; else see the module."""
    budget = request.config_dict.get(BODY_BUDGET) or BodyBudget(BodyLimits())
    try:
        return await budget.read(request, max_bytes)
    except (HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest(text="The body cannot be read.") from error


async def read_form(request: web.Request) -> Mapping[str, str]:
    """Return a form's fields, the first of each name. Raises HTTPBadRequest if the body is not an ordinary form."""
    if request.content_type not in FORM_TYPES:
        raise web.HTTPBadRequest(text="The form cannot be read.")
    body = await read_body(request, MAX_FORM_BYTES)
    try:
        fields = parse_qsl(
            body.decode(request.charset or "utf-8"), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS
        )
    except (ValueError, LookupError) as error:
        raise web.HTTPBadRequest(text="The form cannot be read.") from error
    return dict(reversed(fields))


def _later() -> Mapping[str, str]:
    return {"Retry-After": str(RETRY_AFTER_S)}


def _refuse(refusal: web.HTTPException) -> NoReturn:
    """Raise a refusal after which the connection is closed."""
    refusal.force_close()
    raise refusal
