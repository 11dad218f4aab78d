"""Reads the data of web pages from the database, in one transaction per page, and from the search index.

The index is always at least as new as the transaction, so no page shows older data. Reading an archive costs most, so
its listing is cached by package and version: rendering a page again after an event of another package does not open the
archive again.

Invariant: lists contain unlisted versions only for users who may see them; all others reach an unlisted version only by
its exact address.
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
"""The audience of most pages: sees prerelease versions, and SemVer 2 packages, which old clients cannot read."""
BY_DEFAULT: Final = Audience(prerelease=False, semver2=True)
"""The audience of the search page unless prerelease versions are included."""
HOME_CARDS: Final = 8
USERS_SHOWN: Final = 10
MAX_RELEASES: Final = 100
MAX_FILES: Final = 1_000
MAX_NAMES: Final = 100
PACKAGE_DAYS: Final = 42
STATS_DAYS: Final = 90
RECENT_DAYS: Final = 30


class PageQueries:
    """The queries of pages. All methods may block; those that search raise SearchUnready while there is no index."""

    def __init__(self, db: Database, documents: Documents, searching: SearchService, clock: Clock) -> None:
        self._db = db
        self._documents = documents
        self._searching = searching
        self._clock = clock

    def home(self, source: RenderContext, feed: Feed) -> FeedView:
        """Return the home page of a feed. Raises SearchUnready, Busy.

        The most downloaded packages are those of the index, whose ranking follows the counts within a minute.
        """
        total, newest = self._find(source, feed, sort=Sort.NEWEST, take=HOME_CARDS)
        _, popular = self._find(source, feed, sort=Sort.DOWNLOADS, take=HOME_CARDS)
        stable, _ = self._find(source, feed, sort=Sort.RELEVANCE, take=0, audience=BY_DEFAULT)
        cards = _read_cards(source.tx, feed.id, {*newest, *popular}, EVERYBODY)
        return FeedView(total, _in_order(cards, newest), _by_downloads(_in_order(cards, popular)), stable)

    def search(self, feed: Feed, question: Question) -> Results:
        """Return what a search currently finds. Raises SearchUnready, Busy."""
        found = self._searching.find_packages(feed, question)
        with self._db.read() as tx:
            cards = _read_cards(tx, feed.id, found.id_keys, question.audience)
        return Results(found.total, _in_order(cards, found.id_keys))

    def package(
        self, source: RenderContext, feed: Feed, package_id: PackageId, version: Version | None, *, sees_unlisted: bool
    ) -> PackageView:
        """Return the page of a version.

        If `version` is None, this is the latest listed version, preferably a stable one. If no version is listed, it is
        the latest unlisted one for users who may see those; for others it raises AllUnlisted. Raises NoSuchVersion,
        Busy.
        """
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
        """Return a version's license file. Raises NoSuchVersion, also if the version has no license file."""
        entry = entries.find(source.tx, feed.id, package_id.key, version.key)
        package = None if entry is None else package_from(entry.facts)
        found = None if package is None else package.license
        if entry is not None and package is not None and found is not None and found.kind == "file":
            with source.blobs.open(entry.blob) as file:
                content = read_entry(file, found.value, MAX_EMBEDDED_BYTES)
            if content is not None:
                return LicenseView(package.identity, decode_text(content))
        raise NoSuchVersion(f"The license file of {package_id} {version.normalized}")

    def versions(self, source: RenderContext, feed: Feed, package_id: PackageId) -> VersionsView:
        """Return the listed versions of an id, the most recently pushed first.

        Raises NoSuchVersion, and AllUnlisted if none is listed.
        """
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
        """Return a feed's downloads, at most ten seconds old: each worker stores its counts in this interval.

        Ids without a listed version are left out of the list of packages, but counted in the sums.
        """
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
        """Whether the actor is an administrator or owns the id, directly or through a team."""
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
        """Return the total of packages, and the id keys of the first ones; never older than the transaction."""
        question = Question(feed.id, audience, Query(), sort=sort, take=take, dependency=dependency)
        found = self._searching.find_packages(replace(feed, head=source.as_of), question)
        return found.total, found.id_keys

    def _find_users(self, source: RenderContext, feed: Feed, package_id: PackageId) -> Results | None:
        """Return the packages whose latest version depends on the id, or None while there is no index."""
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
    """Return the cards of the ids that are still visible."""
    return tuple(cards[id_key] for id_key in id_keys if id_key in cards)


def _by_downloads(cards: Sequence[Card]) -> tuple[Card, ...]:
    """Sort cards by the counts that they show; the ranking of the index lags behind a little."""
    return tuple(sorted(cards, key=lambda card: -card.downloads))


def _get_entry(source: RenderContext, package_id: PackageId, version: Version | None) -> Entry:
    entry = None if version is None else entries.find(source.tx, source.feed_id, package_id.key, version.key)
    if entry is None:
        raise NoSuchVersion(str(package_id) if version is None else f"{package_id} {version.normalized}")
    return entry


def _find_latest(rows: Sequence[VersionAtGlance]) -> Version | None:
    """Return the latest stable version, or else the latest version, or None; the rows are in descending order."""
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
    """Return `number` days up to `last`, oldest first; days without a count have 0."""
    days = (last - timedelta(days=back) for back in reversed(range(number)))
    return tuple(DayCount(day, counts.get(day, 0)) for day in days)


def _top_packages(tx: Tx, feed_id: int, since: date) -> tuple[NamedCount, ...]:
    """Return the most downloaded ids since that day, as their latest listed version spells them."""
    top: list[NamedCount] = []
    for ranked in downloads.iter_ranked(tx, feed_id, since, MAX_NAMES):
        written = listings.written_ids(tx, feed_id, [id_key for id_key, _ in ranked])
        top += [NamedCount(written[id_key], count) for id_key, count in ranked if id_key in written]
        if len(top) >= MAX_NAMES:
            break
    return tuple(top[:MAX_NAMES])
