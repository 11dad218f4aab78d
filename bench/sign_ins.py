"""Sign-ins: whether the time of a refusal tells why it was refused, and whether wrong ones slow down anybody else.

A server of its own each time, with one private feed. What strangers send comes from addresses of 127.0.0.0/8 of their
own, because wrong passwords are slowed down by address and by name.
"""

import http.client
import random
import time
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from math import sqrt
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.feeds import settings_of
from bench.figures import Figures, median
from bench.ground import Ground
from bench.load import LoadFailed
from bench.pace import Latency, Stream, get, pace_stream
from bench.servers import Motherlode, motherlode
from motherlode.app import open_house
from motherlode.domain.accounts import PUBLISHER
from motherlode.domain.feed_settings import FeedPolicy
from motherlode.domain.permissions import PUSH, READ
from motherlode.identity.keys import make_key
from motherlode.services import Services
from motherlode.store.accounts import accounts, api_keys
from motherlode.store.accounts.api_keys import KeyRow
from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.feeds.feeds import create_feed
from motherlode.usecases.feeds.roles import grant_role
from motherlode.usecases.sign_in.identify import CONSOLE

SECLUDED: Final = "secluded"
_PATH: Final = f"/feeds/{SECLUDED}/v3/index.json"
HOLDER: Final = "holder"
PASSWORD: Final = "the right one of all passwords"
_WRONG: Final = "a wrong one of all passwords"
_TRIES_OF_A_NAME: Final = 10
"""Fewer than are slowed down."""
_TRIES_OF_AN_ADDRESS: Final = 8
_SURE: Final = 3.3
"""So many standard deviations are passed by chance once in a thousand times."""

Kinds = dict[str, list[float]]
"""Seconds that answers took, by the kind of what was sent."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Wrong keys of three kinds beside each other, and names that nobody has beside wrong passwords of those who are.

    `…_advantage` is how much better than tossing a coin one does who guesses the kind by the time of one answer: 0 for
    not at all, 1 for always (|2A - 1|, A from the Mann-Whitney test), the largest of all pairs of kinds. `…_chance` is
    what that comes to without any difference, but for once in a thousand times.
    """

    tries_of_keys: int = 1000
    tries_of_names: int = 300

    def measure(self, ground: Ground) -> Figures:
        """Advantages, medians of each kind, and the largest difference of two medians."""
        of_keys, of_names = ground.effort.times(self.tries_of_keys), ground.effort.times(self.tries_of_names)
        ground.end_motherlode()
        data = ground.data("small")
        with motherlode(data) as server, open_secluded(server.server.data) as services:
            wrong = _make_keys(services, of_keys)
            first = _time_all(server, _shuffled(wrong), of_an_address=len(wrong) * of_keys)
            again = _time_all(server, _shuffled(wrong), of_an_address=len(wrong) * of_keys)
            names = _time_all(server, _shuffled(_make_names(services, of_names)), of_an_address=_TRIES_OF_AN_ADDRESS)
        return _compared("keys", first) | _compared("keys_again", again) | _compared("names", names)


@dataclass(frozen=True, slots=True)
class Flood:
    """Reads, with the credential of a private feed and without, while another address sends wrong sign-ins.

    It is a new address in each round: as long as one is not slowed down it can do the most. Server and client share a
    small machine, so the same number of harmless reads in place of the flood shows what more requests alone do.
    """

    rate: float = 1000
    wrong_rate: float = 1000

    def measure(self, ground: Ground) -> Figures:
        """Latency of the reads with and without the flood, round by round, and the server's memory."""
        ground.end_motherlode()
        seconds = max(3.0, ground.effort.seconds)
        quiet, harmless, beside = list[Latency](), list[Latency](), list[Latency]()
        with motherlode(ground.data("small")) as server, open_secluded(server.server.data):
            reads = self._reads(server)
            pace_stream(server.port, reads, seconds=seconds, beside=[self._flood(server, "127.0.0.2", seconds)])
            before_mb = _at_rest_mb(server)
            server.tree.reset_peak()
            for number in range(3 * ground.effort.rounds):
                flood = self._flood(server, f"127.0.0.{number + 3}", seconds)
                quiet.append(pace_stream(server.port, reads, seconds=seconds))
                harmless.append(pace_stream(server.port, reads, seconds=seconds, beside=[self._harmless(server)]))
                beside.append(pace_stream(server.port, reads, seconds=seconds, beside=[flood]))
            peak_mb = server.tree.peak_mb()
            after_mb = _at_rest_mb(server)
        return {
            "p50_ms": median([each.p50_ms for each in beside]),
            "p99_ms": median([each.p99_ms for each in beside]),
            "quiet_p50_ms": median([each.p50_ms for each in quiet]),
            "quiet_p99_ms": median([each.p99_ms for each in quiet]),
            "harmless_p50_ms": median([each.p50_ms for each in harmless]),
            "harmless_p99_ms": median([each.p99_ms for each in harmless]),
            "p99_ratio": median([loud.p99_ms / calm.p99_ms for loud, calm in zip(beside, quiet, strict=True)]),
            "harmless_ratio": median([loud.p99_ms / more.p99_ms for loud, more in zip(beside, harmless, strict=True)]),
            "before_mb": before_mb,
            "after_mb": after_mb,
            "growth_mb": after_mb - before_mb,
            "peak_mb": peak_mb,
        }

    def _reads(self, server: Motherlode) -> Stream:
        """A public and a private document in turn; the credential is known to the server before."""
        login = basic(HOLDER, PASSWORD)
        if (status := server.server.get(_PATH, Authorization=login).status) != 200:
            raise LoadFailed(f"a right password is answered {status}")
        requests = [get(server.port, "/v3/index.json"), get(server.port, _PATH, f"Authorization: {login}")]
        return Stream(requests, self.rate, is_random=True)

    def _harmless(self, server: Motherlode) -> Stream:
        """Reads of a public document, as many as the flood's."""
        requests = [get(server.port, "/v3/index.json")]
        return Stream(requests, self.wrong_rate, source="127.0.0.2", connections=64, is_random=True)

    def _flood(self, server: Motherlode, source: str, seconds: float) -> Stream:
        """Another password each time, for the user who reads and for many who are nobody."""
        names, count = [HOLDER, *(f"nobody-{number}" for number in range(49))], round(self.wrong_rate * seconds)
        logins = (basic(names[number % 50], f"{_WRONG} {number} {random.random()}") for number in range(count))
        requests = [get(server.port, _PATH, f"Authorization: {login}") for login in logins]
        return Stream(requests, self.wrong_rate, source=source, status="401", connections=64, is_random=True)


def _at_rest_mb(server: Motherlode) -> float:
    """The server's memory when no password is hashed any more: the least in five seconds."""
    looks = []
    for _ in range(50):
        time.sleep(0.1)
        looks.append(server.tree.rss_mb())
    return min(looks)


@contextmanager
def open_secluded(data: Path) -> Iterator[Services]:
    """The rooms of a data folder, with a private feed and a person who publishes there."""
    services = open_house(settings_of(data))
    db, clock = services.db, services.clock
    try:
        create_feed(SECLUDED, {"read": "authenticated"}, CONSOLE, defaults=FeedPolicy(), db=db, clock=clock)
        create_account(HOLDER, CONSOLE, password=PASSWORD, db=db, clock=clock)
        grant_role(SECLUDED, HOLDER, PUBLISHER, CONSOLE, db=db, clock=clock)
        yield services
    finally:
        services.close()


def _make_keys(services: Services, count: int) -> dict[str, list[str]]:
    """Logins with so many keys of each kind that is no good; those that were good once had a holder."""
    now = datetime.now(UTC)
    made = {kind: [make_key() for _ in range(count)] for kind in ("unknown", "expired", "revoked")}
    with services.db.write() as tx:
        row = KeyRow("", "bench", b"", (PUSH, READ), ("*",), None, now, None, account_id=accounts.get(tx, HOLDER).id)
        for key in made["expired"]:
            api_keys.add(tx, replace(row, id=key.id, hash=key.digest, expires_at=now))
        for key in made["revoked"]:
            api_keys.add(tx, replace(row, id=key.id, hash=key.digest, revoked_at=now))
    return {kind: [basic("any", key.secret) for key in some] for kind, some in made.items()}


def _make_names(services: Services, count: int) -> dict[str, list[str]]:
    """Logins with so many wrong passwords of people and of nobody, ten for each name."""
    names = {kind: [f"{kind}-{at}" for at in range(-(-count // _TRIES_OF_A_NAME))] for kind in ("known", "unknown")}
    for name in names["known"]:
        create_account(name, CONSOLE, password=PASSWORD, db=services.db, clock=services.clock)
    return {
        kind: [basic(some[at % len(some)], f"{_WRONG} {at} {random.random()}") for at in range(count)]
        for kind, some in names.items()
    }


def _shuffled(logins: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """All logins with their kinds, in an order of chance: a machine that slows down slows all kinds."""
    tries = [(kind, login) for kind, some in logins.items() for login in some]
    random.shuffle(tries)
    return tries


def _time_all(server: Motherlode, tries: Sequence[tuple[str, str]], *, of_an_address: int) -> Kinds:
    """What the answers took, so many tries from one address and connection. Raises LoadFailed for any but 401."""
    taken: Kinds = {kind: [] for kind, _ in tries}
    for first in range(0, len(tries), of_an_address):
        source = f"127.1.{first // of_an_address // 200}.{first // of_an_address % 200 + 1}"
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60, source_address=(source, 0))
        _timed(connection, None)
        for kind, login in tries[first : first + of_an_address]:
            taken[kind].append(_timed(connection, login))
        connection.close()
    return taken


def _timed(connection: http.client.HTTPConnection, login: str | None) -> float:
    started = perf_counter()
    connection.request("GET", _PATH, headers={"Authorization": login} if login else {})
    answer = connection.getresponse()
    answer.read()
    taken = perf_counter() - started
    if answer.status != 401 or answer.getheader("Retry-After"):
        raise LoadFailed(f"a wrong sign-in is answered {answer.status}, or slowed down")
    return taken


def _compared(name: str, kinds: Kinds) -> Figures:
    """The medians of the kinds, and how well they can be told apart."""
    pairs = list(combinations(kinds.values(), 2))
    middles = {kind: median(taken) * 1e6 for kind, taken in kinds.items()}
    return {
        f"{name}_advantage": max(_advantage(*pair) for pair in pairs),
        f"{name}_chance": max(_chance(*pair) for pair in pairs),
        f"{name}_apart_us": max(middles.values()) - min(middles.values()),
        **{f"{name}_{kind}_us": middle for kind, middle in middles.items()},
    }


def _advantage(some: Sequence[float], others: Sequence[float]) -> float:
    """|2A - 1|, where A is how often one of `some` takes longer than one of `others`, half of the ties included."""
    ranked = sorted(others)
    longer = sum(bisect_left(ranked, each) + bisect_right(ranked, each) for each in some) / 2
    return abs(2 * longer / (len(some) * len(others)) - 1)


def _chance(some: Sequence[float], others: Sequence[float]) -> float:
    """What that comes to by chance at most, but for once in a thousand times."""
    n, m = len(some), len(others)
    return _SURE * 2 * sqrt((n + m + 1) / (12 * n * m))


def basic(name: str, password: str) -> str:
    """A login as the Authorization header has it."""
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()
