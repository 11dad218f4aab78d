"""Slows down whoever tries passwords: how long a try waits before it is judged, and which are not judged at all.

Tries are counted by address and by user name, whether there is such a user or not, so that waiting tells nothing about
names. An address is an IPv4 address or an IPv6 /64, which is what one customer has. A try counts from when it is let
in, and no longer once it proves right. Keys are too long to be guessed and never come here, and neither does a
credential whose answer is remembered.

A user's *home* is an address from which he signed in rightly before. What is tried there in his name is counted by
itself and has places of its own: nothing that strangers try elsewhere, or there in other names, holds it up.

All tables are bounded, whatever strangers send. For one thread: the one that answers requests.
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
"""When the tries at once are used up, one more is judged in so many seconds."""
ADDRESS_TRIES: Final = 10
NAME_TRIES: Final = 20
HOME_TRIES: Final = 10
MAX_WAIT_S: Final = 5.0
"""A try that would wait longer is refused at once."""
MOST_STRANGERS: Final = 64
"""So many unjudged tries there may be of all who are not at home: each will cost a password hash;"""
MOST_AT_HOME: Final = 4
"""and so many of each home."""
MOST_KEPT: Final = 4096
MOST_HOMES: Final = 8
"""So many homes a user has, the latest: nobody can push out those of others."""
_NAME_LENGTH: Final = 100


@dataclass(slots=True)
class Attempt:
    """One try: judge it `wait_s` seconds from now, and say so if it is right."""

    wait_s: float
    is_at_home: bool
    is_right: bool = False

    def note_right(self) -> None:
        """It was the right password."""
        self.is_right = True


class LoginThrottle:
    """Who tried passwords lately, how often, and where users are at home."""

    def __init__(self) -> None:
        self._by_address = _Tries(ADDRESS_TRIES)
        self._by_name = _Tries(NAME_TRIES)
        self._by_home = _Tries(HOME_TRIES)
        self._homes: dict[str, dict[str, None]] = {}  # of users, by the latest right try
        self._unjudged: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        """How many addresses, names and homes are kept."""
        tried = len(self._by_address) + len(self._by_name) + len(self._by_home) + len(self._unjudged)
        return tried + sum(len(homes) for homes in self._homes.values())

    def note_home(self, address: str, name: str) -> None:
        """The user signed in rightly from there."""
        user = _user_of(name)
        homes = self._homes.get(user, {})
        _keep_newest(homes, network_of(address), None, MOST_HOMES)
        _keep_newest(self._homes, user, homes)

    @contextmanager
    def attempt(self, address: str, name: str, now_s: float) -> Iterator[Attempt]:
        """A try to sign in as `name`, for as long as it takes to wait and to judge it; `now_s` may count from anywhere.

        Left without `note_right` it goes on counting, be it that the client hung up: a hash was spent on it, or a place
        among those who wait. Raises SignInRefused, and counts nothing, when it must not even wait.
        """
        network, user = network_of(address), _user_of(name)
        home = (user, network) if network in self._homes.get(user, ()) else None
        counted = [(self._by_home, home)] if home else [(self._by_address, network), (self._by_name, user)]
        wait_s = max(tries.wait_s(who, now_s) for tries, who in counted)
        if wait_s > MAX_WAIT_S or self._unjudged[home] >= (MOST_AT_HOME if home else MOST_STRANGERS):
            raise SignInRefused(ceil(max(wait_s, GAP_S)))
        for tries, who in counted:
            tries.count(who, now_s)
        attempt = Attempt(wait_s, is_at_home=home is not None)
        self._unjudged[home] += 1
        try:
            yield attempt
        finally:
            self._unjudged -= Counter((home,))
            if attempt.is_right:
                for tries, who in counted:
                    tries.take_back(who)
                self.note_home(address, name)


class _Tries:
    """Tries of each address, name or home: `at_once` are free, each is forgiven after `GAP_S`.

    What is kept is when the last one will be forgiven.
    """

    def __init__(self, at_once: int) -> None:
        self._free_s = (at_once - 1) * GAP_S
        self._forgiven_s: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._forgiven_s)

    def wait_s(self, who: Hashable, now_s: float) -> float:
        return max(0.0, self._forgiven_s.get(who, now_s) - now_s - self._free_s)

    def count(self, who: Hashable, at_s: float) -> None:
        _keep_newest(self._forgiven_s, who, max(self._forgiven_s.get(who, at_s), at_s) + GAP_S)

    def take_back(self, who: Hashable) -> None:
        if who in self._forgiven_s:
            self._forgiven_s[who] -= GAP_S


def _keep_newest(table: dict[K, V], key: K, value: V, most: int = MOST_KEPT) -> None:
    table.pop(key, None)
    table[key] = value
    if len(table) > most:
        del table[next(iter(table))]


def _user_of(name: str) -> str:
    return name.lower()[:_NAME_LENGTH]
