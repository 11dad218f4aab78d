"""How much of a package its pages show: all that the gallery takes, and a bounded part of anything else."""

import pytest

from motherlode.nuget.ids import PackageId
from motherlode.nuget.limits import Limits
from motherlode.nuget.package import Dependency, DependencyGroup, Package
from motherlode.nuget.package_json import package_from
from motherlode.nuget.ranges import ANY
from motherlode.projections.fitting import MAX_DEPENDENCIES, MAX_GROUPS, fit

LIMITS = Limits()


def package(**values: object) -> Package:

    return package_from({"id": "Acme.Widgets", "version": "1.0.0", **values})


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("title", LIMITS.max_title_length),
        ("description", LIMITS.max_text_length),
        ("summary", LIMITS.max_text_length),
        ("authors", LIMITS.max_text_length),
        ("copyright", LIMITS.max_text_length),
        ("release_notes", LIMITS.max_release_notes_length),
    ],
)
def test_a_text_is_shown_whole_up_to_what_the_gallery_takes(name: str, most: int) -> None:
    whole = package(**{name: "a" * most})
    assert fit(whole) == whole
    assert getattr(fit(package(**{name: "a" * (most + 1)})), name) == "a" * most + "…"


@pytest.mark.parametrize("tag", ["a", "tag", "t" * 100])
def test_tags_are_shown_up_to_what_the_gallery_takes(tag: str) -> None:
    count = (LIMITS.max_text_length + 1) // (len(tag) + 1)
    whole = package(tags=[tag] * count)
    assert fit(whole) == whole
    assert fit(package(tags=[tag] * 500_000)).tags == (tag,) * count
    assert fit(package(tags=["t" * 1_000_000])).tags == ()


def test_dependencies_and_groups_are_shown_up_to_a_bound() -> None:
    dependency = Dependency(PackageId("Other"), ANY)
    groups = tuple(DependencyGroup(None, (dependency,) * 150) for _ in range(MAX_GROUPS + 1))
    shown = fit(Package(package().identity, dependency_groups=groups)).dependency_groups
    assert len(shown) == MAX_GROUPS
    assert sum(len(group.dependencies) for group in shown) == MAX_DEPENDENCIES
    assert shown[0] == groups[0]
