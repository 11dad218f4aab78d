"""Limits how much of a package its pages show: on a lenient feed, a megabyte of tags in a nuspec made a page of 80 MB.

Invariant: everything that nuget.org accepts is shown completely, and every package makes a page of bounded size.
Documents for clients are not cut.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Final

from motherlode.nuget.limits import Limits
from motherlode.nuget.package import DependencyGroup, Package

_LIMITS: Final = Limits()
MAX_DEPENDENCIES: Final = 2_000
MAX_GROUPS: Final = 200
_CUT: Final = "…"


def fit(package: Package) -> Package:
    """Return the package, cut to what pages show."""
    return replace(
        package,
        title=_cut(package.title, _LIMITS.max_title_length),
        authors=_cut(package.authors, _LIMITS.max_text_length),
        description=_cut(package.description, _LIMITS.max_text_length),
        summary=_cut(package.summary, _LIMITS.max_text_length),
        copyright=_cut(package.copyright, _LIMITS.max_text_length),
        release_notes=_cut(package.release_notes, _LIMITS.max_release_notes_length),
        language=_cut(package.language, _LIMITS.max_language_length),
        tags=_fit_tags(package.tags),
        package_types=package.package_types[:MAX_GROUPS],
        frameworks=package.frameworks[:MAX_GROUPS],
        dependency_groups=tuple(_fit_groups(package.dependency_groups)),
    )


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None or len(text) <= most else text[:most] + _CUT


def _fit_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first tags, up to the length of the longest element that nuget.org accepts."""
    first = tags[: _LIMITS.max_text_length]
    lengths = accumulate(len(tag) + 1 for tag in first)
    return tuple(tag for tag, length in zip(first, lengths, strict=True) if length <= _LIMITS.max_text_length + 1)


def _fit_groups(groups: tuple[DependencyGroup, ...]) -> Iterator[DependencyGroup]:
    left = MAX_DEPENDENCIES
    for group in groups[:MAX_GROUPS]:
        yield replace(group, dependencies=group.dependencies[:left])
        left -= min(left, len(group.dependencies))
