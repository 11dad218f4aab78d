"""Telling a damaged index from a good one: before it is used by the checksums of its files, later by what goes wrong.

Tantivy ends each file of a segment with a checksum, which it writes but does not read itself: without a look at it a
flipped bit is an answer that lacks packages.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_META: Final = "meta.json"
_PARTS: Final = ("idx", "pos", "term", "store", "fast", "fieldnorm")
_END: Final = struct.Struct("<II")
_MAGIC: Final = 1337
_TRIES: Final = 5
_READ_BYTES: Final = 1024 * 1024


class UnusableIndex(Exception):
    """There is no index that can be used; `str()` says why. The remedy is always to build it anew."""


@contextmanager
def refuse_damage() -> Iterator[None]:
    """Say UnusableIndex for whatever Tantivy says or does when its files are not what it wrote."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise UnusableIndex(f"the search index is damaged: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how a Rust panic arrives; the class has no importable name
            raise
        raise UnusableIndex(f"the search index is damaged: {error}") from error


def check_files(folder: Path) -> None:
    """Compare every file of the last commit with its checksum.

    Raises:
        UnusableIndex: a file is missing or is not what was written.
    """
    for _ in range(_TRIES):
        meta = _read_meta(folder)
        try:
            _check_segments(folder, json.loads(meta)["segments"])
        except FileNotFoundError as error:
            if _read_meta(folder) == meta:  # else a writer has merged it away meanwhile
                raise UnusableIndex(f"the search index has lost the file {error.filename}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise UnusableIndex(f"the search index is damaged: {_META} is not readable") from error
        else:
            return
    raise UnusableIndex("the search index changes faster than it can be checked")


def _read_meta(folder: Path) -> bytes:
    try:
        return (folder / _META).read_bytes()
    except OSError as error:
        raise UnusableIndex(f"the search index cannot be read: {error}") from error


def _check_segments(folder: Path, segments: list[dict[str, str]]) -> None:
    for segment in segments:
        name = segment["segment_id"].replace("-", "")
        for part in _PARTS:
            _check_file(folder / f"{name}.{part}")
        for path in folder.glob(f"{name}.*.del"):
            _check_file(path)


def _check_file(path: Path) -> None:
    size = path.stat().st_size
    checksum = 0
    with path.open("rb") as file:
        left = size - _read_footer_bytes(path, size)
        while left > 0 and (block := file.read(min(left, _READ_BYTES))):
            checksum = zlib.crc32(block, checksum)
            left -= len(block)
        footer = file.read()[: -_END.size]
    if left or json.loads(footer)["crc"] != checksum:
        raise UnusableIndex(f"the search index is damaged: {path.name} is not what was written")


def _read_footer_bytes(path: Path, size: int) -> int:
    """The length of the footer that ends the file: a checksum as JSON, then its length and a magic number."""
    with path.open("rb") as file:
        file.seek(max(0, size - _END.size))
        end = file.read()
    length, magic = _END.unpack(end) if len(end) == _END.size else (0, 0)
    if magic != _MAGIC or length + _END.size > size:
        raise UnusableIndex(f"the search index is damaged: {path.name} is cut short")
    return int(length) + _END.size
