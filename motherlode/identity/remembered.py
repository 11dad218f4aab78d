"""A cache of checked credentials: the next request with the same credential needs no password hash and no query.

dotnet sends its credentials with every request, and a password hash is slow on purpose. The cache holds a keyed hash of
each credential, under a secret of this process. A result is valid for minutes, and only while the permissions version
(`access`) is the one it was made at. Every change of permissions changes that number, so no result outlives such a
change. The stored hash that a password was verified against is kept for an hour longer: while the user's stored hash is
still the same, the password need not be hashed again.

The cache is bounded; the oldest entries are dropped. Passwords, keys (including browser sessions) and wrong credentials
have a table each. So a key that is sent under thousands of user names, or thousands of wrong passwords, cannot push out
verified passwords.
"""

import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from motherlode.domain.permissions import Actor

REMEMBER: Final = timedelta(minutes=5)
"""How long a result is valid at most."""
PROVEN: Final = timedelta(hours=1)
"""How much longer the hash that a password was verified against is kept; each new result restarts this time."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The result of checking a credential at the permissions version `access`, valid until `until`.

    `actor` is None for a wrong credential. `proof` is the stored hash that a password was verified against, and None
    for every other credential.
    """

    digest: bytes
    actor: Actor | None
    access: int
    until: datetime
    proof: str | None = None


class CredentialCache:
    """The credential cache of a process, with at most `most` entries of each kind. Safe to call from any thread."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._secret = secrets.token_bytes(32)
        self._passwords: dict[bytes, Remembered] = {}
        self._keys: dict[bytes, Remembered] = {}
        self._wrong: dict[bytes, Remembered] = {}
        self._changing = threading.Lock()

    def __len__(self) -> int:
        return len(self._passwords) + len(self._keys) + len(self._wrong)

    def digest_of(self, credential: bytes) -> bytes:
        """The key of a credential in this cache: 32 bytes that are meaningless to other processes."""
        return blake2b(credential, key=self._secret, digest_size=32).digest()

    def find(self, digest: bytes, access: int, now: datetime) -> Remembered | None:
        """The result for the credential at this permissions version, or None if there is no valid one."""
        kept = self._passwords.get(digest) or self._keys.get(digest) or self._wrong.get(digest)
        return kept if kept is not None and kept.access == access and now < kept.until else None

    def find_proof(self, digest: bytes, now: datetime) -> str | None:
        """The stored hash that this password was recently verified against, at any permissions version, or None."""
        kept = self._passwords.get(digest)
        return kept.proof if kept is not None and now < kept.until + PROVEN else None

    def keep(self, judged: Remembered) -> None:
        """Store a result and replace an older one. The result for a key is valid no longer than the key itself."""
        actor = judged.actor
        if actor is not None and actor.expires_at is not None and actor.expires_at < judged.until:
            judged = replace(judged, until=actor.expires_at)
        with self._changing:
            self._drop(judged.digest)
            table = self._table_of(judged)
            table[judged.digest] = judged
            if len(table) > self._most:
                del table[next(iter(table))]

    def forget(self, digest: bytes) -> None:
        """Drop the result for the credential, if there is one."""
        with self._changing:
            self._drop(digest)

    def _table_of(self, judged: Remembered) -> dict[bytes, Remembered]:
        if judged.actor is None:
            return self._wrong
        return self._keys if judged.proof is None else self._passwords

    def _drop(self, digest: bytes) -> None:
        for table in (self._passwords, self._keys, self._wrong):
            table.pop(digest, None)
