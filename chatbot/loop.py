"""The event loop that the service runs on."""

import asyncio


def new_event_loop(database: str) -> asyncio.AbstractEventLoop:
    """Make the loop for a service on a database's address: uvloop's, which spends a third less on every socket.

    Python's own where uvloop is not installed, and on PostgreSQL: there a process on uvloop whose database server had
    died now and then never stopped, in half of the runs of the test of that. Why was not found.
    """
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop() if database.startswith("sqlite:") else asyncio.new_event_loop()
