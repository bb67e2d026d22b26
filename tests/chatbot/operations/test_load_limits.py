"""The limits in front of an application, and what its answers say of it."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatbot.operations import load_limits
from tests.service_fixture import ServiceFixture


async def test_no_answer_names_the_versions_that_serve_it(billchat: ServiceFixture) -> None:
    async def fault(request: web.Request) -> web.Response:
        raise RuntimeError("a fault of ours")

    app = web.Application()
    load_limits.install(app, billchat.service)
    app.add_routes([web.get("/fault", fault)])
    async with TestClient(TestServer(app)) as client:
        for path in ("/fault", "/nowhere"):
            async with client.get(path) as answer:
                assert answer.headers["Server"] == "billchat"
                assert "aiohttp" not in f"{answer.headers}{await answer.text()}"
