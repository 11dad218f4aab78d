"""The frameworks that a package is made for: what the folders of its files say, then its dependencies."""

import io
import json
from datetime import UTC, datetime

import pytest

from motherlode.nuget.archive.entry_names import plain_name
from motherlode.nuget.archive.zip_reader import Limits, read_archive
from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.nupkg import Strictness, read_nupkg
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.target_frameworks import MAX_FRAMEWORKS, find_frameworks
from tests.support.builders import Member, nupkg, nuspec, zip_of

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
TOOL = '<packageTypes><packageType name="DotnetTool"/></packageTypes>'


def found(*names, **metadata):
    """The frameworks, by short name, of a package with files of these names."""
    archive = read_archive(io.BytesIO(zip_of(Member(name) for name in names)), Limits())
    return [each.short for each in find_frameworks(parse_nuspec(nuspec(**metadata)).draft, archive.entries)]


@pytest.mark.parametrize(
    ("names", "frameworks"),
    [
        ("lib/net8.0/a.dll lib/netstandard2.0/_._ lib/net8.0/de/a.resources.dll", ["net8.0", "netstandard2.0"]),
        ("LIB/NET45/a.dll", ["net45"]),
        ("ref/net10.0/a.dll lib/net9.0/a.dll", ["net9.0", "net10.0"]),
        ("runtimes/win-x64/lib/net8.0/a.dll", ["net8.0"]),
        ("runtimes/win-x64/native/net8.0/a.dll runtimes/lib/net8.0/a.dll runtimes/a.json", []),
        ("lib/portable-net45%2Bwin8/a.dll lib/net40-Client/a.dll", ["net40-client", "portable-net45+win8"]),
        ("lib\\net45\\a.dll", ["net45"]),
        ("lib/a.dll lib/net8.0/a.dll", ["net8.0", "net"]),
        ("lib/40/a.dll lib/2.0/b.dll lib/net40-full/c.dll", ["net20", "net40"]),
        ("lib/451/a.dll", []),
        ("lib/portable-net45+winrt45/a.dll", ["portable-net45+win8"]),
        ("lib/readme.txt", []),
        ("lib/de/a.dll lib/any/a.dll lib/net45", []),
        ("lib/net45/", []),
        ("build/net45/a.props", ["net45"]),
        ("buildTransitive/net8.0/a.targets contentFiles/cs/net6.0/a.cs", ["net6.0", "net8.0"]),
        ("contentFiles/any/any/a.txt build/a.props content/net45/a.txt", []),
        ("lib/net8.0/a.dll buildTransitive/netcoreapp2.0/a.targets contentFiles/any/net48/a.txt", ["net8.0"]),
        ("lib/unknown/a.dll build/net45/a.props", ["net45"]),
        ("tools/net45/a.exe tools/install.ps1 analyzers/dotnet/cs/a.dll", []),
        ("lib/net4.5/a.dll lib/net45/b.dll lib/NET45/c.dll", ["net45"]),
        ("readme.md", []),
    ],
)
def test_folders_say_it(names, frameworks):
    assert found(*names.split()) == frameworks


def test_in_a_tool_the_tools_say_it():
    assert found("tools/net8.0/any/a.dll", "tools/any/a.txt", more=TOOL) == ["net8.0"]


def test_dependencies_say_it_only_where_no_folder_does():
    groups = {"net8.0": {"A": None}, ".NETStandard2.0": {}, None: {"B": None}, "nonsense": {}}
    assert found("readme.md", groups=groups) == ["net8.0", "netstandard2.0"]
    assert found("build/net45/a.props", groups=groups) == ["net45"]


def test_they_are_bounded():
    assert len(found(*(f"lib/net{major}.0/a.dll" for major in range(5, 500)))) == MAX_FRAMEWORKS


def test_a_package_that_was_read_has_them():
    package = read_nupkg(io.BytesIO(nupkg(files={"lib/NET8.0/_._": b""})), Limits(), NOON).package
    assert package.frameworks == (parse_framework("net8.0"), parse_framework("netstandard2.0"))


def test_real_packages_are_made_for_what_an_independent_reader_saw_in_lib_and_ref(packages):
    seen = 0
    for expected in json.loads((packages / "real.json").read_text("utf-8")):
        folders = {parse_framework(plain_name(name)) for name in expected["lib_and_ref_folders"]}
        with (packages / "real" / expected["file"]).open("rb") as file:
            package = read_nupkg(file, Limits(), NOON, Strictness.LENIENT).package
        if any(framework.is_supported for framework in folders):
            seen += 1
            assert {each.short for each in package.frameworks} >= {each.short for each in folders}, expected["file"]
    assert seen > 60
