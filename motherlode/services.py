"""Everything that a request or a command works with: built once by `motherlode.app`, then frozen."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network

from motherlode.domain.feed_settings import FeedPolicy
from motherlode.identity.remembered import CredentialCache
from motherlode.identity.slowdown import LoginThrottle
from motherlode.nuget.archive.zip_reader import Limits
from motherlode.observe.clock import Clock
from motherlode.observe.metrics import Metrics
from motherlode.projections.documents.cache import Documents
from motherlode.projections.documents.catalog_follower import Follower
from motherlode.projections.documents.reader import Reader
from motherlode.projections.pages.queries import PageQueries
from motherlode.projections.search.service import SearchService
from motherlode.projections.server_state import ServerStateReader
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Database
from motherlode.usage.api_keys import KeyUses
from motherlode.usage.downloads import DownloadTally


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one process.

    `bootstrap` is the digest of the administrator key in the environment, or None. `body_stall_s` is how many seconds a
    client may pause in the middle of a body, and `body_min_rate` how many bytes per second it must send on average over
    that time. `write_timeout_s` is how long a client may leave a response unread. `reader_grace` is how long the bytes
    of deleted packages are kept for running downloads, and `quarantine` how long blobs that no row references are kept.
    `image_hosts` are the hosts that pages may load images from. `session_lifetime` is how long a browser stays signed
    in."""

    db: Database
    blobs: Blobs
    clock: Clock
    limits: Limits
    documents: Documents
    follower: Follower
    reader: Reader
    searching: SearchService
    showing: PageQueries
    tally: DownloadTally
    key_uses: KeyUses
    remembered: CredentialCache
    slowdown: LoginThrottle
    metrics: Metrics
    server_state: ServerStateReader
    bootstrap: bytes | None
    feed_defaults: FeedPolicy
    public_url: str | None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    body_stall_s: float
    body_min_rate: int
    write_timeout_s: float
    reader_grace: timedelta
    quarantine: timedelta
    image_hosts: frozenset[str]
    session_lifetime: timedelta

    def close(self) -> None:
        """Close files and connections."""
        self.searching.stop()
        self.blobs.close()
        self.db.close()
