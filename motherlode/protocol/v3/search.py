"""Search results, SearchQueryService: one result for each id, with the latest version that the caller may see.

Each result is rendered separately, so that responses are joined from cached fragments. No value is null, and counts are
integers: clients reject anything else.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from motherlode.nuget.package import Identity, Package
from motherlode.nuget.versions import Version
from motherlode.protocol.catalog_entry import icon_url, license_url, project_url, without_none
from motherlode.protocol.urls import Hive, Urls

DEFAULT_PACKAGE_TYPE: Final = "Dependency"
"""The type of a package whose nuspec names no type."""


def render_hit(
    latest: Package,
    versions: Sequence[tuple[Version, int]],
    urls: Urls,
    hive: Hive,
    *,
    owners: Sequence[str],
    downloads: int,
) -> dict[str, Any]:
    """Render the result for an id, with the metadata of its `latest` version; links point into the hive.

    `versions` are those that the caller may see, ascending, each with its downloads; `owners` are the names of the id's
    owners on the feed, and `downloads` is the total of the id.
    """
    identity = latest.identity
    return without_none(
        {
            "registration": urls.registration_index(hive, identity.id),
            "id": identity.id.written,
            "version": identity.version.full,
            "description": latest.description,
            "summary": latest.summary,
            "title": latest.title,
            "iconUrl": icon_url(latest, urls),
            "licenseUrl": license_url(latest, urls),
            "projectUrl": project_url(latest),
            "tags": list(latest.tags),
            "authors": split_authors(latest),
            "owners": list(owners),
            "totalDownloads": downloads,
            "verified": False,
            "packageTypes": [{"name": name} for name in type_names(latest)],
            "versions": [_version(latest, version, count, urls, hive) for version, count in versions],
            "vulnerabilities": [],
        }
    )


def join_hits(total: int, hits: Iterable[bytes]) -> bytes:
    """Render the response: the total of matching ids, and the results of this page, each already rendered."""
    return b'{"totalHits":%d,"data":[%s]}' % (total, b",".join(hits))


def split_authors(package: Package) -> list[str]:
    """Return the individual authors, split at commas as nuget.org does."""
    return [author.strip() for author in (package.authors or "").split(",") if author.strip()]


def type_names(package: Package) -> list[str]:
    """Return the names of the package types: at least one, without duplicates."""
    return list(dict.fromkeys(kind.name for kind in package.package_types)) or [DEFAULT_PACKAGE_TYPE]


def _version(latest: Package, version: Version, downloads: int, urls: Urls, hive: Hive) -> dict[str, Any]:
    return {
        "@id": urls.registration_leaf(hive, Identity(latest.identity.id, version)),
        "version": version.full,
        "downloads": downloads,
    }
