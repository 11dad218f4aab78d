"""Reads documents from the cache, or renders them from the database and caches them.

One template per document is cached, whose links begin with a placeholder. The finished form is cached beside it only
for verified base addresses. For any other base it is made for each request, so that Host headers sent by an attacker
cannot fill the memory. If several requests need the same template at the same time, one renders it and the others wait.
Renderers must not call back into this reader (deadlock).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final
from weakref import WeakValueDictionary

from motherlode.domain.refusals import NoSuchVersion
from motherlode.nuget.ids import PackageId
from motherlode.nuget.versions import Version
from motherlode.projections.documents.cache import (
    NO_PACKAGE,
    BlobFile,
    Document,
    DocumentKey,
    Documents,
    finish,
    make_etag,
)
from motherlode.projections.documents.catalog_follower import Feed
from motherlode.projections.documents.url_placeholder import UrlPlaceholder
from motherlode.projections.documents.v3 import RenderContext, RenderedDocument, Renderer
from motherlode.store.blobs.protocol import Blobs
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import catalog, versions
from motherlode.store.packages.versions import Entry

_START: Final = timedelta(seconds=2)
"""Subtracted from the start of the program: longer than a second, so that nothing changes in the resulting second."""


class Reader:
    """Provides the web layer with documents. `find*` and `is_absent` never block; `read*` may, as they may render."""

    def __init__(self, db: Database, blobs: Blobs, documents: Documents) -> None:
        self._db = db
        self._blobs = blobs
        self._documents = documents
        self._marker = UrlPlaceholder()
        self._history = db.history
        self._oldest = datetime.now(UTC) - _START
        self._guard = Lock()
        self._reading_ids = Lock()
        self._rendering: WeakValueDictionary[DocumentKey, Lock] = WeakValueDictionary()

    def find(self, key: DocumentKey) -> Document | None:
        """Return the document if it is cached, or None."""
        kept = self._documents.find(key)
        return kept if isinstance(kept, Document) else None

    def is_absent(self, key: DocumentKey) -> bool:
        """Whether a package is known not to have the document, without a database query.

        Must not be called for documents of the whole feed.
        """
        return self._documents.absences.has(key.feed_id, key.id_key, key.name)

    def read(self, key: DocumentKey, feed: Feed, render: Renderer, *, is_checked: bool, is_zipped: bool) -> Document:
        """Return the document, rendered if necessary. `is_checked` says that the base address is verified.

        Raises `NotFound`.
        """
        template_key = replace(key, base="")
        template = self.find(template_key)
        if template is None:
            with self._alone(template_key):
                template = self.find(template_key) or self._render(template_key, feed, render, is_zipped=is_zipped)
        if not key.base:
            return template
        body = self._marker.replace(template.body, key.base)
        document = finish(
            body,
            history=self._history,
            media_type=template.media_type,
            changed_at=template.changed_at,
            as_of=template.as_of,
            counted=template.counted,
            is_exact=template.is_exact,
            is_zipped=is_zipped,
            level=6 if is_checked else 1,
        )
        if is_checked:
            self._documents.keep_beside(template_key, template, key, document)
        return document

    def find_blob(self, feed: Feed, package_id: PackageId, version: Version) -> BlobFile | None:
        """Return where the bytes of a package are stored if that is cached, or None."""
        kept = self._documents.find(blob_key(feed, package_id, version))
        return kept if isinstance(kept, BlobFile) else None

    def read_blob(self, feed: Feed, package_id: PackageId, version: Version) -> BlobFile:
        """Return where the bytes of a package are stored. Raises `NoSuchVersion`."""
        key = blob_key(feed, package_id, version)
        with self._db.read() as tx:
            as_of = catalog.head(tx, feed.id)
            entry = versions.find(tx, feed.id, package_id.key, version.key)
            if entry is None:
                self._note_absent(tx, key, as_of)
                raise NoSuchVersion(f"{package_id} {version.normalized}")
            is_exact = _is_first_in_second(tx, entry)
        blob = BlobFile(
            entry.blob,
            self._blobs.path(entry.blob),
            entry.size,
            make_etag(self._history, entry.sha256),
            entry.pushed_at,
            as_of,
            changed_at=entry.changed_at,
            is_exact=is_exact,
        )
        self._documents.keep(key, blob)
        return blob

    @contextmanager
    def _alone(self, key: DocumentKey) -> Iterator[None]:
        """Hold the lock for rendering this document; the lock is freed with its last holder or waiter."""
        with self._guard:
            lock = self._rendering.setdefault(key, Lock())
        with lock:
            yield

    def _note_absent(self, tx: Tx, key: DocumentKey, as_of: int) -> None:
        """Remember that a package lacks this document; `as_of` is the number of the feed's last event in `tx`."""
        if key.id_key in NO_PACKAGE:
            return
        absences = self._documents.absences
        absences.note(key.feed_id, key.id_key, key.name, as_of)
        # one thread reads the ids; the others need not wait, as their document is known to be absent
        if not absences.knows_ids(key.feed_id) and self._reading_ids.acquire(blocking=False):
            try:
                absences.note_ids(key.feed_id, catalog.iter_package_keys(tx, key.feed_id), as_of)
            finally:
                self._reading_ids.release()

    def _render(self, key: DocumentKey, feed: Feed, render: Renderer, *, is_zipped: bool) -> Document:
        with self._db.read() as tx:
            as_of, counted = catalog.position(tx, feed.id)
            source = RenderContext(tx, feed.id, feed.created_at, self._blobs, *self._marker.both, as_of, counted)
            try:
                rendered = render(source)
            except NoSuchVersion:
                self._note_absent(tx, key, as_of)
                raise
            changed_at, is_exact = self._date(tx, key, rendered)
        is_template = self._marker.is_in(rendered.body)
        document = finish(
            rendered.body,
            history=self._history,
            media_type=rendered.media_type,
            changed_at=changed_at,
            as_of=as_of,
            counted=rendered.counted,
            is_exact=is_exact,
            is_zipped=is_zipped and not is_template,
        )
        if rendered.is_kept:
            self._documents.keep(key, document)
        return document

    def _date(self, tx: Tx, key: DocumentKey, rendered: RenderedDocument) -> tuple[datetime, bool]:
        """Return when the document was last changed, and whether it changed only once in that second.

        A document of a whole package changes with every event of the package, including a deletion that leaves only
        older versions. An earlier version of the program may have rendered other bytes, so no date is earlier than the
        start of this process.
        """
        if rendered.entry is not None:
            return max(rendered.entry.changed_at, self._oldest), _is_first_in_second(tx, rendered.entry)
        package = None if key.id_key in NO_PACKAGE else catalog.find_package(tx, key.feed_id, key.id_key)
        if package is None:
            return max(rendered.changed_at, self._oldest), True
        at, number = package.changed_at, package.revision
        return max(at, self._oldest), catalog.is_first_in_second(tx, key.feed_id, number, at, key.id_key)


def _is_first_in_second(tx: Tx, entry: Entry) -> bool:
    """Whether the last change of a version was its only one in that second."""
    at, number = entry.changed_at, entry.revision
    return catalog.is_first_in_second(tx, entry.feed_id, number, at, entry.id_key, entry.version_key)


def blob_key(feed: Feed, package_id: PackageId, version: Version) -> DocumentKey:
    """Return the cache key of the place where a package's bytes are stored."""
    return DocumentKey(feed.id, package_id.key, f"nupkg/{version.key}")
