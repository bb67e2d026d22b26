"""Addresses of payment pages that were copied with a sentence's full stop, a bracket or a slash around them."""

import re

# A link's token is 43 characters of base64url. Anything that is no letter or digit may have been copied with it.
_COPIED = re.compile(r"/pay/[^\w-]*(?P<token>[A-Za-z0-9_-]{43})(?P<done>/done)?[\W_]*")


def clean_address(path: str) -> str | None:
    """Return the address that a path was meant to be; None where it is that address, or has no token."""
    found = _COPIED.fullmatch(path)
    if found is None:
        return None
    address = f"/pay/{found['token']}{found['done'] or ''}"
    return None if address == path else address
