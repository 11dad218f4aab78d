"""Passwords: what may be one, and how one is kept and compared. Knows no database.

Kept as an Argon2id hash with the current defaults of argon2-cffi (RFC 9106, 64 MB): slow and large on purpose, for a
person's password can be guessed. To judge a try takes as long whether there is a password to compare it with or not.
It is done at low priority, where threads have one: requests that need no hash do not wait for those that do.
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
"""The longest password, in UTF-8 as it was typed: normalising a text without end would take time without end."""
_HASHER: Final = PasswordHasher()


def _zeros(count: int) -> str:
    return b64encode(bytes(count)).decode("ascii").rstrip("=")


_NOBODYS: Final = (
    f"$argon2id$v={ARGON2_VERSION}$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    f"${_zeros(_HASHER.salt_len)}${_zeros(_HASHER.hash_len)}"
)
"""A hash of the same cost that no text is known to have."""


def parse_password(text: str) -> str:
    """The password that `text` is, in Unicode's form NFC: keyboards differ in how they compose an é.

    Raises InvalidPassword for fewer than 8 characters, more than 1024 bytes, control characters, and what is no text.
    """
    if not _is_short_enough(text):
        raise InvalidPassword(f"The password is too long: use one of at most {MAX_BYTES} bytes.")
    password = normalize("NFC", text)
    if len(password) < MIN_LENGTH:
        raise InvalidPassword(f"The password is too short: use one of at least {MIN_LENGTH} characters.")
    if any(category(character) in {"Cc", "Cs"} for character in password):
        raise InvalidPassword("The password holds a control character: use letters, digits, signs and spaces.")
    return password


def hash_password(password: str) -> str:
    """What is kept of a password that `parse_password` gave: its hash with salt and parameters, as text."""
    return _HASHER.hash(password)


def is_password(stored: str | None, presented: str) -> bool:
    """Whether `presented` is the password of which `stored` is kept; None is no password, after as long a time.

    Only a text too long for any password is False at once, whatever is stored.
    """
    if not _is_short_enough(presented):
        return False
    text = normalize("NFC", presented).encode(errors="surrogatepass")
    with ThreadPoolExecutor(1, initializer=_stand_back) as background:
        return background.submit(is_hash_of, stored or _NOBODYS, text).result()


def _stand_back() -> None:
    """Let this thread run only where nothing else wants to: whoever is woken for a request need not wait for a hash to
    use up its time. There is no way back, hence a thread for each hash."""
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _is_short_enough(text: str) -> bool:
    return len(text) <= MAX_BYTES and len(text.encode(errors="surrogatepass")) <= MAX_BYTES
