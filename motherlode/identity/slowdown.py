"""Slows down whoever tries passwords: how long a try waits before it is judged, and which are not judged at all.

Wrong tries are counted by address and by user name, whether there is such a user or not, so that waiting tells nothing
about names. An address is an IPv4 address or an IPv6 /64, which is what one customer has. A user's own address, one
from which he signed in rightly before, is not held up by what strangers try with his name. Keys are too long to be
guessed and never come here, and neither does a credential whose answer is remembered.

All tables are bounded, whatever strangers send. For one thread: the one that answers requests.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final, TypeVar

from motherlode.domain.refusals import SignInRefused

K = TypeVar("K")
V = TypeVar("V")

GAP_S: Final = 2.0
"""When the tries at once are used up, one more is judged in so many seconds."""
ADDRESS_TRIES: Final = 10
NAME_TRIES: Final = 20
MAX_WAIT_S: Final = 5.0
"""A try that would wait longer is refused at once."""
MOST_SLOWED: Final = 4
"""So many unjudged tries an address may have while it is slowed down,"""
MOST_UNJUDGED: Final = 32
"""so many while it is not,"""
MOST_UNJUDGED_IN_ALL: Final = 64
"""and so many there may be in all: each will cost a password hash."""
MOST_KEPT: Final = 4096
_NAME_LENGTH: Final = 100


@dataclass(slots=True)
class Attempt:
    """One try: judge it `wait_s` seconds from now, and say so if it is right."""

    wait_s: float
    is_right: bool = False

    def note_right(self) -> None:
        """It was the right password."""
        self.is_right = True


class Slowdown:
    """Who tried wrong passwords lately, and how often."""

    def __init__(self) -> None:
        self._by_address = _Tries(ADDRESS_TRIES)
        self._by_name = _Tries(NAME_TRIES)
        self._homes: dict[tuple[str, str], None] = {}  # user and address of right tries, oldest first
        self._unjudged: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many addresses, names and pairs of them are kept."""
        return len(self._by_address) + len(self._by_name) + len(self._homes) + len(self._unjudged)

    @contextmanager
    def attempt(self, address: str, name: str, now_s: float) -> Iterator[Attempt]:
        """A try to sign in as `name`, for as long as it takes to wait and to judge it; `now_s` may count from anywhere.

        Left without `note_right` it counts as wrong, be it that the client hung up: a hash was spent on it, or a place
        among those who wait. Raises SignInRefused, and counts nothing, when it must not even wait.
        """
        network, user = _network_of(address), name.lower()[:_NAME_LENGTH]
        wait_s = self._wait_s(network, user, now_s)
        if wait_s > MAX_WAIT_S or self._is_crowded(network, MOST_SLOWED if wait_s else MOST_UNJUDGED):
            raise SignInRefused(ceil(max(wait_s, GAP_S)))
        attempt = Attempt(wait_s)
        self._unjudged[network] += 1
        try:
            yield attempt
        finally:
            self._unjudged -= Counter((network,))
            if attempt.is_right:
                _keep_newest(self._homes, (user, network), None)
            else:
                self._count(network, user, now_s + wait_s)

    def _wait_s(self, network: str, user: str, now_s: float) -> float:
        of_address = self._by_address.wait_s(network, now_s)
        return of_address if self._is_home(network, user) else max(of_address, self._by_name.wait_s(user, now_s))

    def _is_home(self, network: str, user: str) -> bool:
        return (user, network) in self._homes

    def _is_crowded(self, network: str, most: int) -> bool:
        return self._unjudged[network] >= most or self._unjudged.total() >= MOST_UNJUDGED_IN_ALL

    def _count(self, network: str, user: str, at_s: float) -> None:
        self._by_address.count(network, at_s)
        if not self._is_home(network, user):
            self._by_name.count(user, at_s)


class _Tries:
    """Wrong tries of each address or name: `at_once` are free, each is forgiven after `GAP_S`.

    What is kept is when the last one will be forgiven.
    """

    def __init__(self, at_once: int) -> None:
        self._free_s = (at_once - 1) * GAP_S
        self._forgiven_s: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._forgiven_s)

    def wait_s(self, who: str, now_s: float) -> float:
        return max(0.0, self._forgiven_s.get(who, now_s) - now_s - self._free_s)

    def count(self, who: str, at_s: float) -> None:
        _keep_newest(self._forgiven_s, who, max(self._forgiven_s.get(who, at_s), at_s) + GAP_S)


def _keep_newest(table: dict[K, V], key: K, value: V) -> None:
    table.pop(key, None)
    table[key] = value
    if len(table) > MOST_KEPT:
        del table[next(iter(table))]


def _network_of(address: str) -> str:
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or f"{ip.packed[:8].hex()}/64")
