"""Whether the disk of an SQLite file has space left.

A small write proves little: the write-ahead log is a file that is written over from its beginning, so that commits go
on for a while on a disk without a free byte, and then all fail at once.
"""

import errno
import os
import tempfile
from pathlib import Path

from store.database import StoreError

NEEDED_BYTES = 1024 * 1024


def require_space(file: Path) -> None:
    """Raise StoreError unless the folder of a file takes another megabyte, quotas included. Blocks; leaves nothing."""
    try:
        with tempfile.TemporaryFile(dir=file.parent, prefix=f"{file.name}-space-") as probe:
            _reserve(probe.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            problem = "cannot grow because the disk is full; free some space"
        else:
            problem = "cannot grow; give this user the right to write its folder"
        raise StoreError(f"database {file} {problem} ({error.strerror})") from error


def _reserve(descriptor: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, NEEDED_BYTES)
    else:
        os.write(descriptor, bytes(NEEDED_BYTES))
        os.fsync(descriptor)
