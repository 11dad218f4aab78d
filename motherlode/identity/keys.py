"""Creates, recognises and compares API keys. Does not use the database.

A key is `mlk_`, then 43 base-62 characters (256 random bits), then a checksum of 6 characters. A secret scanner finds a
key by its prefix and verifies it by its checksum, offline. Only the SHA-256 of a key is stored: 256 random bits cannot
be guessed, so a slow hash would add no protection and slow down every push (docs/adr/0005). A bootstrap key may have
any format; it is compared by the same hash, in constant time, and is never stored.
"""

import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

_PREFIX: Final = "mlk_"
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH: Final = 43
_CHECKSUM_LENGTH: Final = 6
_FORM: Final = re.compile(rf"{_PREFIX}([0-9A-Za-z]{{{_SECRET_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})")

MAX_KEY_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key. `secret` is shown once, `id` identifies it in lists and logs, `digest` (32 bytes) is stored.
    `expires_at` is None for a key that never expires."""

    id: str
    secret: str
    digest: bytes
    expires_at: datetime | None = None


def make_key() -> NewKey:
    """Generate a random key."""
    text = _base62(secrets.randbits(256), _SECRET_LENGTH)
    return key_of(f"{_PREFIX}{text}{_checksum(text)}")


def key_of(secret: str) -> NewKey:
    """A `NewKey` with the given secret and a new id."""
    return NewKey(id=f"key-{secrets.token_hex(6)}", secret=secret, digest=digest_of(secret.encode("ascii")))


def is_well_formed(secret: str) -> bool:
    """Whether the secret has the format of a Motherlode key and a correct checksum."""
    match = _FORM.fullmatch(secret)
    return match is not None and _checksum(match[1]) == match[2]


def digest_of(presented: bytes) -> bytes:
    """The digest (32 bytes) that a presented key is looked up by."""
    return sha256(presented).digest()


def is_same(digest: bytes, other: bytes) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(digest, other)


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode("ascii")), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
