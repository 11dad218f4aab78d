"""What makes a client stop while it reads a nuspec or restores a package, element by element and folder by folder."""

import pytest

from motherlode.nuget.nupkg import Strictness
from tests.nuget.verdicts import judge, told
from tests.support.builders import Member, hostile, nupkg, nuspec

UNREADABLE = (
    *(
        ".NETFramework,Version=V4.5",
        ".NETStandard,Version=two",
        ".NETFramework,Version=vX",
        "portable-net40-client+sl5",
    ),
    *("portable-net45+sl5+monotouch-netcore451", ","),
)
READABLE = (
    "net8.0",
    "net45",
    ".NETFramework,Version=v4.5",
    "Unity,Version=v2021.0",
    "4.5",
    "portable-net45+win8",
    "any",
)
PLACES = (
    *("lib/{}/A.dll", "LIB/{}/de/A.resources.dll", "ref/{}/A.dll", "build/{}/a.props", "buildTransitive/{}/a.targets"),
    *("tools/{}/any/a.dll", "contentFiles/cs/{}/a.cs", "runtimes/win/lib/{}/A.dll", "embed/{}/A.dll", "lib/{}/_._"),
)


def refused(packed: bytes) -> list[str]:
    """The codes that refuse it on a lenient feed."""
    return [fault.code for fault in judge(packed, Strictness.LENIENT).faults]


@pytest.mark.parametrize("framework", UNREADABLE)
@pytest.mark.parametrize(
    "element",
    [
        '<dependencies><group targetFramework="{}" /></dependencies>',
        '<references><group targetFramework="{}"><reference file="A.dll" /></group></references>',
        '<frameworkReferences><group targetFramework="{}" /></frameworkReferences>',
    ],
)
def test_a_framework_that_clients_cannot_read(element: str, framework: str) -> None:
    assert refused(nupkg(more=element.format(framework))) == ["framework-unreadable"]


@pytest.mark.parametrize("framework", READABLE)
@pytest.mark.parametrize("element", ["dependencies", "references", "frameworkReferences"])
def test_a_framework_that_clients_read(element: str, framework: str) -> None:
    assert told(nupkg(more=f'<{element}><group targetFramework="{framework}" /></{element}>')) == []


@pytest.mark.parametrize(
    ("listed", "codes"),
    [
        ("3.5, 4.0", []),
        ("net45,net40-client", []),
        ("portable-net45-x+win8", ["framework-unreadable"]),
        ("net45, portable-net40-client+sl5", ["framework-unreadable"]),
    ],
)
def test_frameworks_of_assemblies(listed: str, codes: list[str]) -> None:
    assembly = f'<frameworkAssembly assemblyName="A" targetFramework="{listed}" />'
    assert told(nupkg(more=f"<frameworkAssemblies>{assembly}</frameworkAssemblies>")) == codes


@pytest.mark.parametrize("framework", [" netstandard2.0 ", "netstandard2.0\u00a0", "\tnet8.0", " "])
def test_blanks_around_a_framework_are_not_trimmed(framework: str) -> None:
    packed = nupkg(groups={framework: {"B": "1.0"}})
    assert told(packed) == ["framework-unknown"]
    found = judge(packed, Strictness.LENIENT).nupkg
    assert found is not None
    assert found.package.dependency_groups[0].framework.short == framework


@pytest.mark.parametrize(
    "inside",
    [
        *("<group />", '<group targetFramework="" />', '<group targetFramework=" " />'),
        '<group targetFramework="net8.0"><frameworkReference /></group>',
        '<group targetFramework="net8.0"><frameworkReference name="" /></group>',
    ],
)
def test_framework_references_have_a_framework_and_a_name(inside: str) -> None:
    packed = nupkg(more=f"<frameworkReferences>{inside}</frameworkReferences>")
    assert refused(packed) == ["framework-reference-invalid"]


@pytest.mark.parametrize("action", ["Compile", "none", "EMBEDDEDRESOURCE", "BundleResource", ""])
def test_a_build_action_that_clients_know(action: str) -> None:
    assert told(nupkg(more=f'<contentFiles><files include="**" buildAction="{action}" /></contentFiles>')) == []


@pytest.mark.parametrize("action", ["Foo", " Compile", " ", "AvaloniaXaml"])
def test_a_build_action_that_they_do_not(action: str) -> None:
    packed = nupkg(more=f'<contentFiles><files include="**" buildAction="{action}" /></contentFiles>')
    assert refused(packed) == ["content-files-invalid"]


@pytest.mark.parametrize("version", ["0.0", "1.0", "1.2.3", "1.2.3.4", " 1.0 ", "1. 0", "2147483647.0", "01.0"])
def test_a_version_of_a_package_type(version: str) -> None:
    assert told(nupkg(more=f'<packageTypes><packageType name="A" version="{version}" /></packageTypes>')) == []


@pytest.mark.parametrize(
    "version",
    ["", " ", "1", "1.0.0-rc", "1.0.0+a", "1.0.0.0.0", "2147483648.0", "1.", ".1", "v1.0", "1,0", "\u0661.0", "a"],
)
def test_what_is_no_version_of_a_package_type(version: str) -> None:
    packed = nupkg(more=f'<packageTypes><packageType name="A" version="{version}" /></packageTypes>')
    assert refused(packed) == ["type-version-invalid"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("folder", [".NETFramework,Version=vX", ".NETFramework%2CVersion=V4.5", "Version=two", ","])
def test_a_folder_that_clients_cannot_read(place: str, folder: str) -> None:
    assert refused(nupkg(files={place.format(folder): b""})) == ["framework-unreadable"]


@pytest.mark.parametrize("place", [*PLACES, "content/{}/a.txt"])
def test_a_portable_folder_that_clients_cannot_read(place: str) -> None:
    assert refused(nupkg(files={place.format("portable-net40-client+sl5"): b""})) == ["framework-portable-profile"]


@pytest.mark.parametrize(
    "name",
    [
        *("src/.NETFramework,Version=vX/A.cs", "content/Scripts, Version=old/a.js", "lib/.NETFramework,Version=vX"),
        *(
            "analyzers/dotnet/portable-a-b/A.dll",
            "runtimes/win/native/a,Version=b/a.so",
            "contentFiles/a,Version=b/any/a.txt",
        ),
        *(
            "lib/net45/portable-a-b/A.dll",
            "lib/40/A.dll",
            "lib/Unity,Version=v2021.0/A.dll",
            "tools/a, b/c.txt",
            "lib/cs/A.dll",
        ),
    ],
)
def test_a_folder_that_stops_no_client(name: str) -> None:
    assert told(nupkg(files={name: b""})) == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("lib/" + "a" * 255, []),
        ("/".join("a" * 200 for _ in range(5)), []),
        ("lib/" + "a" * 256, ["entry-name-too-long"]),
        ("a" * 256 + "/a.dll", ["entry-name-too-long"]),
        ("lib/" + "é" * 128, ["entry-name-too-long"]),
        ("lib/" + "é" * 127, []),
        ("lib/" + "%41" * 255, []),
        ("lib/" + "%41" * 256, ["entry-name-too-long"]),
        ("lib/a\\" + "a" * 256, ["entry-name-too-long"]),
    ],
)
def test_a_part_of_a_name_has_a_length(name: str, codes: list[str]) -> None:
    assert refused(nupkg(files={name: b""})) == codes


def test_a_name_in_code_page_437_is_measured_as_it_is_written() -> None:
    assert refused(hostile(Member(b"lib/" + b"\x80" * 128))) == ["entry-name-too-long"]


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (("%5BContent_Types%5D.xml", "[Content_Types].xml"), ["wrapping-twice"]),
        (("[Content_Types].xml", "[Content_Types].xml"), ["wrapping-twice"]),
        (("[Content_Types].xml", "[content_types].XML"), ["wrapping-twice"]),
        (("_rels/.rels", "_rels\\.rels"), ["wrapping-twice"]),
        (("package/a.psmdcp", "package/A.psmdcp"), ["wrapping-twice"]),
        (("lib/[Content_Types].xml", "lib/[content_types].xml"), ["entry-twice"]),
    ],
)
def test_parts_that_only_wrap_the_files(names: tuple[str, str], codes: list[str]) -> None:
    packed = hostile(*map(Member, names))
    assert told(packed) == codes
    assert refused(packed) == [code for code in codes if code == "entry-twice"]


def test_elements_are_found_in_any_letter_case() -> None:
    document = nuspec(releasenotes="Notes.", TITLE="T", projecturl="https://a.example", Summary="S", Copyright="C")
    document = document.replace(b"description>", b"Description>").replace(b"authors>", b"AUTHORS>")
    found = judge(nupkg(nuspec=document), Strictness.GALLERY).nupkg
    assert found is not None
    package = found.package
    assert (package.release_notes, package.title, package.summary, package.copyright) == ("Notes.", "T", "S", "C")
    assert (package.description, package.authors) == ("A test package.", "Sample Authors")
    assert package.project_url == "https://a.example"


@pytest.mark.parametrize(
    ("authors", "shown"),
    [("", "Ann"), (" ", "Ann"), ("<![CDATA[ ]]>", "Ann"), ("Bob", "Bob")],
)
def test_owners_stand_in_for_authors(authors: str, shown: str) -> None:
    document = nuspec(owners="Ann").replace(b"Sample Authors", authors.encode())
    found = judge(nupkg(nuspec=document), Strictness.GALLERY).nupkg
    assert found is not None
    assert found.package.authors == shown


@pytest.mark.parametrize(("element", "code"), [("icon", "icon-not-packed"), ("readme", "readme-not-packed")])
@pytest.mark.parametrize("path", ["", " ", "./", "\\", "a.md ", " a.md"])
def test_a_path_is_not_trimmed_and_an_empty_one_is_not_absent(element: str, code: str, path: str) -> None:
    packed = nupkg(**{element: path}, files={"a.md": b"# A"})
    assert told(packed) == [code]
    assert refused(packed) == []
