"""The widget's built files and the pages' styles, compressed at start and served from memory."""

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

WIDGET_FILES = Path(__file__).parents[2] / "widget" / "dist"
PAGE_FILES = Path(__file__).parent / "templates"
# The bubble's colour in the built loader; replaced by the company's.
LOADER_COLOUR = b"#1d5fd0"
CONTENT_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Five minutes, so that a fix arrives soon; then a browser revalidates with the ETag and gets a 304.
CACHE_CONTROL = "public, max-age=300, stale-while-revalidate=86400"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with its compressed form and its headers' values."""

    body: bytes
    gzipped: bytes
    etag: str
    content_type: str

    @classmethod
    def of(cls, path: Path, body: bytes) -> "Asset":
        """Build the asset of a file from its content."""
        return cls(
            body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:20], CONTENT_TYPES[path.suffix]
        )

    async def serve(self, request: web.Request) -> web.Response:
        """Serve the file; 304 if the browser has this version."""
        headers = {
            "Cache-Control": CACHE_CONTROL,
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
            body = self.gzipped
        return web.Response(body=body, content_type=self.content_type, charset="utf-8", headers=headers)


def routes(colour: str) -> Iterable[web.RouteDef]:
    """Yield the routes: /widget.js in the company's colour (#rrggbb), and /widget/… for our own pages."""
    loader = WIDGET_FILES / "loader.js"
    yield web.get("/widget.js", Asset.of(loader, loader.read_bytes().replace(LOADER_COLOUR, colour.encode())).serve)
    for folder in (WIDGET_FILES, PAGE_FILES):
        for path in sorted(folder.iterdir()):
            if path.suffix in CONTENT_TYPES and path.name != "loader.js":
                yield web.get(f"/widget/{path.name}", Asset.of(path, path.read_bytes()).serve)
