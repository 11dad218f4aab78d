"""Every public address is built here and nowhere else.

Ids and versions in addresses are lower case and normalised; the addresses of the service index that are bases
(flat container, registrations) end in a slash, the others do not (clients append to them).
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
    """The three registration hives: which packages each shows, and whether it may be compressed."""

    PLAIN = "registration"
    GZIP = "registration-gz"
    GZIP_SEMVER2 = "registration-gz-semver2"

    @property
    def has_semver2(self) -> bool:
        """Whether packages that old clients cannot read are shown."""
        return self is Hive.GZIP_SEMVER2

    @property
    def is_plain(self) -> bool:
        """Whether its documents are never compressed."""
        return self is Hive.PLAIN


def feed_path(feed: str) -> str:
    """The path below which a feed answers, without a slash at the end; the default feed answers at the root."""
    return "" if feed == DEFAULT_FEED else f"/feeds/{feed}"


@dataclass(frozen=True, slots=True)
class Urls:
    """The addresses of one feed; `base` is absolute, with path prefix and feed path, and without a slash at the end."""

    base: str

    @property
    def home(self) -> str:
        """The web address."""
        return f"{self.base}/"

    @property
    def service_index(self) -> str:
        """Where clients begin."""
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
        """The page that searches."""
        return f"{self.base}/packages"

    @property
    def stats(self) -> str:
        """The page of the feed's statistics."""
        return f"{self.base}/stats"

    @property
    def logo(self) -> str:
        """The feed's logo."""
        return f"{self.base}/logo"

    @property
    def opensearch(self) -> str:
        """What tells browsers how to search here."""
        return f"{self.base}/opensearch.xml"

    def package_page(self, package_id: PackageId) -> str:
        """The page of an id: of its latest version."""
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
        """The package itself."""
        key = identity.version.key
        return f"{self._version_folder(identity)}/{identity.id.segment}.{key}.nupkg"

    def nuspec(self, identity: Identity) -> str:
        """The nuspec, as it is in the package."""
        return f"{self._version_folder(identity)}/{identity.id.segment}.nuspec"

    def readme(self, identity: Identity) -> str:
        """The embedded readme, as written."""
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
        """OwnerDetailsUriTemplate/6.11.0, its braces literal: the search for what an owner has."""
        return f"{self.packages}?owner={{owner}}"

    def registration_index(self, hive: Hive, package_id: PackageId) -> str:
        """All versions of an id."""
        return f"{self.registrations(hive)}{package_id.segment}/index.json"

    def registration_page(self, hive: Hive, package_id: PackageId, lower: str, upper: str) -> str:
        """The versions from `lower` to `upper`, both folded keys."""
        return f"{self.registrations(hive)}{package_id.segment}/page/{lower}/{upper}.json"

    def registration_leaf(self, hive: Hive, identity: Identity) -> str:
        """One version in a hive."""
        return f"{self.registrations(hive)}{identity.id.segment}/{identity.version.key}.json"

    def details(self, identity: Identity) -> str:
        """All details of a version: what `catalogEntry.@id` points to."""
        return f"{self.base}/v3/catalog/data/{identity.id.segment}/{identity.version.key}.json"

    def _version_folder(self, identity: Identity) -> str:
        return f"{self.flat}{identity.id.segment}/{identity.version.key}"
