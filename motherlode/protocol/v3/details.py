"""The details document of a version: `catalogEntry.@id` points to it; mirrors and PowerShellGet read it."""

from base64 import b64encode
from typing import Any

from motherlode.domain.release import Release
from motherlode.nuget.addresses import find_repository_address
from motherlode.nuget.package import Package
from motherlode.protocol.catalog_entry import render_catalog_entry, timestamp, without_none
from motherlode.protocol.urls import Hive, Urls


def render_details(release: Release, urls: Urls) -> dict[str, Any]:
    """Render all metadata of a version, with the package's hash (base64 SHA-512) and size in bytes."""
    package = release.package
    entry = render_catalog_entry(release, urls, Hive.GZIP_SEMVER2)
    more = without_none(
        {
            "@type": ["PackageDetails", "catalog:Permalink"],
            "copyright": package.copyright,
            "created": timestamp(release.published_at),
            "developmentDependency": package.development_dependency or None,
            "isPrerelease": package.identity.version.is_prerelease,
            "lastEdited": timestamp(release.changed_at),
            "packageHash": b64encode(release.sha512).decode(),
            "packageHashAlgorithm": "SHA512",
            "packageSize": release.size,
            "packageTypes": [
                without_none({"name": kind.name, "version": kind.version}) for kind in package.package_types
            ]
            or None,
            "readmeFile": package.readme,
            "releaseNotes": package.release_notes,
            "repository": _repository(package),
            "verbatimVersion": package.identity.version.written,
        }
    )
    return entry | more


def _repository(package: Package) -> dict[str, Any] | None:
    repository = package.repository
    if repository is None:
        return None
    address = find_repository_address(repository.url)
    return without_none(
        {"type": repository.type, "url": address, "branch": repository.branch, "commit": repository.commit}
    )
