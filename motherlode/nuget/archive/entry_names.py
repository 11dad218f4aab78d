"""The names of entries: which are safe to unpack, and which name the same file.

Invariant: a name without a fault stays inside the folder it is unpacked to, on every system, even if the client first
decodes percent-escapes, as NuGet clients do.
"""

import re
from urllib.parse import unquote_to_bytes

from motherlode.nuget.quoting import quote
from motherlode.nuget.unicode import normalize

FAULTS = {
    "entry-unnamed": "An entry has no name.",
    "entry-name-control": "A file name contains a control character.",
    "entry-outside": "A file name leads out of the package or through other folders, or is an absolute path.",
    "entry-double-backslash": "A file name contains two backslashes in a row.",
}

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def plain_name(name: str) -> str:
    """Return the name as a nuspec writes it: percent-escapes decoded once, backslashes replaced by slashes."""
    if "%" in name:
        name = unquote_to_bytes(name.encode()).decode(errors="surrogateescape")
    return name.replace("\\", "/")


def is_ordinary(name: str) -> bool:
    """Return whether a name needs no closer check. Most names are ordinary, and large packages have thousands."""
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
    """Return the code and the message of the first fault of a name, or None."""
    plain = plain_name(name)
    if _CONTROL.search(name) or _CONTROL.search(plain):
        return "entry-name-control", f"The file name {quote(name)} contains a control character. Rename the file."
    if "\\\\" in name:
        return (
            "entry-double-backslash",
            f"The file name {quote(name)} contains two backslashes in a row. Rename the file.",
        )
    if any(_leads_outside(each) for each in (name.replace("\\", "/"), plain)):
        return "entry-outside", f"The file name {quote(name)} leads out of the package. Move or remove the file."
    if _passes_other_folders(plain):
        message = f"The file name {quote(name)} passes through another folder. Remove '..' from it."
        return "entry-outside", message
    if not _segments(plain):
        return "entry-unnamed", f"The entry {quote(name)} has no file name. Remove it."
    return None


def sort_key(name: str) -> str:
    """Return a key that all names of the same file share on any system: slashes collapsed, dots resolved, case folded.

    Separators become NUL, so that the content of a folder sorts directly after a file with that name. A folder's key
    ends with NUL.
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
    """Return whether the path passes through a folder that does not contain the file and may not exist yet."""
    # quirk: clients create the folder that the whole path leads to, then open the path as written.
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
