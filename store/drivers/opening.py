"""Opening a database by its address."""

from pathlib import Path
from urllib.parse import urlsplit

from store.database import Database, StoreError


def open_database(url: str) -> Database:
    """Open the database at an address.

    `sqlite:///billchat.db` is a file in the current folder, `sqlite:////var/lib/billchat/billchat.db` an absolute path.
    The file and its folder are created when missing. `postgresql://user@host:5432/name` is a PostgreSQL database, which
    must exist; the address is libpq's, with all its parameters. Raises StoreError.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        from store.drivers.sqlite import open_sqlite  # late: only the driver in use is loaded

        return open_sqlite(rest)
    if scheme in ("postgresql", "postgres"):
        from store.drivers.postgres import open_postgres  # late, likewise

        return open_postgres(url)
    # The address is not repeated: it may hold a password.
    raise StoreError(
        f"database: {scheme or 'an empty address'!r} is no database we know;"
        " write sqlite:///path/to/file.db or postgresql://user@host:5432/name"
    )


def describe(url: str) -> str:
    """Name the database of an address for an operator, without user and password."""
    file = _file(url)
    if file is not None:
        return f"database {file}" if file.exists() else f"new database {file}"
    parts = urlsplit(url)
    return f"database {parts.path.removeprefix('/')} on {parts.hostname or 'this machine'}"


def refuse_missing(url: str) -> None:
    """Raise StoreError if opening the database would create a new file."""
    file = _file(url)
    if file is not None and not file.exists():
        raise StoreError(f"there is no database {file}; look at database.url, which the environment may set")


def refuse_to_create_as_root(url: str) -> str:
    """Raise StoreError if root would make a new SQLite file that the service's user could not open.

    Returns a warning, a line, for a new file in a folder of root's own, where that user is not known; otherwise "".
    """
    file = _file(url)
    if file is None or file.exists():
        return ""
    from store.drivers.file_owner import is_roots, refuse_to_create_for_another  # late, as above

    refuse_to_create_for_another(file)
    if not is_roots(file):
        return ""
    return (
        f"The new database {file} belongs to root, and a service that runs as another user cannot open it; "
        f"give it away with its folder: chown -R billchat: {file.parent}\n"
    )


def _file(url: str) -> Path | None:
    scheme, _, rest = url.partition("://")
    if scheme != "sqlite":
        return None
    from store.drivers.sqlite import path_of  # late, as above

    return path_of(rest).absolute()
