"""Renderers of package documents: each reads the rows of one document from the database.

Links are rendered with a placeholder for the base address, which `Reader.read` replaces.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from motherlode.domain.refusals import NoSuchVersion
from motherlode.domain.release import Commit, Release
from motherlode.nuget.embedded_files import find_image_type
from motherlode.nuget.ids import PackageId
from motherlode.nuget.nupkg import read_entry
from motherlode.nuget.package import Package
from motherlode.nuget.package_json import package_from
from motherlode.nuget.versions import Version
from motherlode.protocol.urls import Hive, Urls
from motherlode.protocol.v3.details import render_details
from motherlode.protocol.v3.flat_container import render_versions
from motherlode.protocol.v3.registration import (
    INLINE_LIMIT,
    PAGE_LEAVES,
    render_index,
    render_leaf,
    render_long_index,
    render_page,
)
from motherlode.protocol.v3.service_index import render_service_index
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Tx
from motherlode.store.packages import catalog
from motherlode.store.packages import versions as entries
from motherlode.store.packages.versions import Entry

JSON = "application/json"
MAX_EMBEDDED_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """A document whose links still have placeholders.

    `is_kept` is False if the document must not be cached, because callers could request endlessly many such. `counted`
    is that of the context if the document shows download counts, else None. `entry` is the version that it shows if it
    shows a single version, else None.
    """

    body: bytes
    changed_at: datetime
    media_type: str = JSON
    is_kept: bool = True
    counted: int | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What documents are rendered from: one transaction, which sees one moment.

    `as_of` is the number of the feed's last event at that moment, `counted` the number of its last batch of download
    counts. `urls` are absolute addresses, `paths` the same addresses without scheme and host.
    """

    tx: Tx
    feed_id: int
    feed_created_at: datetime
    blobs: Blobs
    urls: Urls
    paths: Urls
    as_of: int
    counted: int


Renderer = Callable[[RenderContext], RenderedDocument]
"""Renders one document from the database; raises `NoSuchVersion`."""


def service_index() -> Renderer:
    """The service index of the feed."""
    return lambda source: _as_json(render_service_index(source.urls), source.feed_created_at)


def versions(package_id: PackageId) -> Renderer:
    """The version list of an id."""

    def render(source: RenderContext) -> RenderedDocument:
        keys = entries.version_keys(source.tx, source.feed_id, package_id.key)
        if not keys:
            raise NoSuchVersion(str(package_id))
        return _as_json(render_versions(keys), read_changed_at(source, package_id))

    return render


def registration_index(package_id: PackageId, hive: Hive) -> Renderer:
    """The registration index of an id in a hive."""

    def render(source: RenderContext) -> RenderedDocument:
        of_id = source.tx, source.feed_id, package_id.key
        if entries.count(*of_id, with_semver2=hive.has_semver2) >= INLINE_LIMIT:
            return _long_index(source, package_id, hive)
        releases = _releases(source, package_id, hive)
        commit = _last_commit(source, package_id)
        return _as_json(render_index(releases, source.urls, hive, commit), _last_change(releases))

    return render


def registration_page(package_id: PackageId, hive: Hive, lower: Version, upper: Version) -> Renderer:
    """The registration page of an id in a hive: all versions from `lower` to `upper`, inclusive."""

    def render(source: RenderContext) -> RenderedDocument:
        of_id = source.tx, source.feed_id, package_id.key
        rows = entries.between(*of_id, lower, upper, with_semver2=hive.has_semver2)
        if not rows:
            raise NoSuchVersion(f"{package_id} from {lower.normalized} to {upper.normalized}")
        releases = [_release_of(entry) for entry in rows]
        address = source.urls.registration_page(hive, package_id, lower.key, upper.key)
        document = render_page(releases, source.urls, hive, address=address)
        is_page = _is_page(source, package_id, hive, lower, upper, len(rows))
        return _as_json(document, _last_change(releases), is_kept=is_page)

    return render


def registration_leaf(package_id: PackageId, hive: Hive, version: Version) -> Renderer:
    """The registration leaf of a version in a hive."""

    def render(source: RenderContext) -> RenderedDocument:
        entry = _get(source, package_id, version)
        release = _release_of(entry)
        if release.package.is_semver2 and not hive.has_semver2:
            raise NoSuchVersion(f"{package_id} {version.normalized}")
        return _as_json(render_leaf(release, source.urls, hive), release.changed_at, entry=entry)

    return render


def details(package_id: PackageId, version: Version) -> Renderer:
    """All details of a version."""

    def render(source: RenderContext) -> RenderedDocument:
        entry = _get(source, package_id, version)
        return _as_json(render_details(_release_of(entry), source.urls), entry.changed_at, entry=entry)

    return render


def nuspec(package_id: PackageId, version: Version) -> Renderer:
    """The nuspec of a version, byte for byte."""

    def render(source: RenderContext) -> RenderedDocument:
        entry = _get(source, package_id, version)
        body = entries.find_nuspec(source.tx, source.feed_id, package_id.key, version.key) or b""
        return RenderedDocument(body, entry.pushed_at, "application/xml", entry=entry)

    return render


def readme(package_id: PackageId, version: Version) -> Renderer:
    """The embedded readme of a version: Markdown, unchanged."""
    return _embedded(
        package_id, version, "readme", lambda package: package.readme, lambda _body: "text/markdown; charset=utf-8"
    )


def icon(package_id: PackageId, version: Version) -> Renderer:
    """The embedded icon of a version; its media type is detected from its first bytes."""
    return _embedded(package_id, version, "icon", lambda package: package.icon, _image_type)


def license_file(package_id: PackageId, version: Version) -> Renderer:
    """The embedded license file of a version, always as plain text."""

    def name_of(package: Package) -> str | None:
        return package.license.value if package.license and package.license.kind == "file" else None

    return _embedded(package_id, version, "license", name_of, lambda _body: "text/plain; charset=utf-8")


def _embedded(
    package_id: PackageId,
    version: Version,
    what: str,
    name_of: Callable[[Package], str | None],
    type_of: Callable[[bytes], str],
) -> Renderer:
    absent = f"The {what} of {package_id} {version.normalized}"

    def render(source: RenderContext) -> RenderedDocument:
        entry = entries.find(source.tx, source.feed_id, package_id.key, version.key)
        name = None if entry is None else name_of(package_from(entry.facts))
        if entry is None or name is None:
            raise NoSuchVersion(absent)
        body = _read_embedded(source.blobs, entry.blob, name)
        if body is None:
            raise NoSuchVersion(absent)
        return RenderedDocument(body, entry.pushed_at, type_of(body), entry=entry)

    return render


def _read_embedded(blobs: Blobs, blob: str, name: str) -> bytes | None:
    with blobs.open(blob) as file:
        return read_entry(file, name, MAX_EMBEDDED_BYTES)


def _image_type(body: bytes) -> str:
    return find_image_type(body) or "application/octet-stream"


def read_changed_at(source: RenderContext, package_id: PackageId) -> datetime:
    """Return when any version of an id was last changed on the feed."""
    return _last_commit(source, package_id).at


def _get(source: RenderContext, package_id: PackageId, version: Version) -> Entry:
    entry = entries.find(source.tx, source.feed_id, package_id.key, version.key)
    if entry is None:
        raise NoSuchVersion(f"{package_id} {version.normalized}")
    return entry


def _releases(source: RenderContext, package_id: PackageId, hive: Hive) -> list[Release]:
    rows = entries.of_package(source.tx, source.feed_id, package_id.key)
    releases = [_release_of(entry) for entry in rows if hive.has_semver2 or not entry.is_semver2]
    if not releases:
        raise NoSuchVersion(str(package_id))
    return releases


def _release_of(entry: Entry) -> Release:
    return Release(
        package=package_from(entry.facts),
        listed=entry.listed,
        published_at=entry.pushed_at,
        changed_at=entry.changed_at,
        sha512=entry.sha512,
        size=entry.size,
        number=entry.revision,
    )


def _last_change(releases: Sequence[Release]) -> datetime:
    return max(release.changed_at for release in releases)


def _long_index(source: RenderContext, package_id: PackageId, hive: Hive) -> RenderedDocument:
    rows = entries.commits(source.tx, source.feed_id, package_id.key, with_semver2=hive.has_semver2)
    versions = [(version_key, Commit(number, at)) for version_key, number, at in rows]
    document = render_long_index(package_id, versions, source.urls, hive, _last_commit(source, package_id))
    changed_at = entries.last_change(source.tx, source.feed_id, package_id.key, with_semver2=hive.has_semver2)
    return _as_json(document, changed_at or source.feed_created_at)


def _last_commit(source: RenderContext, package_id: PackageId) -> Commit:
    """Return the last change of an id on the feed."""
    package = catalog.find_package(source.tx, source.feed_id, package_id.key)
    return Commit(0, source.feed_created_at) if package is None else Commit(package.revision, package.changed_at)


def _is_page(
    source: RenderContext, package_id: PackageId, hive: Hive, lower: Version, upper: Version, count: int
) -> bool:
    """Whether the `count` versions from `lower` to `upper` are a page that the current registration index links to."""
    of_id = source.tx, source.feed_id, package_id.key
    if count > PAGE_LEAVES or entries.count_below(*of_id, lower, with_semver2=hive.has_semver2) % PAGE_LEAVES:
        return False
    return count == PAGE_LEAVES or not entries.is_any_above(*of_id, upper, with_semver2=hive.has_semver2)


def _as_json(
    document: dict[str, Any], changed_at: datetime, *, is_kept: bool = True, entry: Entry | None = None
) -> RenderedDocument:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return RenderedDocument(text.encode(), changed_at, is_kept=is_kept, entry=entry)
