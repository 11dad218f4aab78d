"""What lies inside a package, as its page shows it: the names and sizes of its files, and its readme.

Invariant: nothing is unpacked but the one file that is asked for, and what is told is bounded.
"""

from dataclasses import dataclass
from typing import BinaryIO

from motherlode.nuget.archive.zip_reader import read_archive
from motherlode.nuget.limits import Limits
from motherlode.nuget.nupkg import read_named

_WRAPPING = ("_rels/.rels", "[Content_Types].xml")
_PROPERTIES = ("package/services/metadata/core-properties/", ".psmdcp")


@dataclass(frozen=True, slots=True)
class Inside:
    """`files` are names and unpacked sizes in bytes, in the order of the names, cut to a bound; `file_count` says how
    many there are. `readme` is the text of the readme, None where there is none."""

    files: tuple[tuple[str, int], ...]
    file_count: int
    readme: str | None


def read_inside(file: BinaryIO, readme: str | None, *, max_files: int, max_readme_bytes: int) -> Inside:
    """Look into a package; `readme` is the name of its readme as `Package` has it. Folders are left out, and what only
    wraps the files, which clients leave out when they unpack. Raises `FaultyPackage` when it cannot be read."""
    zipped = read_archive(file, Limits())
    files = sorted((entry.name, entry.size) for entry in zipped.entries if _is_file(entry.name))
    content = None if readme is None else read_named(file, zipped, readme, max_readme_bytes)
    return Inside(tuple(files[:max_files]), len(files), None if content is None else decode_text(content))


def decode_text(content: bytes) -> str:
    """A text out of a package; what is no UTF-8 in it is replaced."""
    return content.decode("utf-8-sig", errors="replace")


def _is_file(name: str) -> bool:
    begin, end = _PROPERTIES
    return not (name.endswith(("/", "\\")) or name in _WRAPPING or (name.startswith(begin) and name.endswith(end)))
