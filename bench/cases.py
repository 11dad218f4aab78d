"""What is measured: each case by name, with the goals it is held to. One worker on one core throughout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bench import words
from bench.attacks import ATTACKS
from bench.credentials import Credential
from bench.crowds import CROWDS, Crowd
from bench.figures import Figures, Goal
from bench.ground import Ground
from bench.growth import Growth
from bench.large import LargePush
from bench.misses import Miss
from bench.pages import PageViews, package_pages, search_pages
from bench.pushes import Push
from bench.reads import Paths, Read, below, of, registration, registration_pages
from bench.sign_ins import Flood, Telling
from bench.starts import Command, Memory, Start

_SEARCH: Final = "SearchQueryService"
_COMPLETE: Final = "SearchAutocompleteService"
_AS_CLIENTS_ASK: Final = "&skip=0&take=20&prerelease=false&semVerLevel=2.0.0"
_TERMS: Final = words.WORDS[60:110]


class Measure(Protocol):
    """How a case is measured."""

    def measure(self, ground: Ground) -> Figures:
        """The figures. Raises Skipped where there is nothing to measure, LoadFailed where requests fail."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table."""

    name: str
    about: str
    how: Measure
    goals: Sequence[Goal] = ()


def _hot(name: str, about: str, paths: Paths) -> Case:
    return Case(name, about, Read(name, "middle", paths), [Goal("cpu_ratio", 5)])


def _nupkg(size: str, about: str, goals: Sequence[Goal], *, connections: int, rate: float) -> Case:
    path = f"/v3/flat/acme.size{size}/1.0.0/acme.size{size}.1.0.0.nupkg"
    return Case(f"nupkg-{size}", about, Read(f"nupkg-{size}", "middle", of(path), connections, rate), goals)


def _miss(name: str, about: str, path: str) -> Case:
    missing = path.replace("acme.ten", "{id}")
    goals = [Goal("again_ratio", 1.5)]
    return Case(f"miss-{name}", f"{about} of an id that is not there", Miss(f"miss-{name}", path, missing), goals)


def _page(name: str, about: str, how: PageViews) -> Case:
    return Case(
        name, about, how, [Goal("first_p99_reads", 1_200), Goal("first_view_kb", 60), Goal("blocking_count", 2)]
    )


def _searches(feed: str, ids: str) -> list[Case]:
    exact = [words.package_id(number) for number in range(50)]
    asked = {
        "empty": (_SEARCH, [""], "Search for nothing"),
        "term": (_SEARCH, [term.lower() for term in _TERMS], "Search, one term"),
        "prefix": (_SEARCH, [term[:4].lower() for term in _TERMS], "Search, the beginning of a word"),
        "exact": (_SEARCH, exact, "Search, an id"),
        "complete": (_COMPLETE, [term[:3] for term in _TERMS], "Autocomplete"),
    }
    return [_search(f"search-{name}-{ids}", feed, ids, *how) for name, how in asked.items()]


def _search(name: str, feed: str, ids: str, kind: str, asked: Sequence[str], about: str) -> Case:
    paths = below(kind, *(f"?q={text}{_AS_CLIENTS_ASK}" for text in asked))
    goals = [Goal("cpu_reads", 40), Goal("p99_ratio", 8)] if name == "search-term-100k" else []
    return Case(name, f"{about}, {ids} ids", Read(name, feed, paths, 8, 100), goals)


def _crowd(name: str, about: str, how: Crowd) -> Case:
    return Case(f"crowd-{name}", f"Reads beside {about}", how, [Goal("p99_ratio", 2), Goal("peak_mb", 250)])


_RATIO: Final = 1.3
CASES: Final = (
    _hot("index", "Service index", of("/v3/index.json")),
    _hot("versions-10", "Version list of 10", of("/v3/flat/acme.ten/index.json")),
    _hot("versions-500", "Version list of 500", of("/v3/flat/acme.fivehundred/index.json")),
    _hot("registration-10", "Registration of 10, pages inside", registration("acme.ten")),
    _hot("registration-500", "Registration of 500, its index", registration("acme.fivehundred")),
    _hot("page-500", "Registration of 500, its pages in turn", registration_pages("acme.fivehundred")),
    _hot("leaf", "Registration leaf", registration("acme.fivehundred", "1.250.0.json")),
    _hot("nuspec", "Nuspec", of("/v3/flat/acme.ten/1.5.0/acme.ten.nuspec")),
    _nupkg("20k", "Package of 20 KB", [Goal("cpu_ratio", 7)], connections=16, rate=1000),
    _nupkg("300k", "Package of 300 KB", [Goal("rate_ratio", 0.2, is_floor=True)], connections=16, rate=500),
    _nupkg("5m", "Package of 5 MB", [], connections=4, rate=40),
    _miss("versions", "Version list", "/v3/flat/acme.ten/index.json"),
    _miss("registration", "Registration", "/v3/registration-gz-semver2/acme.ten/index.json"),
    _miss("leaf", "Registration leaf", "/v3/registration-gz-semver2/acme.ten/1.5.0.json"),
    _miss("nuspec", "Nuspec", "/v3/flat/acme.ten/1.5.0/acme.ten.nuspec"),
    _miss("nupkg", "Package", "/v3/flat/acme.ten/1.5.0/acme.ten.1.5.0.nupkg"),
    *_searches("middle", "5k"),
    *_searches("large", "100k"),
    _page("view-package", "Pages of packages, each for the first time, 100k ids", PageViews(package_pages)),
    _page("view-search", "Search pages, each for the first time, 100k ids", PageViews(search_pages)),
    Case(
        "push-1",
        "Pushes of 10 KB, one at a time",
        Push(1, 200),
        [Goal("cpu_reads", 235), Goal("each_reads", 400), Goal("statements_count", 10)],
    ),
    Case(
        "push-8",
        "Pushes of 10 KB, eight at a time",
        Push(8, 400),
        [Goal("cpu_reads", 235), Goal("each_reads", 320)],
    ),
    Case(
        "push-400m",
        "A push of 400 MB, its files only stored",
        LargePush(),
        [Goal("time_ratio", 3.5), Goal("growth_mb", 32)],
    ),
    Case(
        "push-400m-deflated", "A push of 400 MB, 800 MB unpacked", LargePush(is_deflated=True), [Goal("growth_mb", 32)]
    ),
    Case("start", "Start to first answer", Start(), [Goal("least_reads", 94_000)]),
    Case(
        "command",
        "A command that reads little: feed list",
        Command(("feed", "list")),
        [Goal("cpu_s", 0.5), Goal("cpu_reads", 39_000)],
    ),
    Case("memory", "Memory of all processes", Memory(), [Goal("idle_mb", 150)]),
    Case(
        "credential",
        "A hot read with a credential beside one without",
        Credential(),
        [Goal("password_added_reads", 2), Goal("key_added_reads", 2)],
    ),
    Case(
        "sign-in-telling",
        "Wrong keys of all kinds, unknown names beside known ones: told apart by time",
        Telling(),
        [Goal("keys_advantage", 0.1), Goal("keys_again_advantage", 0.1), Goal("names_advantage", 0.16)],
    ),
    Case(
        "sign-in-flood",
        "Reads beside 1,000 wrong sign-ins a second from another address",
        Flood(),
        [Goal("p99_ratio", 2), Goal("growth_mb", 16)],
    ),
    *(
        Case(
            f"attack-{name}",
            f"Reads beside: {about}",
            attack,
            [Goal("harmless_ratio", 2), Goal("peak_mb", 250)],
        )
        for name, (about, attack) in ATTACKS.items()
    ),
    *(_crowd(name, about, how) for name, (about, how) in CROWDS.items()),
    Case(
        "growth",
        "A feed of 100,000 versions beside one of 1,000",
        Growth(),
        [Goal(f"{name}_ratio", _RATIO) for name in ("push_cpu_ms", "big_push_ms", "first_page_ms", "idle_mb")],
    ),
)


def find_cases(names: Sequence[str]) -> list[Case]:
    """The cases of these names, all for none; a name that ends in * stands for all that begin so.

    Raises KeyError for a name that fits none.
    """
    if not names:
        return list(CASES)
    for name in names:
        if not any(_fits(case.name, name) for case in CASES):
            raise KeyError(name)
    return [case for case in CASES if any(_fits(case.name, name) for name in names)]


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
