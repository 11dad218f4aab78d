"""The files of a package as a tree of folders."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from motherlode.projections.pages.views import FileRow

_MAX_DEPTH: Final = 8
"""Max depth of the tree; the rest of a deeper path is shown as one name."""
_BIDI_CONTROLS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class Folder:
    """A folder. `size` (bytes) and `count` cover all files in it and below. A folder that contains only one folder is
    joined with that one."""

    name: str
    size: int = 0
    count: int = 0
    folders: list["Folder"] = field(default_factory=list)
    files: list[FileRow] = field(default_factory=list)


def build_tree(files: Iterable[FileRow]) -> Folder:
    """Return the root of the tree, which has no name; folders and files are sorted by name.

    In names, characters that change the writing direction are escaped (`\\u202e`), so that a program cannot look like a
    picture."""
    root = Folder("")
    by_path: dict[tuple[str, ...], Folder] = {(): root}
    for file in sorted(files, key=lambda file: file.name.lower()):
        *path, name = [part for part in _name_controls(file.name).split("/") if part] or [file.name]
        path, name = path[:_MAX_DEPTH], "/".join((*path[_MAX_DEPTH:], name))
        folder = _enter(by_path, tuple(path))
        folder.files.append(FileRow(name, file.size))
        for depth in range(len(path) + 1):
            above = by_path[tuple(path[:depth])]
            above.size += file.size
            above.count += 1
    root.folders = [_join(folder) for folder in root.folders]
    return root


def _name_controls(name: str) -> str:
    return _BIDI_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", name)


def _enter(by_path: dict[tuple[str, ...], Folder], path: tuple[str, ...]) -> Folder:
    for depth in range(1, len(path) + 1):
        part = path[:depth]
        if part not in by_path:
            by_path[part] = Folder(part[-1])
            by_path[part[:-1]].folders.append(by_path[part])
    return by_path[path]


def _join(folder: Folder) -> Folder:
    folder.folders = [_join(below) for below in folder.folders]
    if len(folder.folders) == 1 and not folder.files:
        below = folder.folders[0]
        below.name = f"{folder.name}/{below.name}"
        return below
    return folder
