"""The owner of an SQLite file: a new one belongs to the user who makes it, and no other user may open it."""

import os
import pwd
from pathlib import Path

from store.database import StoreError


def refuse_to_create_for_another(file: Path) -> None:
    """Raise StoreError if root would make a new file in a folder of another user, whose service could not open it."""
    if file.exists() or os.geteuid() != 0:
        return
    folder = next(each for each in file.absolute().parents if each.exists())
    owner = folder.stat().st_uid
    if owner != 0:
        raise StoreError(
            f"database {file} would belong to root, and the service of the user {_name(owner)}, who owns {folder}, "
            f"could not open it; run this as that user: sudo -u {_name(owner)} …"
        )


def is_roots(file: Path) -> bool:
    """Tell whether root makes or has this file, so that only root may open it."""
    return os.geteuid() == 0 and (not file.exists() or file.stat().st_uid == 0)


def owner_hint(file: Path) -> str:
    """Return the reason and the remedy for a file that belongs to another user than this one, else ""."""
    try:
        owner = file.stat().st_uid
    except OSError:
        return ""
    user = os.geteuid()
    if owner == user:
        return ""
    return f"; it belongs to {_name(owner)} and this is {_name(user)}: chown {_name(user)} {file} {file}-*"


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
