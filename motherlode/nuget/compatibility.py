"""Which target frameworks can use a package made for others: NuGet's rules for the common frameworks, as a table.

The result is sets of names, so that an index can look them up. A package has some names (`names_of`), a target looks
for some names (`names_for`), and the target can use the package exactly when the two sets share a name.

    net 5 and later     net and netcoreapp up to itself, netstandard; with a platform also packages for it
    netcoreapp          netcoreapp up to itself, netstandard
    .NET Framework      .NET Framework up to itself and portable libraries for it; netstandard from 4.5
    netstandard         netstandard up to itself
    others              packages made for exactly that framework

All of these, and every other readable framework, can use a package that is not made for any framework. Versions of
platforms (the 7.0 in net8.0-windows7.0) are not compared.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from motherlode.nuget.frameworks import Framework, parse_framework

FAMILIES: Final = ("net", "netcoreapp", "netstandard", "netframework")
"""Names that stand for all versions of a framework; "net" stands for 5.0 and later."""

_ANY: Final = "any"
_CORE: Final = ".NETCoreApp"
_NET_FRAMEWORK: Final = ".NETFramework"
_STANDARD: Final = ".NETStandard"
_PORTABLE: Final = "portable-"
_NET_5: Final = (5,)
_SUBSETS: Final = frozenset({"client", "full"})
"""Profiles whose packages the full .NET Framework can use."""
_STANDARD_OF: Final = {
    _CORE: (((3,), (2, 1)), ((2,), (2, 0)), ((1,), (1, 6))),
    _NET_FRAMEWORK: (((4, 6, 1), (2, 0)), ((4, 6), (1, 3)), ((4, 5, 1), (1, 2)), ((4, 5), (1, 1))),
}
"""For each framework: (lowest version, netstandard that it can use from then on), the highest first."""

_CANONICAL: Final = re.compile(
    r"(?P<identifier>[^,]+),Version=v(?P<version>[0-9.]+)(?:,Profile=(?P<profile>.+)|,Platform=(?P<platform>.+))?"
)


class _Target(NamedTuple):
    """The parts of a framework, `platform` without its version. Packages for it are indexed under `name`."""

    identifier: str
    numbers: tuple[int, ...]
    platform: str
    name: str
    is_whole: bool


def is_known(text: str) -> bool:
    """Return whether `text` names one of the `FAMILIES` or a framework, in any form and casing."""
    name = text.strip().lower()
    return name in FAMILIES or parse_framework(name).is_supported


def names_of(frameworks: Iterable[Framework]) -> frozenset[str]:
    """Return the names under which a package made for these frameworks is indexed."""
    return frozenset(name for framework in frameworks for name in _iter_names(framework)) or frozenset({_ANY})


def names_for(text: str) -> frozenset[str]:
    """Return the names that a target framework or one of the `FAMILIES` looks for; for other texts, the text itself."""
    name = text.strip().lower()
    if name in FAMILIES:
        return frozenset({_family(name)})
    target = _find_target(parse_framework(name))
    return frozenset({name}) if target is None else frozenset({_ANY, *_iter_usable(target)})


def _iter_names(framework: Framework) -> Iterator[str]:
    target = _find_target(framework)
    if target is None:
        return
    yield target.name
    if target.name.startswith(_PORTABLE):
        for name in target.name.removeprefix(_PORTABLE).split("+"):
            yield from _iter_names(parse_framework(name))
    elif target.identifier == _CORE:
        yield _family("net" if target.numbers >= _NET_5 else "netcoreapp")
    elif target.identifier in (_NET_FRAMEWORK, _STANDARD):
        yield _family("netframework" if target.identifier == _NET_FRAMEWORK else "netstandard")


def _iter_usable(target: _Target) -> Iterator[str]:
    yield target.name
    if not target.is_whole:
        return
    for known in _KNOWN:
        if known.identifier == target.identifier and known.numbers <= target.numbers:
            yield known.name
            if target.platform and known.numbers >= _NET_5:
                yield f"{known.name}-{target.platform}"
    highest = next(
        (standard for lowest, standard in _STANDARD_OF.get(target.identifier, ()) if target.numbers >= lowest), ()
    )
    yield from (known.name for known in _KNOWN if known.identifier == _STANDARD and known.numbers[:2] <= highest)


def _find_target(framework: Framework) -> _Target | None:
    match = _CANONICAL.fullmatch(framework.canonical)
    if match is None or not framework.is_supported:
        return None
    identifier, profile = match["identifier"], (match["profile"] or "").lower()
    numbers = tuple(map(int, match["version"].split(".")))
    platform = (match["platform"] or "").rstrip("0123456789.")
    is_subset = identifier == _NET_FRAMEWORK and profile in _SUBSETS
    name = framework.short.lower()
    if platform:
        name = f"{name.partition('-')[0]}-{platform}"
    elif is_subset:
        name = name.partition("-")[0]
    return _Target(identifier, numbers, platform, name, is_whole=not profile or is_subset)


def _family(name: str) -> str:
    return f"{name}/"


def _read_known() -> tuple[_Target, ...]:
    """Return all released versions, and for .NET also future ones."""
    names = [
        *("net", "net10", "net11", "net20", "net30", "net35", "net40", "net403", "net45", "net451", "net452", "net46"),
        *("net461", "net462", "net463", "net47", "net471", "net472", "net48", "net481"),
        *(f"netstandard{version}" for version in ("", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "2.0", "2.1")),
        *(f"netcoreapp{version}" for version in ("", "1.0", "1.1", "2.0", "2.1", "2.2", "3.0", "3.1")),
        *(f"net{major}.0" for major in range(5, 100)),
    ]
    found = (_find_target(parse_framework(name)) for name in names)
    return tuple(target for target in found if target is not None)


_KNOWN: Final = _read_known()
