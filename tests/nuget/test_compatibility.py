"""Which targets can use a package that was made for others; the official library says the same of all that is here,
but for versions of platforms."""

import pytest

from motherlode.nuget.compatibility import FAMILIES, is_known, names_for, names_of
from motherlode.nuget.frameworks import parse_framework


def can_use(target, *made_for):
    return not names_for(target).isdisjoint(names_of(map(parse_framework, made_for)))


@pytest.mark.parametrize(
    ("target", "made_for", "others"),
    [
        (
            "net8.0",
            "net8.0 net5.0 netcoreapp3.1 netcoreapp1.0 netstandard2.1 netstandard1.0",
            "net9.0 net10.0 net8.0-windows7.0 net48 net45 portable-net45+win8 uap10.0 native",
        ),
        (
            "net8.0-windows10.0.19041",
            "net8.0-windows7.0 net6.0-windows net8.0 netcoreapp3.1 netstandard2.0",
            "net9.0-windows net8.0-android net48",
        ),
        ("net100.0", "net100.0 net8.0 netstandard2.1", "net48"),
        ("netcoreapp3.1", "netcoreapp3.1 netcoreapp2.0 netstandard2.1", "net5.0 net48"),
        ("netcoreapp2.1", "netcoreapp1.1 netstandard2.0", "netcoreapp2.2 netstandard2.1"),
        ("netcoreapp1.0", "netstandard1.6", "netstandard2.0"),
        (
            "net472",
            "net net11 net40 net40-client net403 net463 net472 netstandard2.0 portable-net40+sl5 portable-net45+win8",
            "net48 net40-cf netstandard2.1 netcoreapp2.0 net5.0 portable-win81+wp81",
        ),
        ("net461", "netstandard2.0", "netstandard2.1"),
        ("net46", "netstandard1.3", "netstandard1.4"),
        ("net451", "netstandard1.2", "netstandard1.3"),
        ("net45", "netstandard1.1 portable-net45+win8", "netstandard1.2 portable-net451+win81"),
        ("net40", "net35 net40-client 4.0 35 net40-full", "netstandard1.0 net45 4.5 portable-net45+win8"),
        ("net8.0", "net8.0", "40 3.5 Unity,Version=v2021.0"),
        ("netstandard2.0", "netstandard1.0 netstandard2.0", "netstandard2.1 net45 netcoreapp1.0"),
        ("uap10.0", "uap10.0", "net45"),
        ("net35-cf", "net35-cf", "net35"),
        ("portable-net45+win8", "portable-net45+win8", "net45"),
    ],
)
def test_a_target_can_use_what_nuget_says(target, made_for, others):
    assert [name for name in made_for.split() if not can_use(target, name)] == []
    assert [name for name in others.split() if can_use(target, name)] == []


@pytest.mark.parametrize("spelling", ["NET472", " net4.7.2", ".NETFramework,Version=v4.7.2", ".NETFramework4.7.2"])
def test_a_target_is_meant_in_any_spelling(spelling):
    assert names_for(spelling) == names_for("net472")


def test_one_framework_that_fits_is_enough():
    assert can_use("net8.0", "net48", "netstandard2.0")
    assert not can_use("net8.0", "net48", "net9.0")


@pytest.mark.parametrize("target", ["net8.0", "net472", "netstandard1.0", "sl5", "native"])
def test_what_is_made_for_nothing_in_particular_is_for_every_target(target):
    assert can_use(target)


def test_what_is_made_for_nothing_in_particular_belongs_to_no_family():
    assert not any(can_use(family) for family in FAMILIES)


@pytest.mark.parametrize(
    ("family", "members"),
    [
        ("net", "net5.0 net10.0 net8.0-windows7.0"),
        ("netcoreapp", "netcoreapp1.0 netcoreapp3.1"),
        ("NetStandard", "netstandard1.0 netstandard2.1"),
        ("netframework", "net net20 net40-client net481 net35-cf portable-net45+win8"),
    ],
)
def test_a_family_takes_all_its_versions_and_no_others(family, members):
    everything = [
        "net5.0",
        "net8.0-windows7.0",
        "netcoreapp3.1",
        "netstandard1.0",
        "net20",
        "net481",
        "portable-net45+win8",
        "uap10.0",
    ]
    for name in {*members.split(), *everything}:
        takes_it = name in members.split()
        assert can_use(family, name) is takes_it, name


@pytest.mark.parametrize("name", ["nonsense", "", "net8.0;drop", "9" * 500, "net8.0/", "\ud800"])
def test_what_is_no_framework_looks_for_itself(name):
    assert not is_known(name)
    assert not any(can_use(name, *made_for) for made_for in ((), ("net8.0",), ("netstandard2.0", "net48")))


@pytest.mark.parametrize("name", ["net8.0", " NET48 ", "net", "NetFramework", ".NETStandard2.0", "net8.0-windows"])
def test_families_and_frameworks_are_known(name):
    assert is_known(name)
