"""Facts: what is kept of a package, and that nothing of it is lost."""

import json
from dataclasses import replace

import pytest

from motherlode.nuget.frameworks import parse_framework
from motherlode.nuget.nuspec.parser import parse_nuspec
from motherlode.nuget.package import Package
from motherlode.nuget.package_json import facts_of, package_from
from tests.support.builders import nuspec

FULL = """
<license type="expression" version="1.0.0">MIT</license><icon>a\\icon.png</icon><tags>one two</tags>
<requireLicenseAcceptance>true</requireLicenseAcceptance><serviceable>true</serviceable>
<packageTypes><packageType name="DotnetTool" version="1.0"/><packageType name="Other"/></packageTypes>
<repository type="git" commit="abc"/>
<dependencies><group targetFramework=".NETStandard2.0"/><group><dependency id="B" version=" [1.0,2) " exclude="Build"/>
<dependency id="c" include="All"/></group></dependencies>
"""


def packed(more: str = "", version: str = "1.0") -> Package:
    package = parse_nuspec(nuspec("Acme", version, more=more)).package
    assert package is not None
    return package


def test_a_package_comes_back_as_it_was():
    package = packed(FULL, "01.0-RC.1+Build")
    returned = package_from(json.loads(json.dumps(facts_of(package))))
    assert returned == package
    assert facts_of(returned) == facts_of(package)
    assert returned.identity.version.full == "1.0.0-RC.1+Build"


def test_frameworks_are_kept_as_they_were_written():
    names = ("NET45", "portable-net40+sl5+win8", ".NETPortable,Version=v5.0,Profile=Profile328", "net8.0-windows7.0")
    package = replace(packed(), frameworks=tuple(map(parse_framework, names)))
    facts = facts_of(package)
    assert facts["frameworks"] == list(names)
    assert package_from(json.loads(json.dumps(facts))) == package


def test_what_is_blank_is_absent():
    assert facts_of(packed()) == {
        "id": "Acme",
        "version": "1.0",
        "authors": "Sample Authors",
        "description": "A test package.",
    }


def test_an_empty_group_is_kept():
    groups = facts_of(packed(FULL))["dependency_groups"]
    assert groups == [
        {"framework": ".NETStandard2.0"},
        {"dependencies": [{"id": "B", "range": "[1.0,2)", "exclude": "Build"}, {"id": "c", "include": "All"}]},
    ]


def test_unknown_keys_are_passed_over():
    facts = facts_of(packed(FULL)) | {"of_the_future": 1}
    assert package_from(facts) == packed(FULL)


def test_facts_without_an_identity_are_no_package():
    with pytest.raises(KeyError):
        package_from({"id": "Acme"})
