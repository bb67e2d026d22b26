"""Structured logs: one JSON object a line for machines, or coloured lines for a developer.

Events are named by constant sentences and carry ids of ours only: no identifier, code, token or customer's words.
"""

import logging
import sys

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

# A request that is no HTTP, a body that is not packed as announced, a connection that is gone before the answer.
CLIENTS_FAULTS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)


def _is_ours(record: logging.LogRecord) -> bool:
    """Leave out what a client did wrong: it is told so, and there is nothing for us to mend."""
    return not (record.exc_info and isinstance(record.exc_info[1], CLIENTS_FAULTS))


def set_up(*, machine_readable: bool, level: int = logging.INFO) -> None:
    """Send every log line from `level` on, those of the libraries included, to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # A traceback without local variables: a local may hold what must not be logged.
    renderers: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if machine_readable
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("transitions", "twilio", "httpx", "aiosmtplib", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # These call a client's faults their own errors. What goes wrong on our side is told by chatbot.channels.
    for noisy in ("engineio.server", "socketio.server"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
