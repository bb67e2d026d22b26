"""Codes, link tokens, session tokens and digests, all derived from the service's secret key.

Derived values are not stored, so a stolen database reveals no code and opens no link.
"""

import base64
import hashlib
import hmac
import secrets

CODE_DIGITS = 6
_TOKEN_BYTES = 32
_TAG_BYTES = 16


class Keys:
    """Derives one key per purpose from the secret, and the service's codes, tokens and digests from those."""

    def __init__(self, secret: str) -> None:
        root = secret.encode()
        self._code = _derived_key(root, "code")
        self._link = _derived_key(root, "link")
        self._link_reference = _derived_key(root, "link reference")
        self._session = _derived_key(root, "session")
        self._renewal = _derived_key(root, "session renewal")
        self._digest = _derived_key(root, "digest")

    def code(self, challenge: str, conversation: str) -> str:
        """Return the six-digit code of a challenge, bound to its conversation.

        The challenge's id holds 256 random bits, so the digits are as unpredictable as a CSPRNG's. Truncation follows
        RFC 4226 §5.3, with 64 bits instead of 31, so that no digit is likelier by more than 2⁻⁴⁴.
        """
        mac = hmac.digest(self._code, f"{challenge}:{conversation}".encode(), "sha256")
        return str(int.from_bytes(mac[:8]) % 10**CODE_DIGITS).zfill(CODE_DIGITS)

    def link_token(self, link: str) -> str:
        """Return the 256-bit token of a payment link's address, as base64url."""
        return _base64url(hmac.digest(self._link, link.encode(), "sha256"))

    def link_reference(self, link: str) -> str:
        """Return the public id of a payment link, by which cards refer to it. It opens nothing."""
        return _base64url(hmac.digest(self._link_reference, link.encode(), "sha256")[:_TAG_BYTES])

    def session_token(self) -> str:
        """Generate a browser's session token: 256 random bits and a MAC, as base64url."""
        body = secrets.token_bytes(_TOKEN_BYTES)
        return _base64url(body + self._tag(body))

    def renewed_token(self, challenge: str) -> str:
        """Return the token of the session that a right code begins, from the 256 random bits of the challenge's id."""
        body = hmac.digest(self._renewal, challenge.encode(), "sha256")
        return _base64url(body + self._tag(body))

    def session_id(self, token: str) -> str | None:
        """Return the id that a session token is stored under; None unless this service issued it."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        body, tag = raw[:_TOKEN_BYTES], raw[_TOKEN_BYTES:]
        is_ours = _base64url(raw) == token and hmac.compare_digest(tag, self._tag(body))
        return token_hash(token) if is_ours else None

    def digest(self, text: str) -> str:
        """Keyed digest of any string: 128 bits in hexadecimal."""
        return hashlib.blake2b(text.encode(), key=self._digest, digest_size=16).hexdigest()

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._session, body, "sha256")[:_TAG_BYTES]


def new_secret_id() -> str:
    """Generate an id of 256 random bits, for rows from which a secret is derived."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """Hash a token for storage. Its 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def _derived_key(root: bytes, label: str) -> bytes:
    return hmac.digest(root, f"billchat/1/{label}".encode(), "sha256")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
