"""Compares what clients see of a version with its package: the bytes, just read, are the truth."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from motherlode.domain.refusals import NoSuchVersion
from motherlode.domain.release import Release
from motherlode.nuget.archive.zip_reader import Limits, read_archive, read_content
from motherlode.nuget.faults import FaultyPackage
from motherlode.nuget.ids import PackageId
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Package
from motherlode.nuget.package_json import package_from
from motherlode.nuget.validation.entries import find_nuspec
from motherlode.projections.documents import v3
from motherlode.projections.documents.url_placeholder import UrlPlaceholder
from motherlode.projections.documents.v3 import RenderContext
from motherlode.protocol.v3.details import render_details
from motherlode.store import feeds
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Tx
from motherlode.store.packages import contents, versions
from motherlode.store.packages.versions import Entry


@dataclass(frozen=True, slots=True)
class Measured:
    """Values measured from the bytes of a package: `size` in bytes, both hashes (raw), and the unchanged nuspec."""

    size: int
    sha256: bytes
    sha512: bytes
    nuspec: bytes | None


def read_nuspec(file: BinaryIO) -> bytes | None:
    """Return the nuspec of a package, or None if it has no readable nuspec."""
    limits = Limits()
    try:
        zipped = read_archive(file, limits)
        entry = find_nuspec(zipped.entries, limits)
        return None if entry is None else read_content(file, zipped, entry)
    except FaultyPackage:
        return None


def find_shown_differences(tx: Tx, content_id: int, measured: Measured, blobs: Blobs) -> Iterator[tuple[str, str]]:
    """Yield the differences of each version with this content: the version's name, and a sentence to be put after it.

    The name is "" if the difference concerns all versions with this content.
    """
    if measured.nuspec is None:
        yield "", "the package has no readable nuspec"
        return
    package = parse_nuspec(measured.nuspec).package
    for feed_name, id_written, version_written in contents.versions_of(tx, content_id):
        feed = feeds.get(tx, feed_name)
        source = RenderContext(tx, feed.id, feed.created_at, blobs, *UrlPlaceholder().both, feed.head, feed.counted)
        entry = _find_entry(tx, feed.id, content_id, id_written, version_written)
        wrong = ["name"] if entry is None or package is None else _find_wrong(source, entry, package, measured)
        for what in wrong:
            name = f"{id_written} {version_written} on {feed_name}"
            yield name, f"the {what} that clients see differs from the package"


def _find_entry(tx: Tx, feed_id: int, content_id: int, id_written: str, version_written: str) -> Entry | None:
    of_id = versions.of_package(tx, feed_id, PackageId(id_written).key)
    mine = (entry for entry in of_id if (entry.content_id, entry.version_written) == (content_id, version_written))
    return next(mine, None)


def _find_wrong(source: RenderContext, entry: Entry, package: Package, measured: Measured) -> list[str]:
    """Return the names of the values that clients see wrongly."""
    try:
        identity = entry.identity
        shown = json.loads(v3.details(identity.id, identity.version)(source).body)
        nuspec = v3.nuspec(identity.id, identity.version)(source).body
        expected = _expect(source, entry, package, measured)
    except (NoSuchVersion, ValueError, KeyError, TypeError):
        return ["document"]
    wrong = [name for name in shown.keys() | expected.keys() if shown.get(name) != expected.get(name)]
    return sorted(wrong) if nuspec == measured.nuspec else ["nuspec", *sorted(wrong)]


def _expect(source: RenderContext, entry: Entry, package: Package, measured: Measured) -> dict[str, Any]:
    """Return the details document according to the bytes; the files that may be shown were decided by the push."""
    judged = package_from(entry.facts)
    is_file = package.license is not None and package.license.kind == "file"
    package = replace(
        package,
        icon=judged.icon,
        readme=judged.readme,
        license=judged.license if is_file else package.license,
    )
    release = Release(
        package=package,
        listed=entry.listed,
        published_at=entry.pushed_at,
        changed_at=entry.changed_at,
        sha512=measured.sha512,
        size=measured.size,
    )
    document: dict[str, Any] = json.loads(json.dumps(render_details(release, source.urls)))
    return document
