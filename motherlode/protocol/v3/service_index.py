"""The service index: a client is given its address only, and finds all others in it (NuGet V3 service index).

There is one entry per type, and each type is a string: PowerShell's clients do not understand lists.
"""

from typing import Any

from motherlode.protocol.urls import Hive, Urls


def render_service_index(urls: Urls) -> dict[str, Any]:
    """Render the service index of a feed, with every type name under which clients look for its resources."""
    return {"version": "3.0.0", "resources": _resources(urls)}


def _resources(urls: Urls) -> list[dict[str, str]]:
    plain = urls.registrations(Hive.PLAIN)
    gzip = urls.registrations(Hive.GZIP)
    semver2 = urls.registrations(Hive.GZIP_SEMVER2)
    return [
        _resource(urls.flat, "PackageBaseAddress/3.0.0", "Versions and packages."),
        _resource(urls.publish, "PackagePublish/2.0.0", "Push, unlist and relist."),
        _resource(plain, "RegistrationsBaseUrl", "Metadata without SemVer 2 packages."),
        _resource(plain, "RegistrationsBaseUrl/3.0.0-beta", "Metadata without SemVer 2 packages."),
        _resource(plain, "RegistrationsBaseUrl/3.0.0-rc", "Metadata without SemVer 2 packages."),
        _resource(gzip, "RegistrationsBaseUrl/3.4.0", "Metadata without SemVer 2 packages, compressed."),
        _resource(semver2, "RegistrationsBaseUrl/3.6.0", "Metadata of all packages, compressed."),
        # quirk: clients 4.3 to 6.6 and nuget.exe 5.8 see SemVer 2 packages through this pair only
        _resource(semver2, "RegistrationsBaseUrl/Versioned", "Metadata of all packages, compressed.")
        | {"clientVersion": "4.3.0"},
        *_every_type(urls.search, "SearchQueryService", "Search."),
        *_every_type(urls.autocomplete, "SearchAutocompleteService", "Ids and versions while they are typed."),
        _resource(urls.readme_template, "ReadmeUriTemplate/6.13.0", "The readme of a version."),
        _resource(urls.version_page_template, "PackageDetailsUriTemplate/5.1.0", "The page of a version."),
        _resource(urls.owner_page_template, "OwnerDetailsUriTemplate/6.11.0", "The packages of an owner."),
    ]


def _every_type(address: str, kind: str, comment: str) -> list[dict[str, str]]:
    """Return the resource under each type name that clients look for: no client knows all of them."""
    return [_resource(address, kind + suffix, comment) for suffix in ("", "/3.0.0-beta", "/3.0.0-rc", "/3.5.0")]


def _resource(address: str, kind: str, comment: str) -> dict[str, str]:
    return {"@id": address, "@type": kind, "comment": comment}
