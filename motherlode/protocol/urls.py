"""Every public address is built here and nowhere else.

Ids and versions in addresses are lower case and normalised. Base addresses in the service index (flat container,
registrations) end with a slash, the others do not (clients append to them).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import quote

from motherlode.domain.feed_settings import DEFAULT_FEED
from motherlode.nuget.ids import PackageId
from motherlode.nuget.package import Identity

PUBLISH_PATH: Final = "/api/v2/package"


class Hive(Enum):
    """The three registration hives: they differ in the packages they show and in compression."""

    PLAIN = "registration"
    GZIP = "registration-gz"
    GZIP_SEMVER2 = "registration-gz-semver2"

    @property
    def has_semver2(self) -> bool:
        """Whether it shows SemVer 2 packages, which old clients cannot read."""
        return self is Hive.GZIP_SEMVER2

    @property
    def is_plain(self) -> bool:
        """Whether its documents are never compressed."""
        return self is Hive.PLAIN


def feed_path(feed: str) -> str:
    """Return the path prefix of a feed, without a slash at the end; "" for the default feed."""
    return "" if feed == DEFAULT_FEED else f"/feeds/{feed}"


@dataclass(frozen=True, slots=True)
class Urls:
    """The addresses of one feed. `base` is absolute, with path prefix and feed path, and has no slash at the end."""

    base: str

    @property
    def home(self) -> str:
        """The feed's home page."""
        return f"{self.base}/"

    @property
    def service_index(self) -> str:
        """The service index, where clients begin."""
        return f"{self.base}/v3/index.json"

    @property
    def publish(self) -> str:
        """PackagePublish/2.0.0: push, delete and relist."""
        return f"{self.base}{PUBLISH_PATH}"

    @property
    def flat(self) -> str:
        """PackageBaseAddress/3.0.0."""
        return f"{self.base}/v3/flat/"

    @property
    def search(self) -> str:
        """SearchQueryService."""
        return f"{self.base}/v3/search"

    @property
    def autocomplete(self) -> str:
        """SearchAutocompleteService."""
        return f"{self.base}/v3/autocomplete"

    @property
    def packages(self) -> str:
        """The search page."""
        return f"{self.base}/packages"

    @property
    def stats(self) -> str:
        """The feed's statistics page."""
        return f"{self.base}/stats"

    @property
    def logo(self) -> str:
        """The feed's logo."""
        return f"{self.base}/logo"

    @property
    def opensearch(self) -> str:
        """The OpenSearch description, by which browsers add the feed as a search engine."""
        return f"{self.base}/opensearch.xml"

    def package_page(self, package_id: PackageId) -> str:
        """The page of an id, which shows its latest version."""
        return f"{self.base}/packages/{quote(package_id.written)}"

    def version_page(self, identity: Identity) -> str:
        """The page of a version."""
        return f"{self.package_page(identity.id)}/{identity.version.normalized}"

    def license_page(self, identity: Identity) -> str:
        """The page of a version's license file."""
        return f"{self.version_page(identity)}/license"

    def versions_feed(self, package_id: PackageId) -> str:
        """The Atom feed of an id's versions."""
        return f"{self.package_page(package_id)}/feed.atom"

    def registrations(self, hive: Hive) -> str:
        """The base of a hive."""
        return f"{self.base}/v3/{hive.value}/"

    def nupkg(self, identity: Identity) -> str:
        """The package file."""
        key = identity.version.key
        return f"{self._version_folder(identity)}/{identity.id.segment}.{key}.nupkg"

    def nuspec(self, identity: Identity) -> str:
        """The nuspec, unchanged from the package."""
        return f"{self._version_folder(identity)}/{identity.id.segment}.nuspec"

    def readme(self, identity: Identity) -> str:
        """The embedded readme, unchanged."""
        return f"{self._version_folder(identity)}/readme"

    def icon(self, identity: Identity) -> str:
        """The embedded icon."""
        return f"{self._version_folder(identity)}/icon"

    def license(self, identity: Identity) -> str:
        """The embedded license file."""
        return f"{self._version_folder(identity)}/license"

    @property
    def readme_template(self) -> str:
        """ReadmeUriTemplate/6.13.0, its braces literal."""
        return f"{self.flat}{{lower_id}}/{{lower_version}}/readme"

    @property
    def version_page_template(self) -> str:
        """PackageDetailsUriTemplate/5.1.0, its braces literal. Clients follow it over https only."""
        return f"{self.packages}/{{id}}/{{version}}"

    @property
    def owner_page_template(self) -> str:
        """OwnerDetailsUriTemplate/6.11.0, its braces literal: a search for the packages of an owner."""
        return f"{self.packages}?owner={{owner}}"

    def registration_index(self, hive: Hive, package_id: PackageId) -> str:
        """The registration index of an id: all its versions."""
        return f"{self.registrations(hive)}{package_id.segment}/index.json"

    def registration_page(self, hive: Hive, package_id: PackageId, lower: str, upper: str) -> str:
        """The registration page with the versions from `lower` to `upper`, both folded keys."""
        return f"{self.registrations(hive)}{package_id.segment}/page/{lower}/{upper}.json"

    def registration_leaf(self, hive: Hive, identity: Identity) -> str:
        """The registration leaf of one version."""
        return f"{self.registrations(hive)}{identity.id.segment}/{identity.version.key}.json"

    def details(self, identity: Identity) -> str:
        """The details document of a version, to which `catalogEntry.@id` points."""
        return f"{self.base}/v3/catalog/data/{identity.id.segment}/{identity.version.key}.json"

    def _version_folder(self, identity: Identity) -> str:
        return f"{self.flat}{identity.id.segment}/{identity.version.key}"
