"""`billchat serve`: the service for real customers, in one process or several."""

import sys
from argparse import Namespace

import structlog

from chatbot.app import build_app
from chatbot.cli.web_server import run_app
from chatbot.config.load import ConfigError
from chatbot.config.serving_checks import load_to_serve
from chatbot.operations import logs, workers
from chatbot.operations.worker import WorkerContext
from chatbot.payments.gateways import GATEWAYS
from chatbot.service import open_service
from store.database import StoreError

log = structlog.get_logger(__name__)


def run(arguments: Namespace) -> int:
    """Serve until stopped: as the only process, as a supervisor of workers, or as one worker."""
    if arguments.worker is not None:
        return _run_worker(arguments)
    settings = load_to_serve(arguments.config, GATEWAYS, arguments.workers)
    logs.set_up(machine_readable=True)
    if arguments.workers > 1:
        command = [sys.executable, "-m", "chatbot", "serve", "--config", str(arguments.config)]
        return workers.run(command, settings.server.host, settings.server.port, arguments.workers)
    run_app(build_app(open_service(settings)), settings.server)
    return 0


def _run_worker(arguments: Namespace) -> int:
    """Serve as a worker. It is also started by a reload, so a reason not to start goes into the log, as JSON."""
    logs.set_up(machine_readable=True)
    try:
        settings = load_to_serve(arguments.config, GATEWAYS, processes=2)
        context = WorkerContext.parse(arguments.worker)
        run_app(build_app(open_service(settings)), settings.server, context=context)
    except ConfigError as error:
        log.error("a worker cannot start with this configuration", problems=error.problems)
        return 1
    except StoreError as error:
        log.error("a worker cannot start with this database", reason=str(error))
        return 1
    except Exception:
        log.exception("a worker ended by an error")
        return 1
    return 0
