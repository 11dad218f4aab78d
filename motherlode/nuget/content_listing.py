"""The content of a package for its page: the names and sizes of its files, and its readme.

Invariant: only the readme is unpacked, and the result is bounded.
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
    """The content of a package.

    `files` are names and unpacked sizes in bytes, sorted by name, at most as many as requested; `file_count` counts all
    files. `readme` is the text of the readme or None.
    """

    files: tuple[tuple[str, int], ...]
    file_count: int
    readme: str | None


def read_inside(file: BinaryIO, readme: str | None, *, max_files: int, max_readme_bytes: int) -> Inside:
    """Read the content of a package; `readme` is the name of its readme as in `Package`.

    Folders are left out, as are the parts of the OPC format that clients do not unpack. Raises `FaultyPackage` if the
    package cannot be read.
    """
    zipped = read_archive(file, Limits())
    files = sorted((entry.name, entry.size) for entry in zipped.entries if _is_file(entry.name))
    content = None if readme is None else read_named(file, zipped, readme, max_readme_bytes)
    return Inside(tuple(files[:max_files]), len(files), None if content is None else decode_text(content))


def decode_text(content: bytes) -> str:
    """Return the text of a file in a package; bytes that are not UTF-8 are replaced."""
    return content.decode("utf-8-sig", errors="replace")


def _is_file(name: str) -> bool:
    begin, end = _PROPERTIES
    return not (name.endswith(("/", "\\")) or name in _WRAPPING or (name.startswith(begin) and name.endswith(end)))
