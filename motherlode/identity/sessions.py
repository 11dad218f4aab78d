"""Browser sessions: the secret in the cookie, and the tokens that forms must carry. Does not use the database.

A secret is 256 random bits. Only its SHA-256 is stored, as for an API key. A form's token is derived from the secret of
its session, so it can only be made by a client that can read the cookie, and no token needs to be stored. Before the
user signs in, forms use a separate secret. A token never looks the same twice: it is masked with random bytes that
precede it, so that the length of a compressed page reveals nothing about it.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Final

_BYTES: Final = 32
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_MASKED: Final = re.compile(rf"[0-9a-f]{{{4 * _BYTES}}}")


@dataclass(frozen=True, slots=True)
class NewSession:
    """A new session. `secret` is only for the cookie; `digest` (32 bytes) is stored."""

    secret: str
    digest: bytes


def make_session() -> NewSession:
    """Generate a random session."""
    secret = make_secret()
    return NewSession(secret, digest_of(secret))


def make_secret() -> str:
    """A random secret: 43 letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_BYTES)


def is_well_formed(secret: str) -> bool:
    """Whether the text has the format of a session secret."""
    return _FORM.fullmatch(secret) is not None


def digest_of(secret: str) -> bytes:
    """The digest (32 bytes) that a well-formed secret is looked up by."""
    return sha256(secret.encode("ascii")).digest()


def make_form_token(secret: str) -> str:
    """A token for the forms of the session with this well-formed secret.

    Each call returns a different text; all of them are valid as long as the secret is."""
    mask = secrets.token_bytes(_BYTES)
    return (mask + _xor(mask, _proof_of(secret))).hex()


def is_form_token(secret: str, presented: str) -> bool:
    """Whether `presented` is a token made for the secret. Compares in constant time."""
    if not _MASKED.fullmatch(presented):
        return False
    masked = bytes.fromhex(presented)
    return hmac.compare_digest(_proof_of(secret), _xor(masked[:_BYTES], masked[_BYTES:]))


def _proof_of(secret: str) -> bytes:
    return blake2b(b"form", key=secret.encode("ascii"), digest_size=_BYTES).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
