"""What each audience sees of a package: the listed versions that it may see, and the metadata of the latest one.

Search results, autocompletion and the index are all made from this one reading of the database, so that what a search
finds and what is then shown agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from motherlode.nuget.package import Package
from motherlode.nuget.package_json import package_from
from motherlode.protocol.v3.search import split_authors, type_names
from motherlode.search.subjects import AUDIENCES, Audience, Subject, View
from motherlode.store.accounts import owners
from motherlode.store.database.sqlite import Tx
from motherlode.store.packages import downloads
from motherlode.store.packages import versions as entries
from motherlode.store.packages.versions import ListedVersion


@dataclass(frozen=True, slots=True)
class Latest:
    """What one audience sees of a package: `package` is its latest version, `versions` are all versions, ascending.

    `downloads` are the download counts by version key, including unlisted versions; `owners` are the names of the id's
    owners on the feed.
    """

    package: Package
    versions: tuple[ListedVersion, ...]
    downloads: Mapping[str, int]
    owners: Sequence[str]

    @property
    def published_at(self) -> datetime:
        """When the latest version was pushed to this feed."""
        return self.versions[-1].pushed_at

    @property
    def all_downloads(self) -> int:
        """The downloads of all versions together."""
        return sum(self.downloads.values())


def read_latest(tx: Tx, feed_id: int, id_keys: Iterable[str], audience: Audience) -> dict[str, Latest]:
    """Return what the audience sees of each id; ids without a visible version are left out."""
    id_keys = tuple(id_keys)
    listed = entries.listed_versions(tx, feed_id, id_keys)
    seen = {id_key: visible(listed.get(id_key, ()), audience) for id_key in id_keys}
    facts = entries.facts(tx, (versions[-1].content_id for versions in seen.values() if versions))
    counts = downloads.totals(tx, feed_id, id_keys)
    names = owners.names_by_id(tx, feed_id, id_keys)
    return {
        id_key: Latest(
            package_from(facts[versions[-1].content_id]), versions, counts.get(id_key, {}), names.get(id_key, ())
        )
        for id_key, versions in seen.items()
        if versions
    }


def read_subjects(tx: Tx, feed_id: int, id_keys: Iterable[str]) -> list[Subject]:
    """Return what the index must contain for each id; the views are empty if no version of it is listed."""
    id_keys = tuple(id_keys)
    listed = entries.listed_versions(tx, feed_id, id_keys)
    tops = {id_key: _tops(listed.get(id_key, ())) for id_key in id_keys}
    latest = {version.content_id: version for top in tops.values() for version in top.values()}
    facts = entries.facts(tx, latest)
    views = {content_id: _view(package_from(found), latest[content_id]) for content_id, found in facts.items()}
    counts = downloads.totals(tx, feed_id, id_keys)
    return [
        Subject(
            feed_id,
            id_key,
            {audience: views[version.content_id] for audience, version in top.items()},
            sum(counts.get(id_key, {}).values()),
        )
        for id_key, top in tops.items()
    ]


def visible(versions: Sequence[ListedVersion], audience: Audience) -> tuple[ListedVersion, ...]:
    """Return the versions that the audience may see, in the same order."""
    return tuple(version for version in versions if _is_visible(version, audience))


def _is_visible(version: ListedVersion, audience: Audience) -> bool:
    return (audience.prerelease or not version.is_prerelease) and (audience.semver2 or not version.is_semver2)


def _tops(versions: Sequence[ListedVersion]) -> dict[Audience, ListedVersion]:
    """Return the latest visible version for each audience that sees any version."""
    tops = {}
    for audience in AUDIENCES:
        latest = next((version for version in reversed(versions) if _is_visible(version, audience)), None)
        if latest is not None:
            tops[audience] = latest
    return tops


def _view(package: Package, version: ListedVersion) -> View:
    return View(
        id=package.identity.id,
        version=package.identity.version,
        title=package.title or "",
        description=package.description or "",
        summary=package.summary or "",
        tags=package.tags,
        authors=tuple(split_authors(package)),
        package_types=tuple(type_names(package)),
        frameworks=package.frameworks,
        dependencies=tuple(sorted(package.dependency_keys)),
        published_at=version.pushed_at,
    )
