"""The demo with changed settings: `python -m tests.end_to_end.configured_demo PORT '{"team": {…}}'`."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbot.cli.web_server import run_app
from chatbot.config.settings import Settings
from chatbot.demo import app
from chatbot.operations import logs
from chatbot.payments.gateways import GATEWAYS
from tests.end_to_end.demo_server import DemoServer


@dataclass
class ConfiguredDemo(DemoServer):
    """A demo server with changed settings, by section."""

    changes: Mapping[str, Any] = field(default_factory=dict)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.end_to_end.configured_demo", str(self.port), json.dumps(self.changes)]


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with changes merged into them, at any depth."""
    return {
        **settings,
        **{
            key: merged(settings.get(key) or {}, value) if isinstance(value, dict) else value
            for key, value in changes.items()
        },
    }


def main() -> None:
    port, changes = int(sys.argv[1]), json.loads(sys.argv[2])
    logs.set_up(machine_readable=False)
    settings = Settings.with_gateways(GATEWAYS)(**merged(app.settings(port).model_dump(), changes))
    run_app(app.build(settings), settings.server)


if __name__ == "__main__":
    main()
