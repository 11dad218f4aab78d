"""Slows down password guessing: decides how long an attempt waits before it is checked, and which are refused.

Attempts are counted by address and by user name. Unknown user names are counted too, so that the wait does not reveal
which names exist. An address is an IPv4 address or an IPv6 /64 network, which is what one customer has. An attempt
counts from when it is admitted, and stops counting when its password turns out to be right. API keys are too long to be
guessed and never come here; neither do credentials whose result is cached.

A user's *home* is a known location: an address from which the user signed in before. Attempts for this user from there
are counted separately and have their own places, so that neither attempts from elsewhere nor attempts for other users
from the same address delay them.

All tables are bounded, whatever clients send. Not thread-safe: use it only in the thread that answers requests.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeVar

from motherlode.domain.networks import network_of
from motherlode.domain.refusals import SignInRefused

K = TypeVar("K")
V = TypeVar("V")

GAP_S: Final = 2.0
"""Seconds between two attempts once the free attempts are used up."""
ADDRESS_TRIES: Final = 10
"""Attempts per address that do not have to wait."""
NAME_TRIES: Final = 20
"""Attempts per user name that do not have to wait."""
HOME_TRIES: Final = 10
"""Attempts per known location that do not have to wait."""
MAX_WAIT_S: Final = 5.0
"""Longest wait in seconds; an attempt that would wait longer is refused at once."""
MOST_STRANGERS: Final = 64
"""Max pending attempts from unknown locations; each costs one Argon2 hash."""
MOST_AT_HOME: Final = 4
"""Max pending attempts from each known location; each costs one Argon2 hash."""
MOST_KEPT: Final = 4096
"""Max entries in each table; the oldest are dropped."""
MOST_HOMES: Final = 8
"""Max known locations per user, the latest ones. A user cannot push out the known locations of others."""
_NAME_LENGTH: Final = 100


@dataclass(slots=True)
class Attempt:
    """One attempt. Wait `wait_s` seconds, check the password, and call `note_right` if it is right."""

    wait_s: float
    is_at_home: bool
    is_right: bool = False

    def note_right(self) -> None:
        """Record that the password was right."""
        self.is_right = True


class LoginThrottle:
    """Counts recent password attempts, and remembers the known locations of users."""

    def __init__(self) -> None:
        self._by_address = _Attempts(ADDRESS_TRIES)
        self._by_name = _Attempts(NAME_TRIES)
        self._by_home = _Attempts(HOME_TRIES)
        self._homes: dict[str, dict[str, None]] = {}  # by user, the latest successful sign-in last
        self._unjudged: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        """The number of addresses, user names and known locations in the tables."""
        tried = len(self._by_address) + len(self._by_name) + len(self._by_home) + len(self._unjudged)
        return tried + sum(len(homes) for homes in self._homes.values())

    def note_home(self, address: str, name: str) -> None:
        """Record that the user signed in from this address, which makes it a known location."""
        user = _user_of(name)
        homes = self._homes.get(user, {})
        _keep_newest(homes, network_of(address), None, MOST_HOMES)
        _keep_newest(self._homes, user, homes)

    @contextmanager
    def attempt(self, address: str, name: str, now_s: float) -> Iterator[Attempt]:
        """An attempt to sign in as `name`; stay in the block while you wait and check the password.

        `now_s` is a time in seconds with any origin. If the block ends without `note_right`, the attempt goes on
        counting, even if the client disconnected: it has used a hash or a place in the queue. Raises SignInRefused, and
        counts nothing, if the wait would be too long or too many attempts are pending.
        """
        network, user = network_of(address), _user_of(name)
        home = (user, network) if network in self._homes.get(user, ()) else None
        counters = [(self._by_home, home)] if home else [(self._by_address, network), (self._by_name, user)]
        wait_s = max(attempts.wait_s(key, now_s) for attempts, key in counters)
        if wait_s > MAX_WAIT_S or self._unjudged[home] >= (MOST_AT_HOME if home else MOST_STRANGERS):
            raise SignInRefused(ceil(max(wait_s, GAP_S)))
        for attempts, key in counters:
            attempts.count(key, now_s)
        attempt = Attempt(wait_s, is_at_home=home is not None)
        self._unjudged[home] += 1
        try:
            yield attempt
        finally:
            self._unjudged -= Counter((home,))
            if attempt.is_right:
                for attempts, key in counters:
                    attempts.take_back(key)
                self.note_home(address, name)


class _Attempts:
    """Attempts by address, user name or known location. `at_once` are free; each stops counting after `GAP_S` seconds.

    For each key it stores the time at which the last attempt stops counting.
    """

    def __init__(self, at_once: int) -> None:
        self._free_s = (at_once - 1) * GAP_S
        self._forgiven_s: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._forgiven_s)

    def wait_s(self, key: Hashable, now_s: float) -> float:
        return max(0.0, self._forgiven_s.get(key, now_s) - now_s - self._free_s)

    def count(self, key: Hashable, at_s: float) -> None:
        _keep_newest(self._forgiven_s, key, max(self._forgiven_s.get(key, at_s), at_s) + GAP_S)

    def take_back(self, key: Hashable) -> None:
        if key in self._forgiven_s:
            self._forgiven_s[key] -= GAP_S


def _keep_newest(table: dict[K, V], key: K, value: V, most: int = MOST_KEPT) -> None:
    table.pop(key, None)
    table[key] = value
    if len(table) > most:
        del table[next(iter(table))]


def _user_of(name: str) -> str:
    return name.lower()[:_NAME_LENGTH]
