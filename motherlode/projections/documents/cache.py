"""Finished documents in memory, bounded in bytes, by feed, package and name.

The invariant: what is kept is never older than the follower's head, nor are download counts in it. A document is read
from the truth as of a number of its feed's catalog; it is kept only while the follower has not moved past that number,
and it goes as soon as an event of its package is followed. Keeping and evicting share one lock: no late reader can put
back what just went. What shows several packages is of the whole feed, and goes with every event of that.
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
"""What keeping a document costs beside its bytes."""
_FRAGMENT_OVERHEAD_BYTES: Final = 800
_MIN_GZIP_BYTES: Final = 200
_ABSENCES_BYTES: Final = 4 * 1024 * 1024
FEED_WIDE: Final = "*"
"""In place of an id (none has that character): what shows the whole feed."""
NO_PACKAGE: Final = ("", FEED_WIDE)
"""What stands in place of an id in the keys of documents that are not of one package."""


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """Names a document.

    `id_key` is the folded id of the package, "" for the feed itself, whatever it holds, and `FEED_WIDE` for what shows
    several packages. `base` is the address that its links begin with, "" where it has no links, and for the template
    from which the documents of all bases are made.
    """

    feed_id: int
    id_key: str
    name: str
    base: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes ready to send.

    `zipped` is their gzip form where they gain by it; `etag` is strong and quoted, for the plain form; `changed_at` is
    the last change of what it shows, and `is_exact` says that the bytes changed only once in that second, so that a
    time in whole seconds tells them from those before; `as_of` the number of its feed's last event when it was read,
    `counted` that of its last batch of download counts, None where it shows none.
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
    """Where the web keeps what it makes of the document for each way of asking, so that it goes when this goes."""

    @property
    def cost(self) -> int:
        """Bytes it takes in memory."""
        return len(self.body) + len(self.zipped or b"") + _OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class BlobFile:
    """Where the bytes of a package lie: `blob` is a name for the blob store, `path` its file where there is one, `size`
    in bytes. `changed_at` is the last change of the version, `is_exact` as that of a document."""

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
    """As that of a document."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of answers, links beginning with a marker; `counted` is the number of the feed's last batch of download
    counts when it was read, None where it shows none."""

    body: bytes
    as_of: int
    counted: int | None = None

    @property
    def cost(self) -> int:
        """Bytes it takes in memory."""
        return len(self.body) + _FRAGMENT_OVERHEAD_BYTES


Kept = Document | BlobFile | Fragment
"""What the cache holds."""


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
    """The document of these bytes; `history` is part of the ETag: after a restore of a backup none is valid."""
    zipped = gzip.compress(body, level, mtime=0) if is_zipped and len(body) >= _MIN_GZIP_BYTES else None
    return Document(body, zipped, make_etag(history, body), media_type, changed_at, as_of, counted, is_exact)


def make_etag(history: str, content: bytes) -> str:
    """A strong entity tag for the content, quoted."""
    return f'"{blake2b(content, key=history.encode()[:64], digest_size=12).hexdigest()}"'


class Documents:
    """The cache of one worker; safe to call from any thread.

    `absences` has a bound of its own, so that no number of requests for what is not there evicts a document.
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
        """What is kept under the key, if anything; it is then the last to be dropped."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def find_all(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Kept]:
        """What is kept under the keys, where anything is."""
        found = {}
        with self._lock:
            for key in keys:
                kept = self._kept.get(key)
                if kept is not None:
                    self._kept.move_to_end(key)
                    found[key] = kept
        return found

    def keep(self, key: DocumentKey, document: Kept) -> None:
        """Keep it, unless the follower has moved past what it was read from, or it would take too large a share."""
        with self._lock:
            if document.as_of >= self._heads.get(key.feed_id, 0) and self._is_counted(key, document):
                self._insert(key, document)

    def keep_beside(self, template_key: DocumentKey, template: Kept, key: DocumentKey, document: Kept) -> None:
        """Keep what was made from a kept template, as long as that is kept itself: one is as fresh as the other."""
        with self._lock:
            if self._kept.get(template_key) is template:
                self._insert(key, document)

    def advance(self, feed_id: int, head: int, changed: set[str] | None) -> None:
        """Follow a feed to `head`: drop what shows the changed packages (folded ids) or the whole feed, or everything
        of the feed if None."""
        with self._lock:
            self._heads[feed_id] = head
            self.absences.advance(feed_id, head, changed)
            self._drop_changed(feed_id, changed)

    def advance_counts(self, feed_id: int, counted: int, changed: set[str] | None) -> None:
        """Follow a feed's download counts to that batch: drop what shows those of the changed packages (folded ids) or
        of the whole feed, or of all packages if None, and nothing else."""
        with self._lock:
            self._counted[feed_id] = counted
            for key in self._changed_keys(feed_id, changed):
                if not self._is_counted(key, self._kept[key]):
                    self._drop(key)

    def forget(self, feed_id: int) -> None:
        """Drop everything of a feed that is gone."""
        with self._lock:
            self._drop_changed(feed_id, None)
            self.absences.forget(feed_id)
            self._heads.pop(feed_id, None)
            self._counted.pop(feed_id, None)

    @property
    def bytes_kept(self) -> int:
        """What the kept documents take, never more than the bound."""
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
        """Whether it shows no count, or counts no older than the follower has seen."""
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
