"""Bad requests over plain HTTP: no page fails, and no forged webhook counts."""

import asyncio
import io
import json
import socket
from contextlib import suppress

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.end_to_end.configured_demo import ConfiguredDemo
from tests.waiting import MAX_WAIT_S

pytestmark = pytest.mark.usefixtures("other_customers_unaffected")

PATHS = [
    "/pay/", "/pay/x", "/pay/" + "A" * 43, "/pay/" + "a" * 5000, "/pay/%00", "/pay/%ff%fe",
    "/pay/..%2f..%2fetc%2fpasswd", "/pay/<script>",
    "/pay/x/done", "/pay/x/done?closed=1&still=%00", "/pay/x/y/z", "/chat?locale=%00", "/chat?locale=../../x",
    "/chat?locale=%ff",
    "/chat?locale=" + "e" * 3000, "/chat?locale=en&locale=es", "/chat?locale[]=x", "/chat?%00=%00", "/webhooks/",
    "/webhooks/nobody",
    "/sandbox/checkout/x", "/sandbox/checkout/%00", "/sandbox/api/checkouts", "/widget/../config.yaml",
    "/widget/%2e%2e/%2e%2e/etc/passwd",
    "/dev/inbox.json?x=%00", "/account", "/console", "/api/v1/accounts", "/api/openapi.json", "/socket.io",
    "/SOCKET.IO/", "//evil.example/",
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"])
async def test_no_path_and_no_method_breaks_a_page(target: ConfiguredDemo, method: str) -> None:
    async with aiohttp.ClientSession() as http:
        for path in PATHS:
            async with http.request(method, target.url + path, allow_redirects=False) as answer:
                assert answer.status < 500, path
                assert "Traceback" not in (body := await answer.text())
                if answer.content_type == "text/html":
                    assert "<script>" not in body


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=nothing", b"method=sandbox"),
        ("application/x-www-form-urlencoded", b"a=\xff\xfe&%ff=%"),
        ("application/x-www-form-urlencoded", b"&" * 60_000), ("application/x-www-form-urlencoded",
        b"method=sandbox" * 100_000),
        ("multipart/form-data", b"x"), ("multipart/form-data; boundary=a", b"x"), ("multipart/form-data; boundary=a",
        b"--a\r\n\r\n"),
        ("multipart/form-data; boundary=" + "a" * 300, b"x"), ("multipart/form-data; boundary=a",
        b"--a\r\nContent-Length: x\r\n\r\nx\r\n--a--"),
        ("multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="method"; filename="x"\r\n\r\nx\r\n--a--\r\n'),
        ("application/json", b"{"), ("\x7f" if False else "text/plain", b"\x00"), ("", b""),
    ],
)  # fmt: skip
async def test_forms_that_are_none_are_the_senders_fault(
    target: ConfiguredDemo, content_type: str, body: bytes
) -> None:
    async with aiohttp.ClientSession() as http:
        for path in ("/pay/nobody", "/sandbox/checkout/nobody"):
            headers = {"Content-Type": content_type}
            async with http.post(
                target.url + path, data=io.BytesIO(body), headers=headers, allow_redirects=False
            ) as answer:
                assert answer.status < 500


async def test_what_is_no_http_is_refused(target: ConfiguredDemo) -> None:
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 200, b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n",
        b"GET /" + b"a" * 20_000,
        b"GET /chat HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /chat HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"POST /pay/x HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /pay/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /pay/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /webhooks/sandbox HTTP/1.1\r\nHost: a\r\nContent-Encoding: deflate\r\nContent-Length: 3\r\n\r\nxxx",
        b"GET /chat HTTP/1.1\r\nHost: a\r\nEvil\r\n header: x\r\n\r\n",
    ):  # fmt: skip
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        writer.write(sent)
        writer.write_eof()
        with suppress(ConnectionError):
            async with asyncio.timeout(MAX_WAIT_S):
                answer = await reader.read(200)
            assert answer == b"" or b" 40" in answer or b" 413" in answer, (sent[:60], answer)
        writer.close()


async def test_a_host_that_is_not_ours_is_never_repeated(target: ConfiguredDemo) -> None:
    spoofed = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "evil",
        "X-Original-URL": "/evil.example",
    }
    async with aiohttp.ClientSession(headers=spoofed) as http:
        for path in (
            "/",
            "/chat",
            "/widget.js",
            "/pay/nobody",
            "/pay/nobody/done",
            "/healthz",
            "/nothing",
        ):
            async with http.get(target.url + path, allow_redirects=False) as answer:
                assert "evil.example" not in await answer.text()
                assert "evil.example" not in str(answer.headers)


async def test_the_metrics_are_not_for_strangers(target: ConfiguredDemo) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{target.url}/metrics") as answer:
            assert answer.status == 200
        async with http.get(f"{target.url}/metrics", headers={"X-Forwarded-For": "8.8.8.8"}) as answer:
            assert answer.status == 403
            assert "billchat" not in await answer.text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(st.binary(max_size=300), st.recursive(st.none() | st.integers() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(lambda x: json.dumps(x).encode())),
    signature=st.one_of(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80),
        st.builds("t={},v1={}".format, st.integers(), st.text("0123456789abcdef", max_size=64)),
        st.sampled_from(["", "t", "t=,v1=", "v1=x", "t=1,t=2,v1=", "t=99999999999,v1=00", "t=-1,v1=00"]),
    ),
    gateway=st.sampled_from(["sandbox", "stripe", "%00", "sandbox/x"]),
)  # fmt: skip
def test_no_webhook_that_nobody_signed_is_believed(
    target: ConfiguredDemo, body: bytes, signature: str, gateway: str
) -> None:
    with socket.create_connection(("127.0.0.1", target.port), timeout=MAX_WAIT_S) as connection:
        lines = (
            f"POST /webhooks/{gateway} HTTP/1.1", "Host: a", f"Sandbox-Signature: {signature}",
            f"Content-Length: {len(body)}", "Connection: close", "", "",
        )  # fmt: skip
        head = "\r\n".join(lines)
        connection.sendall(head.encode() + body)
        status = connection.recv(64).split()[1]
    assert status in (b"400", b"404")


async def test_a_signature_of_odd_bytes_is_refused(target: ConfiguredDemo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    writer.write(b"POST /webhooks/sandbox HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n")
    writer.write(b"Sandbox-Signature: t=1,v1=\xff\xfe\r\n\r\n{}")
    assert b" 400 " in await reader.readline()
    writer.close()
