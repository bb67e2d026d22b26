"""Origin and transport checks on /socket.io/."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from chatbot.sockets.origin_checks import OriginCheck, refuse_cross_site, refuse_polling

OURS = "https://chat.example.com"


async def status_of(app: web.Application, path: str, **headers: str) -> int:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    app.router.add_get("/{path:.*}", answer)
    async with TestClient(TestServer(app)) as client, client.get(path, headers=headers) as response:
        return response.status


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        (OURS, True),
        ("http://10.0.0.7:8080", True),
        ("https://shop.example.com", False),
        ("null", False),
        ("https://[", False),
        (None, False),
    ],
)
def test_our_public_address_and_the_requested_host_are_accepted(origin: str | None, accepted: bool) -> None:
    assert OriginCheck(OURS)(origin, {"HTTP_HOST": "10.0.0.7:8080"}) is accepted


def test_a_refused_origin_is_logged_once() -> None:
    check = OriginCheck(OURS)
    with capture_logs() as logged:
        for _ in range(3):
            check("https://shop.example.com", {})
    assert len(logged) == 1


@pytest.mark.parametrize(
    ("path", "site", "status"),
    [
        ("/socket.io/?EIO=4", "same-origin", 200),
        ("/socket.io/?EIO=4", "cross-site", 403),
        ("/socket.io/?EIO=4&j=0", "same-origin", 403),
        ("/chat", "cross-site", 200),
    ],
)
async def test_cross_site_requests_without_an_origin_are_refused(path: str, site: str, status: int) -> None:
    app = web.Application(middlewares=[refuse_cross_site])
    assert await status_of(app, path, **{"Sec-Fetch-Site": site}) == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/socket.io/?transport=websocket", 200),
        ("/socket.io/?transport=polling", 400),
        ("/socket.io/", 400),
        ("/", 200),
    ],
)
async def test_only_websockets_are_let_through_where_polling_is_refused(path: str, status: int) -> None:
    app = web.Application()
    refuse_polling(app)
    assert await status_of(app, path) == status
