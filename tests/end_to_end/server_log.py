"""Errors in the log of a server under test."""

import re
from pathlib import Path

COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")
ERROR_LINE = re.compile(r"(?m)^.*(?:\[error|\[critical|Traceback|Exception|Error:|never retrieved).*$")


def logged_errors(log: Path, since: int = 0) -> list[str]:
    """Return the lines of a log that report an error, from a byte offset on."""
    return ERROR_LINE.findall(COLOUR_CODES.sub("", log.read_bytes()[since:].decode()))
