"""Renders search results and completions from cached fragments, one for each package and audience.

Fragments are cached with the documents, within the same bound. An event of their package drops them, and so does a new
batch of download counts if they show counts. The keys of fragments that show owners contain the version of the
permissions, so outdated ones are no longer found. Links begin with a placeholder, which the response replaces with the
base address.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from motherlode.nuget.ids import PackageId
from motherlode.nuget.versions import parse_version
from motherlode.projections.documents.cache import DocumentKey, Documents, Fragment
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.projections.documents.url_placeholder import UrlPlaceholder
from motherlode.projections.latest_versions import Latest, read_latest, visible
from motherlode.protocol.urls import Hive, Urls
from motherlode.protocol.v3.autocomplete import join_names, render_name, render_versions
from motherlode.protocol.v3.search import join_hits, render_hit
from motherlode.search.index import Found
from motherlode.search.subjects import Audience
from motherlode.store.database.sqlite import Database
from motherlode.store.packages import catalog, downloads
from motherlode.store.packages import versions as entries

_NAME: Final = "name"


class SearchResults:
    """Renders the responses of search and autocompletion. `find_*` methods never block, `answer_*` may."""

    def __init__(self, db: Database, documents: Documents) -> None:
        self._db = db
        self._documents = documents
        self._marker = UrlPlaceholder()

    def find_search(self, found: Found, feed: Feed, audience: Audience, base: str) -> bytes | None:
        """Return the response with links below `base` if all fragments are in memory, or None."""
        pieces = self._find(_hit_of(feed), found.id_keys, feed.id, audience)
        return self._join_hits(found, pieces, base) if len(pieces) == len(found.id_keys) else None

    def answer_search(self, found: Found, feed: Feed, audience: Audience, base: str) -> bytes:
        """Return the response with links below `base`."""

        def render(latest: Latest) -> bytes:
            return _render_hit(latest, self._marker.urls, audience)

        pieces = self._read(_hit_of(feed), found.id_keys, feed.id, audience, render)
        return self._join_hits(found, pieces, base)

    def find_completion(self, found: Found, feed_id: int, audience: Audience) -> bytes | None:
        """Return the response with the found ids if the current spelling of all of them is in memory, or None."""
        pieces = self._find(_NAME, found.id_keys, feed_id, audience)
        return join_names(found.total, pieces.values()) if len(pieces) == len(found.id_keys) else None

    def answer_completion(self, found: Found, feed_id: int, audience: Audience) -> bytes:
        """Return the response with the found ids, each as its latest version spells it."""

        def render(latest: Latest) -> bytes:
            return render_name(latest.package.identity.id.written)

        pieces = self._read(_NAME, found.id_keys, feed_id, audience, render)
        return join_names(found.total, pieces.values())

    def answer_versions(self, package_id: PackageId, feed_id: int, audience: Audience) -> bytes:
        """Return the response with the versions of an id that the audience sees."""
        key = _key("listed", feed_id, package_id.key, audience)
        kept = self._documents.find(key)
        if isinstance(kept, Fragment):
            return kept.body
        with self._db.read() as tx:
            as_of = catalog.head(tx, feed_id)
            listed = entries.listed_versions(tx, feed_id, [package_id.key]).get(package_id.key, [])
        seen = visible(listed, audience)
        body = render_versions([parse_version(version.version_written) for version in seen])
        if seen:
            self._documents.keep(key, Fragment(body, as_of))
        return body

    def _join_hits(self, found: Found, pieces: Mapping[str, bytes], base: str) -> bytes:
        return self._marker.replace(join_hits(found.total, pieces.values()), base)

    def _find(self, name: str, id_keys: Sequence[str], feed_id: int, audience: Audience) -> dict[str, bytes]:
        """Return the fragments that are in memory, in the order of the ids."""
        found = self._documents.find_all([_key(name, feed_id, id_key, audience) for id_key in id_keys])
        return {key.id_key: kept.body for key, kept in found.items() if isinstance(kept, Fragment)}

    def _read(
        self,
        name: str,
        id_keys: Sequence[str],
        feed_id: int,
        audience: Audience,
        render: Callable[[Latest], bytes],
    ) -> dict[str, bytes]:
        """Return the fragment of each id, rendered if necessary, in the order of the ids.

        Ids that the audience no longer sees are left out.
        """
        pieces = self._find(name, id_keys, feed_id, audience)
        missing = [id_key for id_key in id_keys if id_key not in pieces]
        if missing:
            pieces |= self._render(name, missing, feed_id, audience, render)
        return {id_key: pieces[id_key] for id_key in id_keys if id_key in pieces}

    def _render(
        self,
        name: str,
        id_keys: Iterable[str],
        feed_id: int,
        audience: Audience,
        render: Callable[[Latest], bytes],
    ) -> dict[str, bytes]:
        with self._db.read() as tx:
            as_of, counted = catalog.head(tx, feed_id), downloads.counted(tx, feed_id)
            seen = read_latest(tx, feed_id, id_keys, audience)
        pieces = {id_key: render(latest) for id_key, latest in seen.items()}
        for id_key, body in pieces.items():
            self._documents.keep(
                _key(name, feed_id, id_key, audience), Fragment(body, as_of, None if name == _NAME else counted)
            )
        return pieces


def _render_hit(latest: Latest, urls: Urls, audience: Audience) -> bytes:
    versions = [
        (parse_version(version.version_written), latest.downloads.get(version.version_key, 0))
        for version in latest.versions
    ]
    hive = Hive.GZIP_SEMVER2 if audience.semver2 else Hive.PLAIN
    hit = render_hit(latest.package, versions, urls, hive, owners=latest.owners, downloads=latest.all_downloads)
    return json.dumps(hit, ensure_ascii=False, separators=(",", ":")).encode()


def _hit_of(feed: Feed) -> str:
    """Return the name of result fragments. They show owners, which change without an event."""
    return f"hit/{feed.access}"


def _key(name: str, feed_id: int, id_key: str, audience: Audience) -> DocumentKey:
    return DocumentKey(feed_id, id_key, f"{name}/{audience.prerelease:d}{audience.semver2:d}")
