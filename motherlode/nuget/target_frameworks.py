"""The frameworks that a package is made for, read from the folders of its files as NuGet does.

The folders of assemblies decide (in a tool those under tools/); if there are none, the folders of build files; else the
dependency groups. Build folders count only then because many exist to tell a framework that it is not supported. Files
outside framework folders are ignored, as are folders whose names are not frameworks: a package without frameworks can
be used by all.
"""

import re
from collections.abc import Iterable
from typing import Final

from motherlode.nuget.archive.entry_names import plain_name
from motherlode.nuget.archive.zip_reader import Entry
from motherlode.nuget.frameworks import Framework, parse_framework
from motherlode.nuget.package import Package

MAX_FRAMEWORKS: Final = 100

_FOLDERS: Final = frozenset({"lib", "ref", "build", "buildtransitive", "content", "tools", "embed"})
_RUNTIME_FOLDERS: Final = frozenset({"lib", "nativeassets"})
_BUILDS: Final = frozenset({"build", "buildtransitive", "contentfiles"})
_ASSEMBLIES: Final = (".dll", ".exe", ".winmd")
_TOOL_TYPES: Final = frozenset({"dotnettool", "dotnetclitool", "dotnettoolridpackage"})


def find_framework_folder(name: str) -> str | None:
    """Return the folder of an entry that clients read as the name of a framework, or None if there is none."""
    root, *rest = plain_name(name).split("/")
    root = root.lower()
    if root == "contentfiles":
        rest = rest[1:]
    elif root == "runtimes":
        rest = rest[2:] if len(rest) > 1 and rest[1].lower() in _RUNTIME_FOLDERS else []
    elif root not in _FOLDERS:
        return None
    is_folder = len(rest) > 1
    # quirk: clients read folders of content only as short names, where a comma has no meaning.
    return rest[0] if is_folder and not (root == "content" and "," in rest[0]) else None


def find_frameworks(package: Package, entries: Iterable[Entry]) -> tuple[Framework, ...]:
    """Return the supported frameworks of a package, each once, sorted by name, at most `MAX_FRAMEWORKS`."""
    is_tool = any(kind.name.lower() in _TOOL_TYPES for kind in package.package_types)
    assemblies: dict[str, None] = {}
    builds: dict[str, None] = {}
    for entry in entries:
        folder, *rest = plain_name(entry.name).split("/")
        name = _find_name(folder.lower(), rest, is_tool=is_tool)
        if name:
            (builds if folder.lower() in _BUILDS else assemblies)[name] = None
    groups = [group.framework for group in package.dependency_groups if group.framework is not None]
    return _sort(map(parse_framework, assemblies)) or _sort(map(parse_framework, builds)) or _sort(groups)


def _find_name(folder: str, rest: list[str], *, is_tool: bool) -> str | None:
    """Return the part of a file's name that may be a framework, or None."""
    if folder == "lib" and len(rest) == 1 and rest[0].lower().endswith(_ASSEMBLIES):
        return "net"  # quirk: an assembly directly in lib/ is for .NET Framework of any version
    if folder == "runtimes":
        rest = rest[2:] if len(rest) > 1 and rest[1].lower() == "lib" else []
    elif folder == "contentfiles":
        rest = rest[1:]
    elif folder == "tools":
        rest = rest if is_tool else []
    elif folder not in ("lib", "ref", "build", "buildtransitive"):
        return None
    return rest[0] if len(rest) > 1 and rest[-1] else None


def _sort(frameworks: Iterable[Framework]) -> tuple[Framework, ...]:
    found: dict[str, Framework] = {}
    for framework in frameworks:
        if framework.is_supported:
            found.setdefault(framework.short.lower(), framework)
    return tuple(sorted(found.values(), key=_order)[:MAX_FRAMEWORKS])


def _order(framework: Framework) -> list[tuple[int, str]]:
    """Sort by name, with numbers compared as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", framework.key)]
