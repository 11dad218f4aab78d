"""Registrations: everything a feed says of an id, in three hives (NuGet V3 RegistrationsBaseUrl).

Fewer than 128 versions are written into the index, more are left to pages of 64; versions ascend across all pages. A
page's address names its bounds, and the page is whatever lies between them today: an address once handed out keeps
answering when versions come and go (a client crashes on a page that is gone).
"""

from collections.abc import Sequence
from typing import Any, Final

from motherlode.domain.release import Release
from motherlode.protocol.catalog_entry import published, render_catalog_entry, timestamp
from motherlode.protocol.urls import Hive, Urls

PAGE_LEAVES: Final = 64
INLINE_LIMIT: Final = 128
"""From this many versions on, pages are documents of their own."""


def pages_of(releases: Sequence[Release]) -> list[Sequence[Release]]:
    """The pages of an id's releases, which ascend by version and are not empty."""
    return [releases[start : start + PAGE_LEAVES] for start in range(0, len(releases), PAGE_LEAVES)]


def render_index(releases: Sequence[Release], urls: Urls, hive: Hive) -> dict[str, Any]:
    """The registration index of an id; `releases` ascend by version and are not empty."""
    pages = pages_of(releases)
    render = _inlined_page if len(releases) < INLINE_LIMIT else _page_link
    latest = releases[-1].package.identity
    return {
        "@id": urls.registration_index(hive, latest.id),
        "@type": ["catalog:CatalogRoot", "PackageRegistration", "catalog:Permalink"],
        "count": len(pages),
        "items": [render(page, urls, hive) for page in pages],
    }


def render_page(releases: Sequence[Release], urls: Urls, hive: Hive, *, address: str) -> dict[str, Any]:
    """The page document at `address`; `releases` ascend by version and are not empty."""
    return _page(releases, urls, hive, address) | {"items": [_leaf(release, urls, hive) for release in releases]}


def render_leaf(release: Release, urls: Urls, hive: Hive) -> dict[str, Any]:
    """The leaf document of one version; here `catalogEntry` is an address."""
    identity = release.package.identity
    return {
        "@id": urls.registration_leaf(hive, identity),
        "@type": ["Package", "http://schema.nuget.org/catalog#Permalink"],
        "catalogEntry": urls.details(identity),
        "commitTimeStamp": timestamp(release.changed_at),
        "listed": release.listed,
        "packageContent": urls.nupkg(identity),
        "published": published(release),
        "registration": urls.registration_index(hive, identity.id),
    }


def _inlined_page(releases: Sequence[Release], urls: Urls, hive: Hive) -> dict[str, Any]:
    lower, upper = _bounds(releases)
    address = f"{urls.registration_index(hive, releases[0].package.identity.id)}#page/{lower}/{upper}"
    return render_page(releases, urls, hive, address=address)


def _page_link(releases: Sequence[Release], urls: Urls, hive: Hive) -> dict[str, Any]:
    lower, upper = _bounds(releases)
    address = urls.registration_page(hive, releases[0].package.identity.id, lower, upper)
    page = _page(releases, urls, hive, address)
    # quirk: `items` must be left out, not null, for a client to follow `@id`
    del page["parent"]
    return page


def _page(releases: Sequence[Release], urls: Urls, hive: Hive, address: str) -> dict[str, Any]:
    lower, upper = _bounds(releases)
    return {
        "@id": address,
        "@type": "catalog:CatalogPage",
        "count": len(releases),
        "lower": lower,
        "upper": upper,
        "parent": urls.registration_index(hive, releases[0].package.identity.id),
    }


def _bounds(releases: Sequence[Release]) -> tuple[str, str]:
    return releases[0].package.identity.version.key, releases[-1].package.identity.version.key


def _leaf(release: Release, urls: Urls, hive: Hive) -> dict[str, Any]:
    identity = release.package.identity
    return {
        "@id": urls.registration_leaf(hive, identity),
        "@type": "Package",
        "catalogEntry": render_catalog_entry(release, urls, hive),
        "packageContent": urls.nupkg(identity),
        "registration": urls.registration_index(hive, identity.id),
    }
