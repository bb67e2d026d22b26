"""`billchat serve`: the service for real customers, in one process or several."""

import sys
from argparse import Namespace

from chatbot.app import build_app
from chatbot.cli.web_server import run_app
from chatbot.config.serving_checks import load_to_serve
from chatbot.operations import logs, workers
from chatbot.operations.worker import WorkerContext
from chatbot.payments.gateways import GATEWAYS
from chatbot.service import open_service


def run(arguments: Namespace) -> int:
    """Serve until stopped: as the only process, as a supervisor of workers, or as one worker."""
    settings = load_to_serve(arguments.config, GATEWAYS, arguments.workers)
    logs.set_up(machine_readable=True)
    if arguments.workers > 1:
        command = [sys.executable, "-m", "chatbot", "serve", "--config", str(arguments.config)]
        return workers.run(command, settings.server.host, settings.server.port, arguments.workers)
    context = None if arguments.worker is None else WorkerContext.parse(arguments.worker)
    run_app(build_app(open_service(settings)), settings.server, context=context)
    return 0
