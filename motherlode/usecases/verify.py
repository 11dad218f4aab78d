"""Verify: whether everything that is stored still is what was written down about it.

Every blob is read and hashed again, in bounded pieces, and compared with its row; then the hash chain of the audit log
is followed from its first line to its last. Nothing is changed, and a server may go on beside it.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from motherlode.store import audit, contents
from motherlode.store.audit import AuditFault
from motherlode.store.blobs.base import Blobs
from motherlode.store.contents import ContentRow
from motherlode.store.db import Database, Tx

_PIECE_BYTES: Final = 1 << 20
_PAGE: Final = 100
_SAID: Final = {
    "changed": "was changed, put in or moved",
    "missing": "is missing",
    "unhashed": "has no hash",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and how many differences there were; `head` is number and hash of the audit log's last
    line, to be noted down: who has it can tell later whether the log up to there is still the same."""

    packages: int
    lines: int
    head: tuple[int, bytes]
    differences: int


def verify(
    *,
    db: Database,
    blobs: Blobs,
    report: Callable[[str], None],
    advance: Callable[[int], None],
    audit_head: tuple[int, bytes] | None = None,
) -> Verified:
    """Look at all blobs and all lines of the audit log. `report` is told a sentence for each difference, `advance` how
    many bytes more were read. The log must still hold `audit_head`, the number and hash of a line, unless None."""
    reported = 0

    def count(sentence: str) -> None:
        nonlocal reported
        reported += 1
        report(sentence)

    packages = _verify_blobs(db, blobs, count, advance)
    verified = _verify_audit(db, count, audit_head)
    return replace(verified, packages=packages, differences=reported)


def _verify_blobs(db: Database, blobs: Blobs, report: Callable[[str], None], advance: Callable[[int], None]) -> int:
    packages = 0
    for content in _all_contents(db):
        packages += 1
        difference = find_difference(content, blobs, advance)
        if difference is not None:
            report(f"{name_of(content, db)}: {difference}")
    return packages


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
    """What is wrong with the blob of a content, in words that follow its name; None where it is what was pushed."""
    try:
        with blobs.open(content.blob) as file:
            size, sha256, sha512 = _measure(file, advance)
    except FileNotFoundError:
        return f"its blob {content.blob} is missing"
    except OSError as error:
        return f"its blob {content.blob} cannot be read ({error.strerror})"
    if size != content.size:
        return f"its blob {content.blob} has {size} bytes, not {content.size}"
    if (sha256, sha512) != (content.sha256, content.sha512):
        return f"its blob {content.blob} holds other bytes: the hashes differ"
    return None


def _measure(file: BinaryIO, advance: Callable[[int], None]) -> tuple[int, bytes, bytes]:
    """Size and both hashes of what the file holds."""
    size, sha256, sha512 = 0, hashlib.sha256(), hashlib.sha512()
    while piece := file.read(_PIECE_BYTES):
        size += len(piece)
        sha256.update(piece)
        sha512.update(piece)
        advance(len(piece))
    return size, sha256.digest(), sha512.digest()


def name_of(content: ContentRow, db: Database) -> str:
    """The versions that a content is, as people know them."""
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
            report(f"audit log: line {audit_head[0]} is not the one that was noted down, or is gone")
    return Verified(packages=0, lines=head[0], head=head, differences=0)


def _sentence(fault: AuditFault) -> str:
    return f"audit log: line {fault.line_id} {_SAID[fault.kind]}; what follows it proves nothing"


def _is_held(tx: Tx, number: int, line_hash: bytes) -> bool:
    return audit.hash_of(tx, number) == line_hash
