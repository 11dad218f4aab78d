"""Registrations: all metadata of an id, in three hives (NuGet V3 RegistrationsBaseUrl).

Fewer than 128 versions are inlined in the index; otherwise the index links to pages of 64. Versions ascend across all
pages. The address of a page names its bounds, and the page contains the current versions between them. So an address
keeps working when versions are pushed or deleted (clients crash on a page that is gone).
"""

from collections.abc import Sequence
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

from motherlode.domain.release import Commit, Release
from motherlode.nuget.ids import PackageId
from motherlode.protocol.catalog_entry import published, render_catalog_entry, timestamp
from motherlode.protocol.urls import Hive, Urls

PAGE_LEAVES: Final = 64
INLINE_LIMIT: Final = 128
"""With at least this number of versions, pages are separate documents."""

_COMMITS: Final = UUID("5a0c7f5e-3c0f-4a0e-9c43-0e9a1f6b8d27")
"""The namespace of commit ids."""

T = TypeVar("T")


def render_index(releases: Sequence[Release], urls: Urls, hive: Hive, commit: Commit) -> dict[str, Any]:
    """Render the registration index of an id with fewer than `INLINE_LIMIT` versions.

    `releases` are in ascending order and not empty. `commit` is the last change of the id, which may have been the
    deletion of a version."""
    pages = [_inlined_page(page, urls, hive) for page in _pages_of(releases)]
    return _index(releases[0].package.identity.id, pages, urls, hive, commit)


def render_long_index(
    package_id: PackageId, versions: Sequence[tuple[str, Commit]], urls: Urls, hive: Hive, commit: Commit
) -> dict[str, Any]:
    """Render the registration index of an id with at least `INLINE_LIMIT` versions.

    `versions` are the folded keys in ascending order, each with the last change of the version. `commit` is the last
    change of the id, which may have been the deletion of a version."""
    pages = [_page_link(package_id, page, urls, hive) for page in _pages_of(versions)]
    return _index(package_id, pages, urls, hive, commit)


def render_page(releases: Sequence[Release], urls: Urls, hive: Hive, *, address: str) -> dict[str, Any]:
    """Render the page document at `address`; `releases` are in ascending order of version and not empty."""
    versions = [(release.package.identity.version.key, release.commit) for release in releases]
    page = _page(releases[0].package.identity.id, versions, urls, hive, address)
    return page | {"items": [_leaf(release, urls, hive) for release in releases]}


def render_leaf(release: Release, urls: Urls, hive: Hive) -> dict[str, Any]:
    """Render the leaf document of one version; in it `catalogEntry` is an address."""
    identity = release.package.identity
    return {
        "@id": urls.registration_leaf(hive, identity),
        "@type": ["Package", "http://schema.nuget.org/catalog#Permalink"],
        "catalogEntry": urls.details(identity),
        **_commit(release.commit),
        "listed": release.listed,
        "packageContent": urls.nupkg(identity),
        "published": published(release),
        "registration": urls.registration_index(hive, identity.id),
    }


def _pages_of(versions: Sequence[T]) -> list[Sequence[T]]:
    return [versions[start : start + PAGE_LEAVES] for start in range(0, len(versions), PAGE_LEAVES)]


def _index(
    package_id: PackageId, pages: list[dict[str, Any]], urls: Urls, hive: Hive, commit: Commit
) -> dict[str, Any]:
    return {
        "@id": urls.registration_index(hive, package_id),
        "@type": ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"],
        **_commit(commit),
        "count": len(pages),
        "items": pages,
    }


def _inlined_page(releases: Sequence[Release], urls: Urls, hive: Hive) -> dict[str, Any]:
    lower, upper = releases[0].package.identity.version.key, releases[-1].package.identity.version.key
    address = f"{urls.registration_index(hive, releases[0].package.identity.id)}#page/{lower}/{upper}"
    return render_page(releases, urls, hive, address=address)


def _page_link(package_id: PackageId, versions: Sequence[tuple[str, Commit]], urls: Urls, hive: Hive) -> dict[str, Any]:
    address = urls.registration_page(hive, package_id, versions[0][0], versions[-1][0])
    page = _page(package_id, versions, urls, hive, address)
    # quirk: `items` must be left out, not null, for a client to follow `@id`
    del page["parent"]
    return page


def _page(
    package_id: PackageId, versions: Sequence[tuple[str, Commit]], urls: Urls, hive: Hive, address: str
) -> dict[str, Any]:
    return {
        "@id": address,
        "@type": "catalog:CatalogPage",
        **_commit(max(commit for _, commit in versions)),
        "count": len(versions),
        "lower": versions[0][0],
        "upper": versions[-1][0],
        "parent": urls.registration_index(hive, package_id),
    }


def _leaf(release: Release, urls: Urls, hive: Hive) -> dict[str, Any]:
    identity = release.package.identity
    return {
        "@id": urls.registration_leaf(hive, identity),
        "@type": "Package",
        **_commit(release.commit),
        "catalogEntry": render_catalog_entry(release, urls, hive),
        "packageContent": urls.nupkg(identity),
        "registration": urls.registration_index(hive, identity.id),
    }


def _commit(commit: Commit) -> dict[str, str]:
    """Render the catalog properties that identify a change: every document shows the same id and time for it."""
    at = timestamp(commit.at)
    return {"commitId": str(uuid5(_COMMITS, f"{commit.number} {at}")), "commitTimeStamp": at}
