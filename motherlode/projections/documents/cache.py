"""A cache of finished documents, bounded in bytes, by feed, package and name.

Invariant: a cached document is never older than the follower's head, nor are the download counts in it. A document is
rendered from the database as of a number of its feed's catalog. It is cached only if the follower has not passed that
number, and dropped as soon as the follower sees an event of its package. Adding and dropping share one lock, so a slow
reader cannot put back an outdated document. A document that shows several packages belongs to the whole feed, and every
event of the feed drops it.
"""

import gzip
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, Final

from motherlode.projections.absences import Absences

_OVERHEAD_BYTES: Final = 2_000
"""Memory overhead of a cached document beside its bytes."""
_FRAGMENT_OVERHEAD_BYTES: Final = 800
_MIN_GZIP_BYTES: Final = 200
_ABSENCES_BYTES: Final = 4 * 1024 * 1024
FEED_WIDE: Final = "*"
"""The `id_key` of documents that show several packages of a feed; no package id contains this character."""
NO_PACKAGE: Final = ("", FEED_WIDE)
"""The values of `id_key` for documents that do not belong to one package."""


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """Identifies a document.

    `id_key` is the folded id of the package, "" for a document of the feed that does not depend on its packages, and
    `FEED_WIDE` for one that shows several packages. `base` is the address that its links begin with. It is "" for a
    document without links, and for the template from which the documents of all bases are made.
    """

    feed_id: int
    id_key: str
    name: str
    base: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes ready to send.

    `zipped` is the gzip form, or None if compression is not worthwhile. `etag` is strong and quoted, and that of the
    plain form. `changed_at` is the last change of what the document shows. `is_exact` says that the bytes changed only
    once in that second, so that a time in whole seconds distinguishes them from earlier ones. `as_of` is the number of
    the feed's last event when the document was rendered, `counted` the number of its last batch of download counts, or
    None if the document shows no counts.
    """

    body: bytes
    zipped: bytes | None
    etag: str
    media_type: str
    changed_at: datetime
    as_of: int
    counted: int | None = None
    is_exact: bool = False
    prepared: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """The web layer's prepared responses for this document, so that they are dropped together with it."""

    @property
    def cost(self) -> int:
        """Memory used, in bytes."""
        return len(self.body) + len(self.zipped or b"") + _OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class BlobFile:
    """Where the bytes of a package are stored: `blob` is the name in the blob store, `path` its file or None, `size` is
    in bytes. `changed_at` is the last change of the version; `is_exact` says that it was the only one in that second.
    """

    blob: str
    path: Path | None
    size: int
    etag: str
    published_at: datetime
    as_of: int
    cost: int = _OVERHEAD_BYTES
    changed_at: datetime | None = None
    is_exact: bool = False
    prepared: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """The web layer's prepared responses for this package, so that they are dropped together with it."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of responses; its links begin with a placeholder. `as_of` is the number of the feed's last event when
    it was rendered, `counted` the number of its last batch of download counts, or None if it shows no counts."""

    body: bytes
    as_of: int
    counted: int | None = None

    @property
    def cost(self) -> int:
        """Memory used, in bytes."""
        return len(self.body) + _FRAGMENT_OVERHEAD_BYTES


Kept = Document | BlobFile | Fragment
"""Everything that the cache can contain."""


def finish(
    body: bytes,
    *,
    history: str,
    media_type: str,
    changed_at: datetime,
    as_of: int,
    is_zipped: bool,
    counted: int | None = None,
    is_exact: bool = False,
    level: int = 6,
) -> Document:
    """Build the document with this body; `history` is part of the ETag, so a restored backup invalidates all ETags."""
    zipped = gzip.compress(body, level, mtime=0) if is_zipped and len(body) >= _MIN_GZIP_BYTES else None
    return Document(body, zipped, make_etag(history, body), media_type, changed_at, as_of, counted, is_exact)


def make_etag(history: str, content: bytes) -> str:
    """Return a strong, quoted entity tag for the content."""
    return f'"{blake2b(content, key=history.encode()[:64], digest_size=12).hexdigest()}"'


class Documents:
    """The cache of one worker; safe to call from any thread.

    `absences` has its own bound, so requests for missing documents never evict a document.
    """

    def __init__(self, max_bytes: int) -> None:
        self.absences = Absences(min(_ABSENCES_BYTES, max_bytes))
        self._max_bytes = max_bytes
        self._kept: OrderedDict[DocumentKey, Kept] = OrderedDict()
        self._of_package: dict[tuple[int, str], set[DocumentKey]] = {}
        self._heads: dict[int, int] = {}
        self._counted: dict[int, int] = {}
        self._bytes = 0
        self._lock = Lock()

    def find(self, key: DocumentKey) -> Kept | None:
        """Return what is cached under the key, or None, and mark it as the most recently used."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def find_all(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Kept]:
        """Return what is cached under the keys, and mark it as the most recently used; missing keys are left out."""
        found = {}
        with self._lock:
            for key in keys:
                kept = self._kept.get(key)
                if kept is not None:
                    self._kept.move_to_end(key)
                    found[key] = kept
        return found

    def keep(self, key: DocumentKey, document: Kept) -> None:
        """Cache a document, unless the follower has passed the state that it was rendered from, or it is too large."""
        with self._lock:
            if document.as_of >= self._heads.get(key.feed_id, 0) and self._is_counted(key, document):
                self._insert(key, document)

    def keep_beside(self, template_key: DocumentKey, template: Kept, key: DocumentKey, document: Kept) -> None:
        """Cache a document made from a cached template, if that is still cached: both are then equally fresh."""
        with self._lock:
            if self._kept.get(template_key) is template:
                self._insert(key, document)

    def advance(self, feed_id: int, head: int, changed: set[str] | None) -> None:
        """Follow a feed to `head`: drop what shows the changed packages (folded ids) or several packages of the feed.

        If `changed` is None, drop everything of the feed.
        """
        with self._lock:
            self._heads[feed_id] = head
            self.absences.advance(feed_id, head, changed)
            self._drop_changed(feed_id, changed)

    def advance_counts(self, feed_id: int, counted: int, changed: set[str] | None) -> None:
        """Follow a feed's download counts to that batch: drop what shows counts of the changed packages (folded ids) or
        of several packages; if `changed` is None, drop everything of the feed that shows counts. Keep all else."""
        with self._lock:
            self._counted[feed_id] = counted
            for key in self._changed_keys(feed_id, changed):
                if not self._is_counted(key, self._kept[key]):
                    self._drop(key)

    def forget(self, feed_id: int) -> None:
        """Drop everything of a deleted feed."""
        with self._lock:
            self._drop_changed(feed_id, None)
            self.absences.forget(feed_id)
            self._heads.pop(feed_id, None)
            self._counted.pop(feed_id, None)

    @property
    def bytes_kept(self) -> int:
        """Memory used by the cached documents, at most the bound."""
        return self._bytes

    def _insert(self, key: DocumentKey, document: Kept) -> None:
        if document.cost > self._max_bytes // 4:
            return
        self._drop(key)
        self._kept[key] = document
        self._of_package.setdefault((key.feed_id, key.id_key), set()).add(key)
        self._bytes += document.cost
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _is_counted(self, key: DocumentKey, kept: Kept) -> bool:
        """Whether it shows no counts, or none older than the follower's last batch."""
        counted = None if isinstance(kept, BlobFile) else kept.counted
        return counted is None or counted >= self._counted.get(key.feed_id, 0)

    def _drop_changed(self, feed_id: int, changed: set[str] | None) -> None:
        for key in self._changed_keys(feed_id, changed):
            self._drop(key)

    def _changed_keys(self, feed_id: int, changed: set[str] | None) -> list[DocumentKey]:
        if changed is None:
            packages = [package for package in self._of_package if package[0] == feed_id]
        else:
            packages = [(feed_id, id_key) for id_key in changed | {FEED_WIDE}]
        return [key for package in packages for key in self._of_package.get(package, ())]

    def _drop(self, key: DocumentKey) -> None:
        document = self._kept.pop(key, None)
        if document is None:
            return
        self._bytes -= document.cost
        package = (key.feed_id, key.id_key)
        keys = self._of_package[package]
        keys.discard(key)
        if not keys:
            del self._of_package[package]
