"""A proxy in front of PostgreSQL that counts round trips."""

import asyncio
from urllib.parse import urlsplit


class PostgresProxy:
    """Forwards all bytes between Billchat and PostgreSQL, and counts the round trips.

    A round trip is one or more chunks to the server and the first chunk of its answer, however many statements they
    hold. The proxy costs time, so nothing else is measured through it.
    """

    def __init__(self, server: asyncio.Server, url: str) -> None:
        self._server = server
        self.url = url
        self.round_trips = 0

    @classmethod
    async def open(cls, url: str) -> "PostgresProxy":
        """Listen for the server at `url`; the proxy's own address is in its attribute `url`."""
        target = urlsplit(url)

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server_reader, server_writer = await asyncio.open_connection(target.hostname, target.port)
            await proxy._forward(reader, writer, server_reader, server_writer)

        server = await asyncio.start_server(forward, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        proxy = cls(server, url.replace(f":{target.port}/", f":{port}/", 1))
        return proxy

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        awaiting_answer = False

        async def to_server() -> None:
            nonlocal awaiting_answer
            while chunk := await reader.read(65536):
                awaiting_answer = True
                server_writer.write(chunk)
            server_writer.close()

        async def to_client() -> None:
            nonlocal awaiting_answer
            while chunk := await server_reader.read(65536):
                self.round_trips += awaiting_answer
                awaiting_answer = False
                writer.write(chunk)
            writer.close()

        await asyncio.gather(to_server(), to_client(), return_exceptions=True)

    def close(self) -> None:
        self._server.close()
