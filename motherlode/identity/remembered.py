"""Credentials judged a moment ago: what they proved, so that the next request with them costs neither hash nor query.

dotnet sends its credentials anew with every request, and a password hash is slow on purpose. What is kept is a keyed
hash of each, under a secret of this process. A judgement counts for minutes, and only while `access` is the number at
which it was made: whatever changes who may do what changes that number, so a judgement never outlives such a change.
What a password was proven against stays for an hour longer: while the same is stored, no new hash is needed.

Bounded, the oldest make room. Passwords, keys (and with them sessions of browsers) and wrong ones have a table each: a
key sent under thousands of user names, or thousands of wrong passwords, push out no password that was proven.
"""

import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from motherlode.domain.permissions import Actor

REMEMBER: Final = timedelta(minutes=5)
"""How long a judgement counts at most."""
PROVEN: Final = timedelta(hours=1)
"""How much longer it is known what a password was proven against; each new judgement begins that hour anew."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a credential was judged to be at the number `access`, counting until `until`.

    `actor` None is a wrong one. `proof` is the stored hash that a password was proven against, None for anything else.
    """

    digest: bytes
    actor: Actor | None
    access: int
    until: datetime
    proof: str | None = None


class CredentialCache:
    """A process's memory of credentials, `most` of each kind; any thread may use it."""

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
        """What a credential is known by here: 32 bytes that mean nothing to another process."""
        return blake2b(credential, key=self._secret, digest_size=32).digest()

    def find(self, digest: bytes, access: int, now: datetime) -> Remembered | None:
        """What it was judged to be at this very number of `access`, if that still counts."""
        kept = self._passwords.get(digest) or self._keys.get(digest) or self._wrong.get(digest)
        return kept if kept is not None and kept.access == access and now < kept.until else None

    def find_proof(self, digest: bytes, now: datetime) -> str | None:
        """The stored hash that this password was proven against lately, at whatever number of `access`."""
        kept = self._passwords.get(digest)
        return kept.proof if kept is not None and now < kept.until + PROVEN else None

    def keep(self, judged: Remembered) -> None:
        """Remember a judgement in place of an older one; that of a key ends with the key at the latest."""
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
        """Remember it no longer, if it was."""
        with self._changing:
            self._drop(digest)

    def _table_of(self, judged: Remembered) -> dict[bytes, Remembered]:
        if judged.actor is None:
            return self._wrong
        return self._keys if judged.proof is None else self._passwords

    def _drop(self, digest: bytes) -> None:
        for table in (self._passwords, self._keys, self._wrong):
            table.pop(digest, None)
