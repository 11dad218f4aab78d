"""The names of entries: which of them may be unpacked anywhere, and which of them are one file there.

Invariant: a name without a fault stays inside of the folder it is unpacked to, on every system, also when a client
undoes its percent-escapes first, as NuGet clients do.
"""

import re
from urllib.parse import unquote_to_bytes

from motherlode.nuget.quoting import quote
from motherlode.nuget.unicode import normalize

FAULTS = {
    "entry-unnamed": "An entry has no name.",
    "entry-name-control": "A name holds a control character.",
    "entry-outside": "A name leads out of the package or through other folders, or names a root, a drive or a share.",
    "entry-double-backslash": "A name holds two backslashes in a row.",
}

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def plain_name(name: str) -> str:
    """A name as a nuspec means it: percent-escapes undone once, with slashes."""
    if "%" in name:
        name = unquote_to_bytes(name.encode()).decode(errors="surrogateescape")
    return name.replace("\\", "/")


def is_ordinary(name: str) -> bool:
    """Whether nothing about a name needs a closer look; most names are ordinary, and large packages have thousands."""
    return (
        name.isascii()
        and name.isprintable()
        and not name.startswith(("/", "."))
        and not name.endswith(("/.", "/.."))
        and "./" not in name
        and "//" not in name
        and "\\" not in name
        and "%" not in name
        and ":" not in name
        and name != ""
    )


def find_name_fault(name: str) -> tuple[str, str] | None:
    """The code and the sentence of what is wrong with a name, if anything is."""
    plain = plain_name(name)
    if _CONTROL.search(name) or _CONTROL.search(plain):
        return "entry-name-control", f"The name {quote(name)} holds a control character: rename the file."
    if "\\\\" in name:
        return "entry-double-backslash", f"The name {quote(name)} holds two backslashes in a row: rename the file."
    if any(_leads_outside(each) for each in (name.replace("\\", "/"), plain)):
        return "entry-outside", f"The name {quote(name)} leads out of the package: leave the file out or move it."
    if _passes_other_folders(plain):
        message = f"The name {quote(name)} passes through a folder that it is not in: remove '..' from it."
        return "entry-outside", message
    if not _segments(plain):
        return "entry-unnamed", f"An entry has no name but {quote(name)}: leave it out."
    return None


def sort_key(name: str) -> str:
    """What names of one file have in common, on any system: slashes collapsed, dots resolved, case folded.

    Separators become NUL, so that what lies in a folder sorts right behind a file of that name. A folder's key ends
    with one.
    """
    if is_ordinary(name):
        return name.lower().replace("/", "\0")
    plain = plain_name(name)
    key = "\0".join(_segments(plain)) + ("\0" if plain.endswith("/") else "")
    return normalize("NFC", key).lower()


def _leads_outside(path: str) -> bool:
    if path.startswith("/") or _DRIVE.match(path):
        return True
    if ".." not in path:
        return False
    depth = 0
    for segment in path.split("/"):
        if segment == "..":
            depth -= 1
        elif segment not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def _passes_other_folders(path: str) -> bool:
    """Whether it passes through a folder that the file does not lie in, and that may not be there yet."""
    # quirk: clients make the folder that the whole path leads to, and then open the path as it is written.
    if ".." not in path:
        return False
    target, parts = _segments(path), path.split("/")
    passed = (_segments("/".join(parts[:count])) for count in range(1, len(parts)))
    return bool(target) and any(folder != target[: len(folder)] for folder in passed)


def _segments(path: str) -> list[str]:
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == ".." and segments:
            segments.pop()
        elif segment not in ("", ".", ".."):
            segments.append(segment)
    return segments
