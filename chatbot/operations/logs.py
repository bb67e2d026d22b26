"""Structured logs: one JSON object a line for machines, or coloured lines for a developer.

Events are constant sentences. Their fields hold our own ids only: no identifier, code, token or customer's words.
"""

import logging
import sys

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

# Invalid HTTP, a body that does not match its Content-Encoding, a connection closed before the response.
CLIENT_ERRORS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)


def _is_server_error(record: logging.LogRecord) -> bool:
    """Filter out client errors: the client has its answer, and an operator can do nothing about them."""
    return not (record.exc_info and isinstance(record.exc_info[1], CLIENT_ERRORS))


def set_up(*, machine_readable: bool, level: int = logging.INFO) -> None:
    """Write all logs from `level` up, those of the libraries included, to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks without local variables, which may hold secrets.
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
    # These log client errors as errors of the server. chatbot.channels logs our own.
    for noisy in ("engineio.server", "socketio.server"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    logging.getLogger("aiohttp.server").addFilter(_is_server_error)
