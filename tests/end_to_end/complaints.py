"""What a server's log has to complain of."""

import re
from pathlib import Path

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
COMPLAINT = re.compile(r"(?m)^.*(?:\[error|\[critical|Traceback|Exception|Error:|never retrieved).*$")


def complaints(log: Path, since: int = 0) -> list[str]:
    """The lines of a log, past its first bytes, that tell of a fault."""
    return COMPLAINT.findall(COLOURS.sub("", log.read_bytes()[since:].decode()))
