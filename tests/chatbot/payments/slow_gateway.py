"""A gateway whose answers wait."""

import asyncio
from dataclasses import dataclass, field, replace

from chatbot.payments.gateways.gateway import PaymentReport


@dataclass
class SlowGateway:
    """Answers a lookup with the report that it had when it was asked, once `answering` is set."""

    report: PaymentReport
    lookups: list[str] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def was_asked(self) -> bool:
        return bool(self.lookups)

    async def look_up(self, reference: str, session: str | None) -> PaymentReport:
        self.lookups.append(reference)
        report = self.report
        await self.answering.wait()
        return replace(report, reference=reference)

    async def cancel(self, reference: str, session: str | None) -> PaymentReport:
        return await self.look_up(reference, session)
