"""`billchat demo`: the demo on this machine."""

from argparse import Namespace

from chatbot.cli.web_server import run_app
from chatbot.demo import app
from chatbot.operations import logs


def run(arguments: Namespace) -> int:
    """Serve the demo until stopped; prints its address and customers when it is ready."""
    settings = app.settings(arguments.port)
    logs.set_up(machine_readable=False)
    run_app(app.build(settings), settings.server, on_started=lambda: print(app.greeting(settings), flush=True))
    return 0
