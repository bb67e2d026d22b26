"""Everything that is derived from the service's secret key: codes, links' tokens, session tokens, digests.

What is derived need not be stored: a stolen database holds no code and opens no link.
"""

import base64
import hashlib
import hmac
import secrets

CODE_DIGITS = 6
_TOKEN_BYTES = 32
_TAG_BYTES = 16


class Keys:
    """Derives per-purpose keys from one secret, and from them the values that leave the service."""

    def __init__(self, secret: str) -> None:
        root = secret.encode()
        self._code = _purpose(root, "code")
        self._link = _purpose(root, "link")
        self._session = _purpose(root, "session")
        self._digest = _purpose(root, "digest")

    def code(self, challenge: str, conversation: str) -> str:
        """Return the six digits of a challenge, bound to the conversation that asked for it.

        The challenge's id carries 256 random bits, so the digits are as good as drawn by a CSPRNG (the truncation of
        RFC 4226 §5.3, with 64 bits in place of 31 so that no digit is likelier by more than 2⁻⁴⁴).
        """
        mac = hmac.digest(self._code, f"{challenge}:{conversation}".encode(), "sha256")
        return str(int.from_bytes(mac[:8]) % 10**CODE_DIGITS).zfill(CODE_DIGITS)

    def link_token(self, link: str) -> str:
        """Return the 256-bit token in a payment link's address."""
        return _text(hmac.digest(self._link, link.encode(), "sha256"))

    def session_token(self) -> str:
        """Make a browser's token: 256 random bits and a tag that proves it was made here."""
        body = secrets.token_bytes(_TOKEN_BYTES)
        return _text(body + self._tag(body))

    def session_id(self, token: str) -> str | None:
        """Return the id under which a browser's token is remembered; None if it was not made here."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        body, tag = raw[:_TOKEN_BYTES], raw[_TOKEN_BYTES:]
        made_here = _text(raw) == token and hmac.compare_digest(tag, self._tag(body))
        return token_hash(token) if made_here else None

    def digest(self, body: str) -> str:
        """Fingerprint a request's body, so that a resend can be told from another text under the same id."""
        return hashlib.blake2b(body.encode(), key=self._digest, digest_size=16).hexdigest()

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._session, body, "sha256")[:_TAG_BYTES]


def new_secret_id() -> str:
    """Make an id of 256 random bits, for rows from which something secret is derived."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """Hash a token of 256 random bits for storage; with that many bits it needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def _purpose(root: bytes, label: str) -> bytes:
    return hmac.digest(root, f"billchat/1/{label}".encode(), "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
