"""The metadata of one version: the `catalogEntry` of registrations, shared by all documents that show versions.

Nothing here may break a client: a property without a value is left out, `range` is always present, and
`targetFramework` is never "any" (registration protocol, and values that clients fail on). Addresses and frameworks that
clients fail on are left out, also for packages that an older version of the program accepted.
"""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from motherlode.domain.release import Release
from motherlode.nuget.addresses import find_address
from motherlode.nuget.package import Dependency, DependencyGroup, Package
from motherlode.protocol.urls import Hive, Urls

UNLISTED_PUBLISHED: Final = "1900-01-01T00:00:00Z"
DEPRECATED_LICENSE_URL: Final = "https://aka.ms/deprecateLicenseUrl"
"""The placeholder that pack tools write into licenseUrl beside an embedded license; it is never republished."""
LICENSE_EXPRESSION_URL: Final = "https://licenses.nuget.org/"


def published(release: Release) -> str:
    """Return when a version was published; a date in the year 1900 while it is unlisted (as nuget.org does)."""
    return timestamp(release.published_at) if release.listed else UNLISTED_PUBLISHED


def timestamp(moment: datetime) -> str:
    """Format a moment as ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def render_catalog_entry(release: Release, urls: Urls, hive: Hive) -> dict[str, Any]:
    """Render the `catalogEntry` object of a registration leaf; dependencies link into the same hive."""
    package = release.package
    identity = package.identity
    return without_none(
        {
            "@id": urls.details(identity),
            "@type": "PackageDetails",
            "id": identity.id.written,
            "version": identity.version.full,
            "authors": package.authors,
            "dependencyGroups": _groups(package, urls, hive),
            "description": package.description,
            "iconUrl": icon_url(package, urls),
            "language": package.language,
            "licenseExpression": license_expression(package),
            "licenseUrl": license_url(package, urls),
            "listed": release.listed,
            "minClientVersion": package.min_client_version,
            "packageContent": urls.nupkg(identity),
            "projectUrl": project_url(package),
            "published": published(release),
            "requireLicenseAcceptance": package.require_license_acceptance,
            "summary": package.summary,
            "tags": list(package.tags),
            "title": package.title,
        }
    )


def _groups(package: Package, urls: Urls, hive: Hive) -> list[dict[str, Any]] | None:
    readable = (group for group in package.dependency_groups if group.framework is None or group.framework.is_readable)
    return [_group(group, urls, hive) for group in readable] or None


def _group(group: DependencyGroup, urls: Urls, hive: Hive) -> dict[str, Any]:
    # quirk: an empty group means "this framework, no dependencies" and must survive; "" for any breaks packages.config
    framework = {} if group.framework is None else {"targetFramework": group.framework.written}
    if not group.dependencies:
        return framework
    return framework | {"dependencies": [_dependency(each, urls, hive) for each in group.dependencies]}


def _dependency(dependency: Dependency, urls: Urls, hive: Hive) -> dict[str, str]:
    return {
        "id": dependency.id.written,
        "range": dependency.range.normalized,
        "registration": urls.registration_index(hive, dependency.id),
    }


def icon_url(package: Package, urls: Urls) -> str | None:
    """Return the address of the embedded icon, or else the icon address in the nuspec, or None."""
    return urls.icon(package.identity) if package.icon else find_address(package.icon_url)


def project_url(package: Package) -> str | None:
    """Return the address of the project's page, or None."""
    return find_address(package.project_url)


def license_expression(package: Package) -> str | None:
    """Return the license as an SPDX expression, or None."""
    return package.license.value if package.license and package.license.kind == "expression" else None


def license_url(package: Package, urls: Urls) -> str | None:
    """Return the address of the embedded license or the license expression, or else the one in the nuspec, or None."""
    if package.license is None:
        return None if package.license_url == DEPRECATED_LICENSE_URL else find_address(package.license_url)
    if package.license.kind == "file":
        return urls.license(package.identity)
    return LICENSE_EXPRESSION_URL + quote(package.license.value, safe="")


def without_none(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties without those that are None: a missing property is left out, never null."""
    return {name: value for name, value in properties.items() if value is not None}
