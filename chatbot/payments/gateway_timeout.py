"""The time limit of calls to gateways."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from chatbot.payments.gateways.gateway import Unreachable

T = TypeVar("T")

GATEWAY_TIMEOUT_S = 20.0


async def with_timeout(call: Awaitable[T]) -> T | Unreachable:
    """Await a call to a gateway; a late one is Unreachable. A customer waits for it, or the rest of a sweep."""
    try:
        async with asyncio.timeout(GATEWAY_TIMEOUT_S):
            return await call
    except TimeoutError:
        return Unreachable("timeout")
