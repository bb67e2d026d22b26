"""A company's website on another origin, with the widget on its pages and a content policy of the test's choice."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = {"css": "text/css", "js": "text/javascript", "html": "text/html; charset=utf-8"}


@dataclass
class EmbeddingSite:
    """Serves `pages`, texts by path, under one content policy."""

    port: int = 0
    policy: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        # localhost and not 127.0.0.1: another site for browsers, not only another origin.
        return f"http://localhost:{self.port}"

    def page(self, chat: str, head: str = "", body: str = "", **settings: str) -> str:
        """Add a page with the widget's script and these data- attributes; return its address."""
        attributes = "".join(f' data-{name}="{value}"' for name, value in settings.items())
        script = f'<script src="{chat}/widget.js"{attributes} async></script>'
        path = f"/page-{len(self.pages)}.html"
        self.pages[path] = (
            '<!doctype html><html lang="en"><head><title>Northwind</title>'
            f"{head}{script}</head><body>{body}</body></html>"
        )
        return self.origin + path


@contextmanager
def embedding_site(policy: str = "") -> Iterator[EmbeddingSite]:
    """Serve a site until the block ends."""
    site = EmbeddingSite(policy=policy)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.pages.get(self.path)
            headers: Mapping[str, str] = {"Content-Type": KINDS[self.path.rpartition(".")[2]]} if body else {}
            self.send_response(200 if body else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            if site.policy:
                self.send_header("Content-Security-Policy", site.policy)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
