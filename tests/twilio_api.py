"""A fake of Twilio's Messages API, as far as we use it: records, lists, and fails on request."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from chatbot.service import Clock

ACCOUNT, TOKEN = "AC" + "0" * 32, "a token"


@dataclass(frozen=True)
class ScriptedReply:
    """The reply to the next request.

    `takes`: the message is accepted, also with an error as the reply. `hangs`, `drops`: no reply, or a cut connection.
    """

    status: int = 201
    code: int | None = None
    takes: bool = True
    hangs: bool = False
    drops: bool = False
    body: str | None = None


def error(code: int, status: int = 400, *, takes: bool = False) -> ScriptedReply:
    return ScriptedReply(status, code, takes)


@dataclass
class TwilioApi:
    """`forms` of all requests to send, `list_queries`, the messages `sent`, and the replies to come."""

    clock: Clock
    url: str = ""
    replies: list[ScriptedReply] = field(default_factory=list)
    list_replies: list[ScriptedReply] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    list_queries: list[dict[str, str]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def create(self, request: web.Request) -> web.StreamResponse:
        if refused := self._unauthorised(request):
            return refused
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.forms.append(form)
        reply = self.replies.pop(0) if self.replies else ScriptedReply()
        message = self._take(form) if reply.takes else None
        await self._fail(request, reply)
        if reply.body is not None:
            return web.Response(text=reply.body, status=reply.status)
        if reply.code is not None or message is None:
            return self._error(reply)
        return web.json_response(message, status=reply.status)

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        if refused := self._unauthorised(request):
            return refused
        self.list_queries.append(dict(request.query))
        reply = self.list_replies.pop(0) if self.list_replies else ScriptedReply(200)
        await self._fail(request, reply)
        if reply.code is not None:
            return self._error(reply)
        wanted = [
            message
            for message in reversed(self.sent)
            if message["to"] == request.query.get("To") and message["from"] == request.query.get("From")
        ]
        size = int(request.query.get("PageSize", 50))
        return web.json_response(
            {"messages": wanted[:size], "page": 0, "page_size": size, "next_page_uri": None, "uri": request.path}
        )

    def _take(self, form: dict[str, str]) -> dict[str, Any]:
        now = format_datetime(self.clock.now())
        sid = f"SM{len(self.sent):032}"
        message = {
            "sid": sid,
            "account_sid": ACCOUNT,
            "to": form["To"],
            "from": form["From"],
            "body": form["Body"],
            "status": "queued",
            "direction": "outbound-api",
            "date_created": now,
            "date_updated": now,
            "date_sent": None,
            "num_segments": "1",
            "num_media": "0",
            "error_code": None,
            "error_message": None,
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
        }
        self.sent.append(message)
        return message

    async def _fail(self, request: web.Request, reply: ScriptedReply) -> None:
        if reply.hangs:
            await asyncio.Event().wait()
        if reply.drops and request.transport is not None:
            request.transport.abort()

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        right = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        return None if request.headers.get("Authorization") == right else self._error(error(20003, 401))

    def _error(self, reply: ScriptedReply) -> web.Response:
        return web.json_response(
            {"code": reply.code, "message": "scripted", "more_info": "", "status": reply.status}, status=reply.status
        )


@contextlib.asynccontextmanager
async def twilio_api(clock: Clock) -> AsyncIterator[TwilioApi]:
    """Run the server until the block ends."""
    api = TwilioApi(clock)
    app = web.Application()
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    app.add_routes([web.post(path, api.create), web.get(path, api.list_messages, allow_head=False)])
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        await runner.cleanup()
