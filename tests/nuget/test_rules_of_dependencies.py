"""Rules of dependencies, frameworks, package types and content files, at their edges."""

import json

import pytest

from motherlode.nuget.nupkg import Limits
from tests.nuget.rule_breaches import DEPENDENCIES, MCP, TYPES, grouped
from tests.nuget.verdicts import told
from tests.support.builders import nupkg


@pytest.mark.parametrize(
    "packed",
    [
        grouped("net8.0", "net9.0", ".NETStandard2.0", "any"),
        nupkg(groups={"net8.0": {"B": "1.0"}, "net9.0": {"B": "1.0"}}),
        nupkg(dependencies={"B": "[1.0,1.0]", "C": "1.0.0-a", "D": "1.0.0-1.a"}),
        nupkg(dependencies={"Acme.Widgets.Core": "1.0"}),
    ],
)
def test_dependencies_without_fault(packed):
    assert told(packed) == []


@pytest.mark.parametrize(
    ("frameworks", "codes"),
    [
        (("net8.0", "NET8.0"), ["dependency-group-repeated"]),
        (("", "any"), ["dependency-group-repeated"]),
        (("spork", "spork"), ["dependency-group-repeated", "framework-unknown"]),
        (("net8.0,net9.0",), ["framework-unknown"]),
        ((".NETFramework,Version=V4.5",), ["framework-unreadable"]),
        (("portable-net45+sl5+monotouch-netcore451",), ["framework-unreadable"]),
        (("portable-net40-client+sl5",), ["framework-unreadable"]),
        ((" netstandard2.0 ",), ["framework-unknown"]),
        (("netstandard2.0\u00a0",), ["framework-unknown"]),
        (("4.0", "45", "3.5", "2.0"), []),
        (("4", "4.0"), ["dependency-group-repeated"]),
        (("net40-full", "net40"), ["dependency-group-repeated"]),
        (("dotnet", "dotnet5.0"), ["dependency-group-repeated"]),
        (("portable-net45+winrt45", "portable-net45+win8"), ["dependency-group-repeated"]),
        (("Unity,Version=v2021.0",), []),
        (("net8.0-windows10.0.19041", "portable-net45+win8"), []),
    ],
)
def test_frameworks_of_groups(frameworks, codes):
    assert told(grouped(*frameworks)) == codes


@pytest.mark.parametrize(
    ("listed", "codes"),
    [
        ("net45", []),
        (".NETFramework4.5, net40-client", []),
        ("", []),
        ("any", []),
        ("net45,spork", ["assembly-framework-unknown"]),
    ],
)
def test_frameworks_of_assemblies(listed, codes):
    more = f'<frameworkAssembly assemblyName="A" targetFramework="{listed}" />'
    assert told(nupkg(more=f"<frameworkAssemblies>{more * 3}</frameworkAssemblies>")) == codes


def test_every_bound_is_looked_at_once():
    assert told(nupkg(dependencies={"B": "[1.0+a]"})) == ["dependency-build-metadata"]
    assert told(nupkg(dependencies={"B": "[1.0.0-1,2.0.0-2]"})) == ["dependency-label-old"] * 2


def test_dependencies_are_judged_though_the_identity_is_wrong():
    codes = told(nupkg("Bad Id", "1", dependencies={"B": "1.0", "b": "1.0"}))
    assert codes == ["id-invalid", "dependency-repeated"]


def test_a_dependency_without_version_in_a_group():
    assert told(nupkg(groups={"net8.0": {"B": None}})) == ["dependency-range-missing"]


def test_dependencies_have_a_length_in_all():
    packed = nupkg(groups={"net8.0": {"B": "1.0"}, "net9.0": {}})
    exact = len("B") + len("[1.0.0, )") + len("net8.0") + 3 + len("net9.0") + 3
    assert told(packed, Limits(max_dependencies_length=exact)) == []
    assert told(packed, Limits(max_dependencies_length=exact - 1)) == ["dependencies-too-long"]


def test_flat_and_grouped_dependencies_do_not_mix():
    mixed = '<dependency id="B" version="1.0" /><group><dependency id="C" /></group>'
    assert told(nupkg(more=DEPENDENCIES.format(mixed))) == ["dependencies-mixed", "dependency-range-missing"]


@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ('include="**/*"', []),
        ('include="a" flatten="True" copyToOutput="false" buildAction="None"', []),
        ('exclude="a"', ["content-files-invalid"]),
        ('include="a" copyToOutput=""', ["content-files-invalid"]),
    ],
)
def test_content_files(attributes, codes):
    assert told(nupkg(more=f"<contentFiles><files {attributes} /></contentFiles>")) == codes


@pytest.mark.parametrize(
    ("elements", "codes"),
    [
        ('<packageType name="Acme.Plugin" version="2.1" /><packageType name="Dependency" />', []),
        ('<packageType name="a_b-c.d" />', []),
        (f'<packageType name="{"x" * 101}" />', ["type-invalid"]),
        ('<packageType name="a/b" version="1.0.0-" />', ["type-invalid", "type-version-invalid"]),
        ('<packageType version="1.0" />', ["type-unnamed"]),
        ('<packageType name="symbolspackage" />', ["type-symbols"]),
        ('<packageType name="SymbolsPackage" /><packageType name="Dependency" />', []),
        ('<packageType name="McpServer" />', ["mcp-without-tool"]),
    ],
)
def test_package_types(elements, codes):
    assert told(nupkg(more=TYPES.format(elements))) == codes


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"{}", []),
        (b"\xef\xbb\xbf{}", []),
        (json.dumps({"a": "x" * 19_991}).encode(), []),
        (json.dumps({"a": "x" * 19_993}).encode(), ["mcp-server-invalid"]),
        (b" " * 80_001, ["mcp-server-invalid"]),
        (b"", ["mcp-server-invalid"]),
        (b"null", ["mcp-server-invalid"]),
        (b"{", ["mcp-server-invalid"]),
        (b"[" * 20_000, ["mcp-server-invalid"]),
        (b'{"a":\xff}', ["mcp-server-invalid"]),
    ],
)
def test_the_description_of_an_mcp_server(content, codes):
    assert told(nupkg(more=MCP, files={".mcp/server.json": content})) == codes


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("lib/portable-net45+win8/a.dll", []),
        ("lib/portable-net45%2Bwin8/a-b.dll", []),
        ("lib/portable-a-b-c", []),
        ("lib/portable-net40-client+sl5/a.dll", ["framework-portable-profile"]),
        ("build/PORTABLE-net40-client/a.targets", ["framework-portable-profile"]),
    ],
)
def test_folders_for_portable_frameworks(name, codes):
    assert told(nupkg(files={name: b"", f"{name}.xml": b""})) == codes
