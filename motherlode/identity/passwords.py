"""Checks, hashes and compares passwords. Does not use the database.

A password is stored as an Argon2id hash with the current defaults of argon2-cffi (RFC 9106, 64 MB). The hash is slow
and needs much memory on purpose, because a person's password can be guessed. Checking a password takes the same time
whether or not the user has one. It runs at low priority if threads have a priority, so that requests without a hash do
not wait for requests with one.
"""

import os
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from unicodedata import category, normalize

from argon2 import PasswordHasher
from argon2.low_level import ARGON2_VERSION

from motherlode.domain.refusals import InvalidPassword
from motherlode.identity.argon2id import is_hash_of

MIN_LENGTH: Final = 8
MAX_BYTES: Final = 1024
"""Max length of a password in bytes, as UTF-8 before it is normalised. It bounds the time that normalising takes."""
_HASHER: Final = PasswordHasher()


def _zeros(count: int) -> str:
    return b64encode(bytes(count)).decode("ascii").rstrip("=")


_DUMMY_HASH: Final = (
    f"$argon2id$v={ARGON2_VERSION}$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    f"${_zeros(_HASHER.salt_len)}${_zeros(_HASHER.hash_len)}"
)
"""A hash of the same cost that matches no known password. It is used for users without a password."""


def parse_password(text: str) -> str:
    """The password in Unicode form NFC, because keyboards compose characters such as é differently.

    Raises InvalidPassword for fewer than 8 characters, more than 1024 bytes, control characters, and invalid Unicode.
    """
    if not _is_short_enough(text):
        raise InvalidPassword(f"The password is too long: use at most {MAX_BYTES} bytes.")
    password = normalize("NFC", text)
    if len(password) < MIN_LENGTH:
        raise InvalidPassword(f"The password is too short: use at least {MIN_LENGTH} characters.")
    if any(category(character) in {"Cc", "Cs"} for character in password):
        raise InvalidPassword("The password contains a control character: use letters, digits, symbols and spaces.")
    return password


def hash_password(password: str) -> str:
    """The hash to store for a password that `parse_password` returned, as text with salt and parameters."""
    return _HASHER.hash(password)


def is_password(stored: str | None, presented: str) -> bool:
    """Whether `presented` is the password with the hash `stored`. None means that the user has no password.

    Takes the same time in every case, except that a text too long for a password is rejected at once.
    """
    if not _is_short_enough(presented):
        return False
    text = normalize("NFC", presented).encode(errors="surrogatepass")
    with ThreadPoolExecutor(1, initializer=_lower_priority) as background:
        return background.submit(is_hash_of, stored or _DUMMY_HASH, text).result()


def _lower_priority() -> None:
    """Run this thread only while no other thread wants to run, so that a request does not wait for a hash.

    The priority cannot be raised again, so each hash gets its own thread."""
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _is_short_enough(text: str) -> bool:
    return len(text) <= MAX_BYTES and len(text.encode(errors="surrogatepass")) <= MAX_BYTES
