"""The widget's built files and the pages' styles, served from memory, compressed once."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

WIDGET = Path(__file__).parents[2] / "widget" / "dist"
PAGES = Path(__file__).parent / "templates"
# The bubble's colour as the loader is built; the company's own takes its place.
LOADER_COLOUR = b"#1d5fd0"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Short enough for a fix to reach everybody within minutes; after that a browser asks with the ETag and gets a 304.
CACHE = "public, max-age=300, stale-while-revalidate=86400"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    body: bytes
    zipped: bytes
    etag: str
    content_type: str

    @classmethod
    def of(cls, path: Path, body: bytes) -> "Asset":
        """Compress what a file holds."""
        return cls(body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:20], _TYPES[path.suffix])

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a request for the file; 304 where the browser has it already."""
        headers = {
            "Cache-Control": CACHE,
            "ETag": f'"{self.etag}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if any(tag.value == self.etag for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        body = self.body
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = self.zipped
        return web.Response(body=body, content_type=self.content_type, charset="utf-8", headers=headers)


def routes(colour: str) -> Iterable[web.RouteDef]:
    """Yield the routes: /widget.js for the company's pages, in its colour, and the rest for our own."""
    loader = WIDGET / "loader.js"
    yield web.get("/widget.js", Asset.of(loader, loader.read_bytes().replace(LOADER_COLOUR, colour.encode())).serve)
    for folder in (WIDGET, PAGES):
        for path in sorted(folder.iterdir()):
            if path.suffix in _TYPES and path.name != "loader.js":
                yield web.get(f"/widget/{path.name}", Asset.of(path, path.read_bytes()).serve)
