"""Verify that everything stored matches what the database records about it.

    bytes        hash every blob again, in bounded pieces, and compare it with its row
    names        look up every blob in the rows: one that no row names may belong to a lost database
    history      compare the database with `history.json` beside the blobs: the database may be an older copy
    documents    render what clients see of each version from the rows, and compare it with the bytes of the package
    log          replay the events of each feed, and compare the result with the feed's rows
    search       bring the index up to date, and compare it with the listed versions
    audit log    follow the hash chain from the first line to the last

Nothing but the search index is changed, and a server may run at the same time.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from motherlode.domain.refusals import DatabaseUnusable, Refusal
from motherlode.projections.search.service import SearchService
from motherlode.store import feeds
from motherlode.store.audit import log as audit
from motherlode.store.audit.log import AuditFault
from motherlode.store.blobs.protocol import Blobs, StoredBlob
from motherlode.store.database.sqlite import Database, Tx
from motherlode.store.packages import contents, garbage
from motherlode.store.packages.contents import ContentRow
from motherlode.usecases.maintenance.batches import batches
from motherlode.usecases.maintenance.history import check_history
from motherlode.usecases.maintenance.verify_documents import Measured, find_shown_differences, read_nuspec
from motherlode.usecases.maintenance.verify_log import verify_log

_PIECE_BYTES: Final = 1 << 20
_PAGE: Final = 100
_FAULT_TEXTS: Final = {
    "changed": "was changed, inserted or moved",
    "missing": "is missing",
    "unhashed": "has no hash",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and the number of differences.

    `head` is the number and hash of the audit log's last line. If you note it down, you can check later that the log up
    to this line is unchanged. `unnamed` are the blobs that no row names.
    """

    packages: int
    events: int
    lines: int
    head: tuple[int, bytes]
    differences: int
    unnamed: tuple[str, ...] = ()


def verify(
    *,
    db: Database,
    blobs: Blobs,
    report: Callable[[str], None],
    advance: Callable[[int], None],
    audit_head: tuple[int, bytes] | None = None,
    searching: SearchService | None = None,
) -> Verified:
    """Check everything; the search index only if `searching` is given and an index exists.

    Calls `report` with a sentence for each difference, and `advance` with the number of bytes read since the last call.
    Unless `audit_head` is None, the audit log must still contain this line, given as its number and hash.
    """
    reported = 0

    def count(sentence: str) -> None:
        nonlocal reported
        reported += 1
        report(sentence)

    _verify_history(db, blobs, searching, count)
    packages = _verify_blobs(db, blobs, count, advance)
    unnamed = tuple(_verify_names(db, blobs, count))
    events = _verify_logs(db, count)
    if searching is not None:
        searching.verify(count)
    verified = _verify_audit(db, count, audit_head)
    return replace(verified, packages=packages, events=events, differences=reported, unnamed=unnamed)


def _verify_blobs(db: Database, blobs: Blobs, report: Callable[[str], None], advance: Callable[[int], None]) -> int:
    packages = 0
    for content in _all_contents(db):
        packages += 1
        for sentence in _find_differences(content, db, blobs, advance):
            report(sentence)
    with db.read() as tx:
        for blob in garbage.find_contradictions(tx):
            report(f"the blob {blob} is marked as garbage, but a package uses it")
    return packages


def _verify_history(db: Database, blobs: Blobs, searching: SearchService | None, report: Callable[[str], None]) -> None:
    try:
        check_history(db=db, blobs=blobs, indexed=None if searching is None else searching.indexed())
    except DatabaseUnusable:
        raise
    except Refusal as refusal:
        report(str(refusal))


def _verify_names(db: Database, blobs: Blobs, report: Callable[[str], None]) -> Iterator[str]:
    """Report and yield each blob that no row names.

    Blobs of running pushes are left out: each has an intent marker until its row is committed.
    """
    missing: list[StoredBlob] = []
    for batch in batches(blobs.walk(), _PAGE):
        names = [blob.name for blob in batch]
        under_way = blobs.unconfirmed()
        with db.read() as tx:
            named = garbage.find_named(tx, names)
        missing += [blob for blob in batch if blob.name not in named | under_way]
    for blob in missing:
        if _is_still_there(blob.name, blobs):
            written = f"{blob.size} bytes, written {blob.put_at:%Y-%m-%d %H:%M} UTC"
            report(f"the blob {blob.name} is not referenced by the database ({written})")
            yield blob.name


def _is_still_there(blob: str, blobs: Blobs) -> bool:
    """Whether the blob still exists: a refused push may have deleted it in the meantime."""
    try:
        blobs.open(blob).close()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _verify_logs(db: Database, report: Callable[[str], None]) -> int:
    """Compare each feed's events with its rows. Returns the number of events.

    Reads everything in one transaction, because a change in between would look like a difference.
    """
    events = 0
    with db.read() as tx:
        for feed in feeds.read_all(tx):
            try:
                events += verify_log(tx, feed, report)
            except (ValueError, TypeError, AttributeError) as error:
                report(f"{feed.name}: the events or rows cannot be read ({error})")
    return events


def _all_contents(db: Database) -> Iterator[ContentRow]:
    last_id = 0
    while True:
        with db.read() as tx:
            page = contents.after(tx, last_id, _PAGE)
        if not page:
            return
        yield from page
        last_id = page[-1].id


def find_difference(content: ContentRow, blobs: Blobs, advance: Callable[[int], None]) -> str | None:
    """Return what is wrong with the blob of a content, to be put after its name, or None if it is what was pushed."""
    measured = _measure_blob(content, blobs, advance)
    return measured if isinstance(measured, str) else None


def _measure_blob(content: ContentRow, blobs: Blobs, advance: Callable[[int], None]) -> Measured | str:
    """Return what the blob of a content holds, or a sentence that says what is wrong with it."""
    try:
        with blobs.open(content.blob) as file:
            measured = _measure(file, advance)
    except FileNotFoundError:
        return f"its blob {content.blob} is missing"
    except OSError as error:
        return f"its blob {content.blob} cannot be read ({error.strerror})"
    difference = _compare(content, measured)
    return measured if difference is None else f"its blob {content.blob} {difference}"


def _find_differences(content: ContentRow, db: Database, blobs: Blobs, advance: Callable[[int], None]) -> Iterator[str]:
    measured = _measure_blob(content, blobs, advance)
    if isinstance(measured, str):
        if _is_there(content, db):
            yield f"{name_of(content, db)}: {measured}"
        return
    with db.read() as tx:
        for name, shown in find_shown_differences(tx, content.id, measured, blobs):
            yield f"{name or name_of(content, db)}: {shown}"


def _is_there(content: ContentRow, db: Database) -> bool:
    """Whether the row still exists: the garbage collector may have removed it since it was read."""
    with db.read() as tx:
        return contents.is_named(tx, content.blob)


def _compare(content: ContentRow, measured: Measured) -> str | None:
    if measured.size != content.size:
        return f"has {measured.size} bytes, not {content.size}"
    if (measured.sha256, measured.sha512) != (content.sha256, content.sha512):
        return "has different content: the hashes differ"
    return None


def _measure(file: BinaryIO, advance: Callable[[int], None]) -> Measured:
    """Return size, hashes and nuspec of the file."""
    size, sha256, sha512 = 0, hashlib.sha256(), hashlib.sha512()
    while piece := file.read(_PIECE_BYTES):
        size += len(piece)
        sha256.update(piece)
        sha512.update(piece)
        advance(len(piece))
    return Measured(size, sha256.digest(), sha512.digest(), read_nuspec(file))


def name_of(content: ContentRow, db: Database) -> str:
    """Return the versions that have this content, as text for users."""
    with db.read() as tx:
        versions = contents.versions_of(tx, content.id)
    return ", ".join(f"{package_id} {version} on {feed}" for feed, package_id, version in versions) or "no version"


def _verify_audit(db: Database, report: Callable[[str], None], audit_head: tuple[int, bytes] | None) -> Verified:
    with db.read() as tx:
        head = audit.tail(tx)
        fault = audit.first_fault(tx)
        if fault is not None:
            report(_sentence(fault))
        if audit_head is not None and not _is_held(tx, *audit_head):
            report(f"audit log: line {audit_head[0]} does not match the given audit head, or is missing")
    return Verified(packages=0, events=0, lines=head[0], head=head, differences=0)


def _sentence(fault: AuditFault) -> str:
    return f"audit log: line {fault.line_id} {_FAULT_TEXTS[fault.kind]}; the lines after it cannot be trusted"


def _is_held(tx: Tx, number: int, line_hash: bytes) -> bool:
    return audit.hash_of(tx, number) == line_hash
