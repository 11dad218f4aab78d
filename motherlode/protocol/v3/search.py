"""Search results, SearchQueryService: one for each id, showing its latest version that the caller may see.

Each result is rendered by itself, so that an answer is put together from finished pieces. Nothing is null, and counts
are integers: clients refuse anything else.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from motherlode.nuget.package import Identity, Package
from motherlode.nuget.versions import Version
from motherlode.protocol.catalog_entry import icon_url, license_url, project_url, without_none
from motherlode.protocol.urls import Hive, Urls

DEFAULT_PACKAGE_TYPE: Final = "Dependency"
"""The type of a package that names none."""


def render_hit(
    latest: Package,
    versions: Sequence[tuple[Version, int]],
    urls: Urls,
    hive: Hive,
    *,
    owners: Sequence[str],
    downloads: int,
) -> dict[str, Any]:
    """The result that shows an id by its `latest` version; its links lead into the hive.

    `versions` are those that the caller may see, ascending, each with its downloads; `owners` are the names of the id's
    owners on the feed, and `downloads` are those of the id.
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
    """The answer: how many ids match in all, and the results that were asked for, each rendered already."""
    return b'{"totalHits":%d,"data":[%s]}' % (total, b",".join(hits))


def split_authors(package: Package) -> list[str]:
    """The authors one by one, as the public gallery splits them."""
    return [author.strip() for author in (package.authors or "").split(",") if author.strip()]


def type_names(package: Package) -> list[str]:
    """What the package is for: at least one name, each once."""
    return list(dict.fromkeys(kind.name for kind in package.package_types)) or [DEFAULT_PACKAGE_TYPE]


def _version(latest: Package, version: Version, downloads: int, urls: Urls, hive: Hive) -> dict[str, Any]:
    return {
        "@id": urls.registration_leaf(hive, Identity(latest.identity.id, version)),
        "version": version.full,
        "downloads": downloads,
    }
