"""The packages of a made-up company, such as people would like to find: what pages are looked at with.

The same day always gives the same packages, dates and counts; dates lie before the day that is given.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from motherlode.app import prepare_house
from motherlode.config import load_settings
from motherlode.domain.feed_settings import DEFAULT_FEED
from motherlode.domain.permissions import Actor
from motherlode.nuget.ids import parse_package_id
from motherlode.nuget.versions import parse_version
from motherlode.services import Services
from motherlode.store import feeds
from motherlode.store.accounts import accounts
from motherlode.store.packages import downloads
from motherlode.usecases.accounts.accounts import create_account
from motherlode.usecases.feeds.feeds import change_feed, create_feed
from motherlode.usecases.feeds.roles import grant_role
from motherlode.usecases.packages.listing import unlist
from motherlode.usecases.packages.push import push
from motherlode.usecases.sign_in.identify import CONSOLE
from tests.browser import pictures
from tests.browser.pictures import draw_icon
from tests.support.builders import nupkg
from tests.usecases.services import FixedClock

OWNER, READER = "mara", "devon"
EMPTY_FEED, TEAM_FEED = "empty", "team"
COMMIT = "4f1c0de9a7b35e2d8c6f01b2a3948576d0e9f8a7"
ABOUT = "Building blocks for services that stay up: small libraries, tools and templates, all with the same care."
READMES = {
    "Harbor.Http": Path(__file__).with_name("harbor-http.md"),
    "Harbor.Json": Path(__file__).with_name("harbor-json.md"),
}
"""Those that use what READMEs may use, and one that is long."""

BLUE, GREEN, ROSE, VIOLET, SLATE, AMBER = (
    (37, 99, 235),
    (5, 138, 96),
    (196, 52, 110),
    (118, 62, 224),
    (66, 76, 94),
    (200, 112, 12),
)


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a package, and how many days ago it was published."""

    version: str
    days_ago: int
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A package with its releases, the oldest first; `rate` is about how often a day its newest is downloaded."""

    id: str
    description: str
    releases: tuple[Release, ...]
    rate: int = 0
    tags: str = ""
    icon: tuple[pictures.Colour, pictures.Sign] | None = None
    kind: str | None = None
    groups: Mapping[str | None, Mapping[str, str | None]] | None = None
    license: str = '<license type="expression">MIT</license>'
    notes: str = ""
    readme: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    more: str = ""


def _releases(*versions: str, every: int = 40, last: int = 6) -> tuple[Release, ...]:
    """The versions, one every so many days; the last one is so many days old."""
    count = len(versions)
    return tuple(
        Release(version.lstrip("-"), last + (count - 1 - at) * every, not version.startswith("-"))
        for at, version in enumerate(versions)
    )


LIBRARY = {"lib/net8.0/_._": b"", "lib/net8.0/Docs.xml": b"<doc />"}
LINES = (
    Line(
        "Harbor.Http",
        "An HTTP client that retries, times out and tells you what it did. Resilient by default, with pipelines you "
        "can read from top to bottom.",
        _releases("1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0", "-2.2.0", "2.2.1", "3.0.0", "3.1.0", "3.2.1"),
        rate=420,
        tags="http client resilience retry",
        icon=(BLUE, pictures.wave),
        groups={
            "net8.0": {"Harbor.Json": "[2.0.0, )", "Harbor.Logging": "[1.4.0, )"},
            ".NETStandard2.0": {"Harbor.Json": "[2.0.0, )", "System.Threading.Channels": "[8.0.0, )"},
        },
        notes="- Pipelines can be named\n- `RetryAfter` is read as a date, too\n\n"
        "How to move: https://harbor.example/guide, or the guide in the package.",
        files={
            **LIBRARY,
            "lib/netstandard2.0/Docs.xml": b"<doc />",
            "build/Harbor.Http.props": b"<Project />",
            "docs/guide.md": b"# Guide\n",
        },
    ),
    Line(
        "Harbor.Json",
        "Source-generated JSON with errors that point at the line, and no reflection at run time.",
        _releases("1.0.0", "1.5.0", "2.0.0", "2.1.0", every=55, last=19),
        rate=610,
        tags="json serialization aot",
        icon=(VIOLET, pictures.diamond),
        groups={"net8.0": {}, ".NETStandard2.0": {"System.Text.Json": "[8.0.0, )"}},
    ),
    Line(
        "Harbor.Logging",
        "Structured logs that people like to read, one line per event, with scopes that cost nothing when off.",
        _releases("1.3.0", "1.4.0", "1.4.2", every=61, last=33),
        rate=380,
        tags="logging structured tracing",
        icon=(GREEN, pictures.bars),
        groups={"net8.0": {"Harbor.Json": "[2.0.0, )"}},
    ),
    Line(
        "Harbor.Cache",
        "A two-level cache with stampede protection: memory first, then whatever you plug in.",
        _releases("0.9.0", "1.0.0", "1.1.0-rc.1", every=23, last=2),
        rate=150,
        tags="cache redis memory",
        icon=(AMBER, pictures.ring),
        groups={"net8.0": {"Harbor.Logging": "[1.4.0, )"}},
    ),
    Line(
        "Harbor.Cli",
        "Shows what your services are doing: tail logs, replay requests, and compare two deployments.",
        _releases("1.0.0", "1.0.3", every=30, last=11),
        rate=45,
        tags="cli tool diagnostics",
        icon=(SLATE, pictures.arrow),
        kind="DotnetTool",
        files={"tools/net8.0/any/DotnetToolSettings.xml": b"<DotNetCliTool />"},
    ),
    Line(
        "Harbor.Templates",
        "Templates for services, workers and libraries, set up the way we like them.",
        _releases("2.0.0", "2.3.0", every=44, last=26),
        rate=30,
        tags="template dotnet-new",
        icon=(ROSE, pictures.diamond),
        kind="Template",
        files={"content/service/.template.config/template.json": b"{}"},
    ),
    Line(
        "Harbor.Analyzers",
        "Finds missing cancellation tokens, swallowed exceptions and clocks that cannot be tested.",
        _releases("1.0.0", "1.2.0", every=50, last=47),
        rate=210,
        tags="analyzers roslyn",
        icon=(ROSE, pictures.ring),
        more="<developmentDependency>true</developmentDependency>",
    ),
    Line("Harbor.Sdk", "An MSBuild SDK with our defaults.", _releases("1.0.0"), rate=12, kind="MSBuildSdk"),
    Line(
        "Harbor.Legal",
        "Comes with a license file of its own.",
        _releases("1.0.0", last=90),
        license='<license type="file">LICENSE.txt</license>',
        files={"LICENSE.txt": b"Harbor License\n\nUse it as you like, <b>but</b> say where you have it from.\n"},
    ),
    Line("Harbor.Next", "What may come next.", _releases("0.1.0-alpha.1", "0.1.0-alpha.2", every=3, last=1)),
    Line("Harbor.Withdrawn", "Nobody should take this any more.", _releases("-1.0.0", last=300)),
    *(
        Line(
            f"Quay.{name}", f"{name} for Quay: {what}.", _releases("1.0.0", f"1.{at + 1}.0", last=30 + at), rate=3 + at
        )
        for at, (name, what) in enumerate(
            {
                "Csv": "reads and writes comma-separated values",
                "Xml": "streams documents of any size",
                "Zip": "packs and unpacks without temporary files",
                "Mail": "sends messages and waits for the answer",
                "Pdf": "draws pages from templates",
                "Excel": "fills sheets with rows",
                "Queue": "hands work from one process to another",
                "Clock": "time that tests can set",
                "Files": "one way to read files, wherever they are",
                "Geo": "distances and areas on a round earth",
                "Graph": "walks along edges",
                "Images": "scales and turns pictures",
                "Locks": "locks that are held by one process at a time",
                "Money": "amounts with currencies",
                "Phone": "reads telephone numbers",
                "Search": "finds words in texts",
                "Secrets": "keeps what must not be logged",
                "Sql": "queries that are checked when they are compiled",
                "Text": "wraps, cuts and compares texts",
                "Trees": "balanced trees",
                "Units": "metres, seconds and what comes of them",
                "Web": "small pages without a framework",
            }.items(),
            start=1,
        )
    ),
)
TEAM_LINE = Line(
    "Team.Plans", "Only for those of the team.", _releases("1.0.0"), rate=2, icon=(SLATE, pictures.diamond)
)


def fill(
    data: Path, *, today: date, passwords: Mapping[str, str] | None = None, face: Mapping[str, str] | None = None
) -> None:
    """Make a data folder with all of this, as of that UTC day: three feeds, of which the first has these settings, and
    people with these passwords."""
    services = prepare_house(load_settings({}, data=data))
    clock = FixedClock(datetime.combine(today, time(9), UTC) - timedelta(days=400))
    try:
        for name, settings in ((EMPTY_FEED, {}), (TEAM_FEED, {"read": "authenticated"})):
            create_feed(name, settings, CONSOLE, defaults=services.feed_defaults, db=services.db, clock=clock)
        change_feed(DEFAULT_FEED, face or {}, CONSOLE, db=services.db, clock=clock)
        owner = _add_people(services, passwords or {}, clock)
        _publish(services, LINES, owner, DEFAULT_FEED, today)
        _publish(services, (TEAM_LINE,), owner, TEAM_FEED, today)
        _count_downloads(services, LINES, DEFAULT_FEED, today)
    finally:
        services.close()


def package(line: Line, release: Release) -> bytes:
    """The bytes of a release."""
    files = dict(line.files or LIBRARY)
    more = f"{line.license}{line.more}<copyright>© Harbor Works</copyright>"
    if line.kind:
        more += f'<packageTypes><packageType name="{line.kind}" /></packageTypes>'
    if line.icon:
        files["icon.png"] = _icon(*line.icon)
        more += "<icon>icon.png</icon>"
    repository = "https://github.com/harbor-works/" + line.id.lower().replace(".", "-")
    more += f'<repository type="git" url="{repository}.git" commit="{COMMIT}" />'
    texts = {
        "projectUrl": repository,
        "tags": line.tags or line.id.split(".")[0],
        "authors": "Harbor Works",
        "readme": "README.md",
    }
    files["README.md"] = _readme(line)
    if line.notes:
        texts["releaseNotes"] = line.notes
    return nupkg(
        line.id, release.version, description=line.description, groups=line.groups, files=files, more=more, **texts
    )


def _add_people(services: Services, passwords: Mapping[str, str], clock: FixedClock) -> Actor:
    """Make the people; returns who pushes, with whom all ids begin to belong to the owner."""
    for name in (OWNER, READER):
        create_account(name, CONSOLE, password=passwords.get(name), db=services.db, clock=clock)
    for feed, name, role in (
        (DEFAULT_FEED, OWNER, "publisher"),
        (TEAM_FEED, OWNER, "publisher"),
        (TEAM_FEED, READER, "reader"),
    ):
        grant_role(feed, name, role, CONSOLE, db=services.db, clock=clock)
    with services.db.read() as tx:
        holder = accounts.find_holder(tx, accounts.get(tx, OWNER).id)
    return Actor(OWNER, frozenset({"push"}), holder=holder, key_id="key-of-the-owner")


def _publish(services: Services, lines: tuple[Line, ...], actor: Actor, feed: str, today: date) -> None:
    """Push all releases in the order of their days; each line some minutes after the one before it."""
    releases = sorted(
        ((release.days_ago, -at, line, release) for at, line in enumerate(lines) for release in line.releases),
        key=lambda each: each[:2],
        reverse=True,
    )
    for days_ago, at, line, release in releases:
        clock = FixedClock(datetime.combine(today, time(8), UTC) - timedelta(days=days_ago, minutes=-at))
        with services.blobs.spool() as spool:
            spool.write(package(line, release))
            spool.finish()
            push(spool, actor, feed=feed, db=services.db, blobs=services.blobs, clock=clock, limits=services.limits)
        if not release.is_listed:
            names = parse_package_id(line.id), parse_version(release.version)
            unlist(*names, CONSOLE, feed=feed, db=services.db, clock=clock)


def _count_downloads(services: Services, lines: tuple[Line, ...], feed: str, today: date) -> None:
    chosen = random.Random(7)
    with services.db.write() as tx:
        feed_id = feeds.get(tx, feed).id
        counted = {
            (feed_id, parse_package_id(line.id).key, parse_version(version).key, day): count
            for line in lines
            for version, day, count in _downloads_of(line, today, chosen)
        }
        downloads.add(tx, counted, _clients_of(counted))


def _clients_of(counted: Mapping[downloads.Counted, int]) -> Mapping[downloads.ClientCounted, int]:
    """The same downloads by client: most by dotnet."""
    counts: Counter[downloads.ClientCounted] = Counter()
    for (feed_id, _, _, day), count in counted.items():
        left = count
        for client, percent in (("Visual Studio", 21), ("Paket", 6), ("NuGet.exe", 3)):
            counts[feed_id, day, client] += count * percent // 100
            left -= count * percent // 100
        counts[feed_id, day, "dotnet / MSBuild"] += left
    return +counts


def _downloads_of(line: Line, today: date, chosen: random.Random) -> Iterator[tuple[str, date, int]]:
    """The downloads of each release on each of the last hundred days: more on working days, fewer of old ones."""
    for days_ago in range(100):
        day = today - timedelta(days=days_ago)
        out = [release for release in line.releases if release.days_ago >= days_ago]
        share = 0.4 if day.weekday() >= 5 else 1.0
        for age, release in enumerate(reversed(out[-4:])):
            count = int(line.rate * share * (1 - days_ago / 250) * chosen.uniform(0.8, 1.2) / (1 + 2 * age))
            if count:
                yield release.version, day, count


@cache
def _icon(colour: pictures.Colour, sign: pictures.Sign) -> bytes:
    return draw_icon(colour, sign)


def _readme(line: Line) -> bytes:
    if line.id in READMES:
        return READMES[line.id].read_bytes()
    return f"# {line.id}\n\n{line.description}\n\n## Getting started\n\nAdd it, and read on.\n".encode()
