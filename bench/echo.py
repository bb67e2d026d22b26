"""The echo server: python-socketio on aiohttp, which answers each event with a recorded answer of Billchat's.

It parses and stores nothing, so its cost is that of the transport.
"""

import json
import sys
from pathlib import Path
from typing import Any

import socketio
from aiohttp import web


def main(port: int, answers: Path) -> None:
    """Serve the recorded answers of a dialogue, by the step's number."""
    recorded = json.loads(answers.read_text())
    sio = socketio.AsyncServer(async_mode="aiohttp", namespaces=["/chat"], cors_allowed_origins="*")

    async def answer(sid: str, payload: dict[str, Any]) -> Any:
        return recorded[payload["step"]]

    sio.on("start", answer, namespace="/chat")
    sio.on("say", answer, namespace="/chat")
    app = web.Application()
    sio.attach(app)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
