"""What pages show, read from the truth and from the search index: a page's values, all of one look.

Whatever asks the index asks one that has come as far as the look at the truth, so that no page is older than that. What
costs most, looking into an archive, is kept in memory by package and version: a page that is rendered anew after an
event of another package does not open the archive again.

Invariant: an unlisted version is on no list here but for those who may see it, and is found by its own address alone.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import date, timedelta
from typing import Final

from motherlode.domain.permissions import Actor
from motherlode.domain.refusals import AllUnlisted, NoSuchVersion, SearchUnready
from motherlode.nuget.content_listing import Inside, decode_text, read_inside
from motherlode.nuget.ids import PackageId
from motherlode.nuget.nupkg import read_entry
from motherlode.nuget.package import Package
from motherlode.nuget.package_json import package_from
from motherlode.nuget.versions import Version, parse_version
from motherlode.observe.clock import Clock
from motherlode.projections.documents.cache import DocumentKey, Documents, Fragment
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.projections.documents.v3 import MAX_EMBEDDED_BYTES, RenderContext, read_changed_at
from motherlode.projections.fitting import fit
from motherlode.projections.latest_versions import read_latest
from motherlode.projections.pages.views import (
    Card,
    DayCount,
    FeedView,
    FileRow,
    LicenseView,
    NamedCount,
    PackageView,
    Results,
    StatsView,
    VersionRow,
    VersionsView,
)
from motherlode.projections.search.service import SearchService
from motherlode.search.index import Question, Sort
from motherlode.search.queries import Query
from motherlode.search.subjects import Audience
from motherlode.store.accounts import owners
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import downloads, listings
from motherlode.store.packages import versions as entries
from motherlode.store.packages.listings import VersionAtGlance
from motherlode.store.packages.versions import Entry

EVERYBODY: Final = Audience(prerelease=True, semver2=True)
"""Whoever looks at pages sees prerelease versions too, and the packages that old clients cannot read."""
BY_DEFAULT: Final = Audience(prerelease=False, semver2=True)
"""What the page that searches shows unless prerelease versions are asked for."""
HOME_CARDS: Final = 8
USERS_SHOWN: Final = 10
MAX_RELEASES: Final = 100
MAX_FILES: Final = 1_000
MAX_NAMES: Final = 100
PACKAGE_DAYS: Final = 42
STATS_DAYS: Final = 90
RECENT_DAYS: Final = 30


class PageQueries:
    """What pages ask. Everything here may block; what asks the index raises SearchUnready where there is none yet."""

    def __init__(self, db: Database, documents: Documents, searching: SearchService, clock: Clock) -> None:
        self._db = db
        self._documents = documents
        self._searching = searching
        self._clock = clock

    def home(self, source: RenderContext, feed: Feed) -> FeedView:
        """A feed's home. Which packages are the most downloaded is as the index ranked them last: it follows the counts
        within a minute. Raises SearchUnready, Busy."""
        total, newest = self._find(source, feed, sort=Sort.NEWEST, take=HOME_CARDS)
        _, popular = self._find(source, feed, sort=Sort.DOWNLOADS, take=HOME_CARDS)
        stable, _ = self._find(source, feed, sort=Sort.RELEVANCE, take=0, audience=BY_DEFAULT)
        cards = _read_cards(source.tx, feed.id, {*newest, *popular}, EVERYBODY)
        return FeedView(total, _in_order(cards, newest), _by_downloads(_in_order(cards, popular)), stable)

    def search(self, feed: Feed, question: Question) -> Results:
        """What a search finds, as of now. Raises SearchUnready, Busy."""
        found = self._searching.find_packages(feed, question)
        with self._db.read() as tx:
            cards = _read_cards(tx, feed.id, found.id_keys, question.audience)
        return Results(found.total, _in_order(cards, found.id_keys))

    def package(
        self, source: RenderContext, feed: Feed, package_id: PackageId, version: Version | None, *, sees_unlisted: bool
    ) -> PackageView:
        """The page of a version; without one, of the latest listed version, stable where there is a stable one. Where
        none is listed, those who may see unlisted versions get the latest of these, and all others AllUnlisted. Raises
        NoSuchVersion, Busy."""
        rows = listings.versions_of(source.tx, feed.id, package_id.key)
        listed = [row for row in rows if row.is_listed]
        shown = rows if sees_unlisted else listed
        latest = _find_latest(listed)
        if version is None and rows and not shown:
            raise AllUnlisted(rows[0].id_written)
        entry = _get_entry(source, package_id, version or latest or _find_latest(shown))
        package = fit(package_from(entry.facts))
        inside = self._look_inside(source, entry, package)
        counts = downloads.total(source.tx, feed.id, package_id.key)
        used_by = self._find_users(source, feed, package_id)
        return PackageView(
            package=package,
            is_listed=entry.listed,
            published_at=entry.pushed_at,
            changed_at=read_changed_at(source, package_id),
            size=entry.size,
            sha512=entry.sha512,
            versions=tuple(_version_row(row, counts) for row in shown),
            latest=latest,
            downloads=sum(counts.values()),
            version_downloads=counts.get(entry.version_key, 0),
            owners=tuple(account.name for account in owners.of_id(source.tx, feed.id, package_id.key)),
            here=_find_here(source, package),
            unlisted=_find_unlisted(source, package),
            used_by=used_by or Results(0, ()),
            days=self._days_of(source, package_id),
            files=tuple(FileRow(name, size) for name, size in inside.files),
            file_count=inside.file_count,
            readme=inside.readme,
            is_whole=used_by is not None,
        )

    def license(self, source: RenderContext, feed: Feed, package_id: PackageId, version: Version) -> LicenseView:
        """A version's license file. Raises NoSuchVersion, also where it has none."""
        entry = entries.find(source.tx, feed.id, package_id.key, version.key)
        package = None if entry is None else package_from(entry.facts)
        found = None if package is None else package.license
        if entry is not None and package is not None and found is not None and found.kind == "file":
            with source.blobs.open(entry.blob) as file:
                content = read_entry(file, found.value, MAX_EMBEDDED_BYTES)
            if content is not None:
                return LicenseView(package.identity, decode_text(content))
        raise NoSuchVersion(f"A license file of {package_id} {version.normalized}")

    def versions(self, source: RenderContext, feed: Feed, package_id: PackageId) -> VersionsView:
        """The listed versions of an id, those pushed last first. Raises NoSuchVersion, and AllUnlisted where none is
        listed."""
        all_rows = listings.versions_of(source.tx, feed.id, package_id.key)
        rows = [row for row in all_rows if row.is_listed]
        if not rows:
            raise AllUnlisted(all_rows[0].id_written) if all_rows else NoSuchVersion(str(package_id))
        newest = sorted(rows, key=lambda row: row.pushed_at, reverse=True)[:MAX_RELEASES]
        facts = entries.facts(source.tx, [row.content_id for row in newest])
        total = sum(downloads.total(source.tx, feed.id, package_id.key).values())
        cards = tuple(Card(fit(package_from(facts[row.content_id])), row.pushed_at, total) for row in newest)
        return VersionsView(PackageId(rows[0].id_written), cards, read_changed_at(source, package_id))

    def stats(self, source: RenderContext, feed: Feed) -> StatsView:
        """A feed's downloads. Each worker writes down what it counted every ten seconds; nothing here is older. Ids of
        which no version is listed are left out of the packages, not out of the sums."""
        today = self._clock.now().date()
        recent = today - timedelta(days=RECENT_DAYS - 1)
        days = downloads.days(source.tx, feed.id, today - timedelta(days=STATS_DAYS - 1))
        clients = downloads.clients(source.tx, feed.id, recent)
        return StatsView(
            total=downloads.sum_of_feed(source.tx, feed.id),
            days=_fill(days, today, STATS_DAYS),
            packages=_top_packages(source.tx, feed.id, recent),
            clients=tuple(NamedCount(name, count) for name, count in clients),
        )

    def is_own(self, feed: Feed, package_id: PackageId, actor: Actor) -> bool:
        """Whether he is an owner of the id, himself or by a team, or an administrator."""
        if actor.is_administrator:
            return True
        with self._db.read() as tx:
            return owners.ownership(tx, feed.id, package_id.key, actor.account_ids).is_own

    def _find(
        self,
        source: RenderContext,
        feed: Feed,
        *,
        sort: Sort,
        take: int,
        dependency: str | None = None,
        audience: Audience = EVERYBODY,
    ) -> tuple[int, tuple[str, ...]]:
        """How many packages there are in all, and the id keys of the first, found in no older a state than the look."""
        question = Question(feed.id, audience, Query(), sort=sort, take=take, dependency=dependency)
        found = self._searching.find_packages(replace(feed, head=source.as_of), question)
        return found.total, found.id_keys

    def _find_users(self, source: RenderContext, feed: Feed, package_id: PackageId) -> Results | None:
        """The packages whose latest version depends on the id; None where there is no index to ask yet."""
        try:
            found = self._find(source, feed, sort=Sort.DOWNLOADS, take=USERS_SHOWN, dependency=package_id.key)
        except SearchUnready:
            return None
        total, id_keys = found
        cards = _read_cards(source.tx, feed.id, id_keys, EVERYBODY) if id_keys else {}
        return Results(total, _by_downloads(_in_order(cards, id_keys)))

    def _look_inside(self, source: RenderContext, entry: Entry, package: Package) -> Inside:
        key = DocumentKey(entry.feed_id, entry.id_key, f"inside/{entry.version_key}")
        kept = self._documents.find(key)
        if isinstance(kept, Fragment):
            files, file_count, readme = json.loads(kept.body)
            return Inside(tuple((name, size) for name, size in files), file_count, readme)
        with source.blobs.open(entry.blob) as file:
            inside = read_inside(file, package.readme, max_files=MAX_FILES, max_readme_bytes=MAX_EMBEDDED_BYTES)
        self._documents.keep(key, Fragment(json.dumps(astuple(inside)).encode(), source.as_of))
        return inside

    def _days_of(self, source: RenderContext, package_id: PackageId) -> tuple[DayCount, ...]:
        today = self._clock.now().date()
        first = today - timedelta(days=PACKAGE_DAYS - 1)
        return _fill(downloads.days_of(source.tx, source.feed_id, package_id.key, first), today, PACKAGE_DAYS)


def _read_cards(tx: Tx, feed_id: int, id_keys: Iterable[str], audience: Audience) -> dict[str, Card]:
    seen = read_latest(tx, feed_id, id_keys, audience)
    return {
        id_key: Card(fit(latest.package), latest.published_at, latest.all_downloads) for id_key, latest in seen.items()
    }


def _in_order(cards: Mapping[str, Card], id_keys: Iterable[str]) -> tuple[Card, ...]:
    """The cards of the ids that are still to be seen."""
    return tuple(cards[id_key] for id_key in id_keys if id_key in cards)


def _by_downloads(cards: Sequence[Card]) -> tuple[Card, ...]:
    """In the order of the counts that they show: those of the index lag behind a little."""
    return tuple(sorted(cards, key=lambda card: -card.downloads))


def _get_entry(source: RenderContext, package_id: PackageId, version: Version | None) -> Entry:
    entry = None if version is None else entries.find(source.tx, source.feed_id, package_id.key, version.key)
    if entry is None:
        raise NoSuchVersion(str(package_id) if version is None else f"{package_id} {version.normalized}")
    return entry


def _find_latest(rows: Sequence[VersionAtGlance]) -> Version | None:
    """The first of the rows, which are in falling order, that is stable, else the first at all."""
    row = next((row for row in rows if not row.is_prerelease), rows[0] if rows else None)
    return None if row is None else parse_version(row.version_written)


def _version_row(row: VersionAtGlance, counts: Mapping[str, int]) -> VersionRow:
    version = parse_version(row.version_written)
    return VersionRow(version, row.pushed_at, counts.get(row.version_key, 0), row.is_listed)


def _find_here(source: RenderContext, package: Package) -> frozenset[str]:
    named = package.dependency_keys
    return listings.find_here(source.tx, source.feed_id, named) if named else frozenset()


def _find_unlisted(source: RenderContext, package: Package) -> frozenset[str]:
    named = package.dependency_keys
    return listings.find_unlisted(source.tx, source.feed_id, named) if named else frozenset()


def _fill(counts: Mapping[date, int], last: date, number: int) -> tuple[DayCount, ...]:
    """So many days up to the last one, the oldest first; 0 for those without a count."""
    days = (last - timedelta(days=back) for back in reversed(range(number)))
    return tuple(DayCount(day, counts.get(day, 0)) for day in days)


def _top_packages(tx: Tx, feed_id: int, since: date) -> tuple[NamedCount, ...]:
    """The most downloaded ids since that day, as their latest listed version spells them."""
    top: list[NamedCount] = []
    for ranked in downloads.iter_ranked(tx, feed_id, since, MAX_NAMES):
        written = listings.written_ids(tx, feed_id, [id_key for id_key, _ in ranked])
        top += [NamedCount(written[id_key], count) for id_key, count in ranked if id_key in written]
        if len(top) >= MAX_NAMES:
            break
    return tuple(top[:MAX_NAMES])
