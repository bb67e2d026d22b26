"""The composition of payments."""

import asyncio
from collections.abc import Mapping

from chatbot.conversations.requests import TurnResult
from chatbot.payments.checkout import Checkouts
from chatbot.payments.due import PaymentScheduler
from chatbot.payments.gateways.gateway import Gateway
from chatbot.payments.reports import ExternalEvents, ReportHandler
from chatbot.service import Service


class Payments:
    """The parts of payments, built once: they share the gateways and the event that wakes the scheduler.

    `gateways` may be filled until the service takes requests.
    """

    def __init__(self, service: Service, turns: ExternalEvents, gateways: Mapping[str, Gateway]) -> None:
        woken = asyncio.Event()
        self.service = service
        self.gateways = gateways
        self.checkouts = Checkouts(service, gateways, woken.set)
        self.reports = ReportHandler(service, turns, gateways, woken.set)
        self.scheduler = PaymentScheduler(service, turns, self.reports, woken)
        self._woken = woken

    async def hear_turn(self, result: TurnResult) -> None:
        """Wake the scheduler after a turn that replaced a link, whose hosted page is to be cancelled at once."""
        if result.payments_due:
            self._woken.set()
