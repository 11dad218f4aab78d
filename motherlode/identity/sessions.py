"""Sessions of browsers: the secret in the cookie, and the tokens that forms must carry. Knows no database.

A secret is 256 random bits. Only its SHA-256 is stored, as of an API key. A form's token is derived from the secret of
the session that it belongs to: whoever cannot read the cookie cannot make it, and nothing need be remembered for it.
Before anybody has signed in, the same is done with a secret of its own. No token is written twice in the same way: each
is masked with random bytes that stand before it, so that the length of a compressed page tells nothing of it.
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
    """A session just made: `secret` is for the cookie alone, `digest` (32 bytes) is what is kept."""

    secret: str
    digest: bytes


def make_session() -> NewSession:
    """A new random session."""
    secret = make_secret()
    return NewSession(secret, digest_of(secret))


def make_secret() -> str:
    """43 random letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_BYTES)


def is_well_formed(secret: str) -> bool:
    """Whether it looks like a secret of ours."""
    return _FORM.fullmatch(secret) is not None


def digest_of(secret: str) -> bytes:
    """The 32 bytes by which a secret that is well-formed is looked up."""
    return sha256(secret.encode("ascii")).digest()


def make_form_token(secret: str) -> str:
    """What a form of whoever holds this well-formed secret carries: another text each time, good as long as the
    secret."""
    mask = secrets.token_bytes(_BYTES)
    return (mask + _xor(mask, _proof_of(secret))).hex()


def is_form_token(secret: str, presented: str) -> bool:
    """Whether it is a token that was made for the secret; compared in constant time."""
    if not _MASKED.fullmatch(presented):
        return False
    masked = bytes.fromhex(presented)
    return hmac.compare_digest(_proof_of(secret), _xor(masked[:_BYTES], masked[_BYTES:]))


def _proof_of(secret: str) -> bytes:
    return blake2b(b"form", key=secret.encode("ascii"), digest_size=_BYTES).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
