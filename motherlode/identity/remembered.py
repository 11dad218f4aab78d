"""Credentials judged a moment ago: what they proved, so that the next request with them costs neither hash nor query.

dotnet sends its credentials anew with every request, and a password hash is slow on purpose. What is kept is a keyed
hash of each, under a secret of this process. A judgement counts for minutes, and only while `access` is the number at
which it was made: whatever changes who may do what changes that number, so a judgement never outlives such a change.

Bounded, the oldest make room. Wrong ones have a table of their own: nobody can push out right ones by sending others.
"""

import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from motherlode.domain.policy import Actor

REMEMBER: Final = timedelta(minutes=5)
"""How long a judgement counts at most."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a credential was judged to be at the number `access`, counting until `until`.

    `actor` None is a wrong one. `proof` is the stored hash that a password was proven against, None for a key.
    """

    digest: bytes
    actor: Actor | None
    access: int
    until: datetime
    proof: str | None = None


class RememberedCredentials:
    """A process's memory of credentials, `most` right and `most` wrong ones; any thread may use it."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._secret = secrets.token_bytes(32)
        self._right: dict[bytes, Remembered] = {}
        self._wrong: dict[bytes, Remembered] = {}
        self._changing = threading.Lock()

    def __len__(self) -> int:
        return len(self._right) + len(self._wrong)

    def digest_of(self, credential: bytes) -> bytes:
        """What a credential is known by here: 32 bytes that mean nothing to another process."""
        return blake2b(credential, key=self._secret, digest_size=32).digest()

    def find(self, digest: bytes, access: int, now: datetime) -> Remembered | None:
        """What it was judged to be at this very number of `access`, if that still counts."""
        kept = self._right.get(digest) or self._wrong.get(digest)
        return kept if kept is not None and kept.access == access and now < kept.until else None

    def find_proof(self, digest: bytes, now: datetime) -> str | None:
        """The stored hash that this password was proven against lately, at whatever number of `access`."""
        kept = self._right.get(digest)
        return kept.proof if kept is not None and now < kept.until else None

    def keep(self, judged: Remembered) -> None:
        """Remember a judgement in place of an older one; that of a key ends with the key at the latest."""
        actor = judged.actor
        if actor is not None and actor.expires_at is not None and actor.expires_at < judged.until:
            judged = replace(judged, until=actor.expires_at)
        with self._changing:
            self._drop(judged.digest)
            table = self._wrong if actor is None else self._right
            table[judged.digest] = judged
            if len(table) > self._most:
                del table[next(iter(table))]

    def forget(self, digest: bytes) -> None:
        """Remember it no longer, if it was."""
        with self._changing:
            self._drop(digest)

    def _drop(self, digest: bytes) -> None:
        self._right.pop(digest, None)
        self._wrong.pop(digest, None)
