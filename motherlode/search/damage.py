"""Detects a damaged index: before it is opened by the checksums of its files, later by the errors of Tantivy.

Tantivy writes a checksum at the end of each segment file, but never checks it. Without this check, a flipped bit would
only show as packages missing from the results.
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
    """There is no usable index; `str()` says why. The remedy is always to rebuild it."""


@contextmanager
def damage_errors() -> Iterator[None]:
    """Turn every error that Tantivy raises for damaged files into UnusableIndex."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise UnusableIndex(f"the search index is damaged: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a Rust panic; its class cannot be imported
            raise
        raise UnusableIndex(f"the search index is damaged: {error}") from error


def check_files(folder: Path) -> None:
    """Compare every file of the last commit with its checksum.

    Raises:
        UnusableIndex: a file is missing or does not match its checksum.
    """
    for _ in range(_TRIES):
        meta = _read_meta(folder)
        try:
            _check_segments(folder, json.loads(meta)["segments"])
        except FileNotFoundError as error:
            if _read_meta(folder) == meta:  # otherwise a writer has merged the file meanwhile
                raise UnusableIndex(f"the search index is damaged: the file {error.filename} is missing") from error
        except (ValueError, KeyError, TypeError) as error:
            raise UnusableIndex(f"the search index is damaged: {_META} cannot be read") from error
        else:
            return
    raise UnusableIndex("the search index cannot be checked because it changes too fast")


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
        raise UnusableIndex(f"the search index is damaged: {path.name} does not match its checksum")


def _read_footer_bytes(path: Path, size: int) -> int:
    """The size of the file's footer in bytes: a JSON object with the checksum, then its length and a magic number."""
    with path.open("rb") as file:
        file.seek(max(0, size - _END.size))
        end = file.read()
    length, magic = _END.unpack(end) if len(end) == _END.size else (0, 0)
    if magic != _MAGIC or length + _END.size > size:
        raise UnusableIndex(f"the search index is damaged: {path.name} is truncated")
    return int(length) + _END.size
