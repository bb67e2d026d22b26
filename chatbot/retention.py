"""Forgetting in time: conversations, with all that was written down for them, some days after their last message."""

import asyncio
from datetime import timedelta

import structlog

from chatbot.service import Service
from store import conversations
from store.database import StoreError

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=1)
# So few at a time that customers who are talking meanwhile do not notice.
AT_ONCE = 50


async def forget(service: Service) -> int:
    """Delete the conversations whose time has come; returns how many."""
    before = service.clock.now() - timedelta(days=service.settings.retention.conversation_days)
    forgotten = 0
    while deleted := await service.database.write(lambda tx: conversations.forget_before(tx, before, AT_ONCE)):
        forgotten += deleted
    await service.database.write(lambda tx: conversations.forget_traces_before(tx, before))
    if forgotten:
        log.info("old conversations deleted", count=forgotten)
    return forgotten


async def run(service: Service) -> None:
    """Forget every hour, until cancelled."""
    while True:
        try:
            await forget(service)
        except StoreError as fault:
            log.error("old conversations could not be deleted; it is tried again in an hour", reason=str(fault))
        await asyncio.sleep(EVERY.total_seconds())
