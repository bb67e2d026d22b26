"""Forgetting in time: conversations are deleted some days after their last message."""

import asyncio
from datetime import timedelta

import structlog

from chatbot.service import Service
from store import conversations

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=1)


async def forget(service: Service) -> int:
    """Delete the conversations whose time has come; returns how many."""
    before = service.clock.now() - timedelta(days=service.settings.retention.conversation_days)
    forgotten = await service.database.write(lambda tx: conversations.forget_before(tx, before))
    if forgotten:
        log.info("old conversations deleted", count=forgotten)
    return forgotten


async def run(service: Service) -> None:
    """Forget every hour, until cancelled."""
    while True:
        await forget(service)
        await asyncio.sleep(EVERY.total_seconds())
