"""Waiting for events in tests, without assuming how fast the machine is."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

MAX_WAIT_S = 60.0
"""Ends a wait for an event that never happens. Far more than any event takes, on a loaded machine too."""
POLL_INTERVAL_S = 0.01


async def wait_until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return as soon as a condition holds, plain or asynchronous. Raises TimeoutError after MAX_WAIT_S."""
    async with asyncio.timeout(MAX_WAIT_S):
        while True:
            holds = condition()
            if await holds if inspect.isawaitable(holds) else holds:
                return
            await asyncio.sleep(POLL_INTERVAL_S)


def block_until(condition: Callable[[], bool]) -> None:
    """Wait as `wait_until` does, without an event loop."""
    deadline = time.monotonic() + MAX_WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(POLL_INTERVAL_S)
