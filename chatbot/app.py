"""The composition root: builds the web application, and starts and stops its background tasks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass

import aiohttp
import structlog
from aiohttp import web

from chatbot.channels.web.namespace import WebChannel
from chatbot.conversations.turns import Turns
from chatbot.delivery.dispatcher import Dispatcher
from chatbot.delivery.sender import Sender
from chatbot.operations import health, load_limits, retention
from chatbot.operations.clock_watch import ClockWatch
from chatbot.operations.garbage import GarbagePolicy
from chatbot.pages import assets, chat_panel, templating
from chatbot.payments import gateways, routes
from chatbot.payments.gateways.gateway import Gateway
from chatbot.payments.parts import Payments
from chatbot.service import Service

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a built application, for commands and tests: `app[PARTS]`."""

    service: Service
    turns: Turns
    dispatcher: Dispatcher
    payments: Payments
    chat: WebChannel


PARTS = web.AppKey("parts", Parts)

MakeSenders = Callable[[Service], contextlib.AbstractAsyncContextManager[Mapping[str, Sender]]]


@contextlib.asynccontextmanager
async def real_senders(service: Service) -> AsyncIterator[Mapping[str, Sender]]:
    """Open the senders of the company's SMTP server and, if configured, of its Twilio account."""
    # Late: the demo does not need these libraries, and Twilio's takes longer to load than all the others.
    from chatbot.channels.email.sender import EmailSender
    from chatbot.channels.sms.sender import SmsSender

    async with contextlib.AsyncExitStack() as stack:
        senders: dict[str, Sender] = {"email": await stack.enter_async_context(EmailSender(service))}
        if service.settings.sms.account_sid is not None:
            senders["sms"] = await stack.enter_async_context(SmsSender(service))
        yield senders


def build_app(service: Service, make_senders: MakeSenders = real_senders) -> web.Application:
    """Build the web application of a service. Its clean-up closes the service's database."""
    app = web.Application(client_max_size=64 * 1024)
    load_limits.install(app, service)
    templating.set_up(app)
    turns = Turns(service)
    senders: dict[str, Sender] = {}
    methods: dict[str, Gateway] = {}
    dispatcher = Dispatcher(service, senders)
    turns.when_queued(dispatcher.wake)
    chat = WebChannel(service, turns)
    chat.attach(app)
    payments = Payments(service, turns, methods)
    turns.subscribe(payments.hear_turn)
    app.add_routes(health.routes(service))
    app.add_routes(assets.routes(service.settings.brand.colour))
    app.add_routes([chat_panel.route(service)])
    app.add_routes(routes.routes(payments))
    app[PARTS] = Parts(service, turns, dispatcher, payments, chat)

    async def running(app: web.Application) -> AsyncIterator[None]:
        await service.database.migrate()
        async with aiohttp.ClientSession() as http, make_senders(service) as made:
            senders.update(made)
            methods.update(gateways.enabled(service.settings, http))
            if not methods:
                log.warning("no payment gateway is on; customers are told the other ways to pay")
            work = {
                "dispatcher": dispatcher.run(),
                "payments": payments.scheduler.run(),
                "retention": retention.run(service),
                "clock": ClockWatch(service, dispatcher.wake).run(),
                "garbage": GarbagePolicy(service, chat.connections).run(),
            }
            async with _in_background({**work, **chat.background_work()}):
                yield
        await service.database.close()

    app.cleanup_ctx.append(running)
    return app


@contextlib.asynccontextmanager
async def _in_background(work: Mapping[str, Coroutine[object, object, None]]) -> AsyncIterator[None]:
    """Run endless tasks beside the requests. A task that ends by itself is an error, logged as critical."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("background work stopped", task=task.get_name(), exc_info=error)

    tasks = [asyncio.create_task(each, name=name) for name, each in work.items()]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
