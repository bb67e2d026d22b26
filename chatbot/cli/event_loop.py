"""The event loop that the service runs on."""

import asyncio


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make uvloop's, which spends a third less on every socket; Python's own on systems that uvloop lacks."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
