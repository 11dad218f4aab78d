"""Sessions of browsers: the secret in the cookie, and the tokens that forms must carry. Knows no database.

A secret is 256 random bits. Only its SHA-256 is stored, as of an API key. A form's token is derived from the secret of
the session that it belongs to: whoever cannot read the cookie cannot make it, and nothing need be remembered for it.
Before anybody has signed in, the same is done with a secret of its own.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Final

_BYTES: Final = 32
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}")


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


def form_token_of(secret: str) -> str:
    """What the forms of whoever holds this well-formed secret carry."""
    return blake2b(b"form", key=secret.encode("ascii"), digest_size=32).hexdigest()


def is_form_token(secret: str, presented: str) -> bool:
    """Whether it is the token that belongs to the secret; compared in constant time."""
    return hmac.compare_digest(form_token_of(secret).encode(), presented.encode(errors="replace"))
