"""The way to PostgreSQL, watched: how often Billchat waits for an answer from there."""

import asyncio
from urllib.parse import urlsplit


class Wire:
    """Stands between Billchat and PostgreSQL, hands everything on, and counts.

    A round trip is whatever Billchat sends until the server says something, and what it says. That holds for any
    way of sending statements, singly or many at once. Standing between takes time, so nothing else is measured here.
    """

    def __init__(self, server: asyncio.Server, url: str) -> None:
        self._server = server
        self.url = url
        self.round_trips = 0

    @classmethod
    async def open(cls, url: str) -> "Wire":
        """Listen in front of the server at an address; `url` is then the way through."""
        there = urlsplit(url)

        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
            await wire._pass(reader, writer, far_reader, far_writer)

        server = await asyncio.start_server(pass_on, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        wire = cls(server, url.replace(f":{there.port}/", f":{port}/", 1))
        return wire

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        asked = False

        async def there() -> None:
            nonlocal asked
            while chunk := await reader.read(65536):
                asked = True
                far_writer.write(chunk)
            far_writer.close()

        async def back() -> None:
            nonlocal asked
            while chunk := await far_reader.read(65536):
                self.round_trips += asked
                asked = False
                writer.write(chunk)
            writer.close()

        await asyncio.gather(there(), back(), return_exceptions=True)

    def close(self) -> None:
        self._server.close()
