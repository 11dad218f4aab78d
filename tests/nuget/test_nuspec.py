"""The nuspec reader: values, faults, encodings, and documents that mean harm."""

import pytest

from motherlode.nuget.nuspec.nuspec_xml import RawElement, parse_raw_nuspec
from motherlode.nuget.nuspec.parser import MAX_NUSPEC_BYTES, parse_nuspec
from motherlode.nuget.package import License, Package, PackageType, Repository
from tests.support.builders import nuspec

NAMESPACES = [
    f"http://schemas.microsoft.com/packaging/{month}/nuspec.xsd"
    for month in (*("2010/07", "2011/08", "2011/10", "2012/06", "2013/01", "2013/05"),)
]


def read(document: bytes) -> Package:
    """The package of a document without faults."""
    found = parse_nuspec(document)
    assert found.faults == ()
    assert found.package is not None
    return found.package


def codes(document: bytes) -> list[str]:
    return [fault.code for fault in parse_nuspec(document).faults]


def minimal(before: str = "", inside: str = "") -> bytes:
    return f"{before}<package><metadata><id>A</id><version>1.0</version>{inside}</metadata></package>".encode()


class TestValues:
    def test_the_least_nuspec(self):
        package = read(minimal())
        assert str(package.identity) == "A 1.0.0"
        assert package == Package(package.identity)

    def test_every_element(self):
        package = read(
            nuspec(
                "Acme.Widgets",
                "1.0.0.0+git.5",
                description=" Widgets\n",
                authors=" Acme, Inc. ",
                tags="ui  desktop,web;x",
                title="T",
                summary="S",
                releaseNotes="R",
                copyright="C",
                language="en-US",
                projectUrl="https://example.org/p",
                licenseUrl="http://example.org/l",
                iconUrl="HTTPS://example.org/i.png",
                icon=".\\img\\logo.png",
                readme="/docs/README.md",
                requireLicenseAcceptance="True",
                developmentDependency="true",
                serviceable=" TRUE ",
                more='<license type="file">LICENSE.txt</license>'
                '<repository type="git" url="git://x/y" branch="main" commit="abc"/>'
                '<packageTypes><packageType name="DotnetTool" version="2.0"/><packageType name="Y"/></packageTypes>',
            )
        )
        assert package.identity.version.written == "1.0.0.0+git.5"
        assert (package.description, package.authors) == ("Widgets", "Acme, Inc.")
        assert package.tags == ("ui", "desktop", "web", "x")
        assert (package.title, package.summary, package.release_notes) == ("T", "S", "R")
        assert (package.copyright, package.language) == ("C", "en-US")
        assert package.project_url == "https://example.org/p"
        assert package.license_url == "http://example.org/l"
        assert package.icon_url == "HTTPS://example.org/i.png"
        assert (package.icon, package.readme) == ("img/logo.png", "docs/README.md")
        assert package.license == License("file", "LICENSE.txt")
        assert package.require_license_acceptance
        assert package.development_dependency
        assert package.serviceable
        assert package.repository == Repository("git", "git://x/y", "main", "abc")
        assert package.package_types == (PackageType("DotnetTool", "2.0"), PackageType("Y"))
        assert package.is_semver2

    def test_blank_texts_are_none(self):
        package = read(nuspec(title=" ", tags=" , ", icon=" ", more="<license/><repository/><packageTypes/>"))
        assert (package.title, package.tags, package.icon, package.license) == (None, (), None, None)
        assert (package.repository, package.package_types) == (None, ())

    def test_the_text_of_an_element_leaves_out_comments_and_markup(self):
        document = minimal(inside="<description><![CDATA[A <b>]]><!-- x --> text <?y z?>of <i>three</i></description>")
        assert read(document).description == "A <b> text of three"

    @pytest.mark.parametrize(
        "address",
        [
            *(
                "javascript:alert(1)",
                "data:image/png;base64,AA",
                "images/icon.png",
                "//example.org/x",
                "http://",
                "https:///x",
            ),
            *(
                "http:example.org",
                "http://a b/",
                "http://[::1",
                "http://a:99999/",
                "http://a..b/",
                "ftp://a/",
                "http:\\\\a\\b",
            ),
            *("https://user@a.example/", "https://me@corp.example@files.example/i.png", "http://a[::1]b/x.png"),
            *("http://[v1.a]/", "http://١٢.example/", "http://a１.example/", "http:///x", "http://123/", "http://a:0/"),
            *("http://exa mple.org", "https://" + "a" * 5000, "http://[zz]/", "http://a:b/", "file:///etc/passwd"),
        ],
    )
    def test_an_address_that_is_none_is_left_out(self, address):
        package = read(nuspec(iconUrl=address, projectUrl=address, licenseUrl=address))
        assert (package.icon_url, package.project_url, package.license_url) == (None, None, None)

    @pytest.mark.parametrize(
        "address",
        ["http://[::1]:80/x", "https://xn--e1afmkfd.example:8443/a?b=c#d", "https://пример.example/ä", "http://a"],
    )
    def test_an_absolute_address_is_kept_as_written(self, address):
        assert read(nuspec(projectUrl=f" {address} ")).project_url == address

    @pytest.mark.parametrize(("written", "kept"), [("2.12", "2.12"), (" 3.4.1 ", "3.4.1"), ("new", None), ("", None)])
    def test_the_minimum_client_version(self, written, kept):
        document = nuspec(namespace=None).replace(b"<metadata>", f'<metadata minClientVersion="{written}">'.encode())
        assert read(document).min_client_version == kept

    def test_values_of_finer_rules_are_dropped_when_they_make_no_sense(self):
        package = read(
            nuspec(
                developmentDependency="maybe",
                more='<license type="url">x</license><packageTypes><packageType name="bad name!"/>'
                '<packageType/><packageType name="Good" version="x"/></packageTypes>',
            )
        )
        assert not package.development_dependency
        assert package.license is None
        assert package.package_types == (PackageType("Good"),)


class TestDependencies:
    def test_flat_dependencies_are_one_group_for_any_framework(self):
        (group,) = read(nuspec(dependencies={"B": "[1.0,2)", "C": None})).dependency_groups
        assert group.framework is None
        assert [(str(found.id), str(found.range)) for found in group.dependencies] == [
            ("B", "[1.0.0, 2.0.0)"),
            ("C", "(, )"),
        ]

    def test_no_dependencies_are_no_group(self):
        assert read(nuspec(more="<dependencies/>")).dependency_groups == ()

    def test_empty_groups_are_kept_and_any_is_no_framework(self):
        package = read(
            nuspec(
                more='<dependencies><group targetFramework=".NETStandard2.0"/><group targetFramework="Any"/><group/>'
                '<group targetFramework="spork7"/></dependencies>'
            )
        )
        written = [group.framework and group.framework.written for group in package.dependency_groups]
        assert written == [".NETStandard2.0", None, None, "spork7"]

    def test_include_and_exclude(self):
        package = read(nuspec(more='<dependencies><dependency id="B" include="All" exclude=" Build "/></dependencies>'))
        (dependency,) = package.dependency_groups[0].dependencies
        assert (dependency.include, dependency.exclude) == ("All", "Build")

    def test_quirk_groups_hide_dependencies_beside_them(self):
        package = read(
            nuspec(more='<dependencies><dependency id="B"/><group targetFramework="net8.0"/></dependencies>')
        )
        assert [group.dependencies for group in package.dependency_groups] == [()]

    def test_a_dependency_id_may_be_longer_and_not_ascii(self):
        assert read(nuspec(dependencies={"x" * 128: "1.0", "Größe": "1.0"})).dependency_groups

    def test_every_bad_dependency_is_a_fault(self):
        document = nuspec(dependencies={"../A": "1.0", "B": "latest", "C": "(,)", "D": "1.*", "x" * 129: "[2,1]"})
        assert codes(document) == [
            "dependency-id-invalid",
            *["dependency-range-invalid"] * 3,
            "dependency-id-invalid",
            "dependency-range-invalid",
        ]


class TestFaults:
    def test_all_faults_are_collected(self):
        document = nuspec("Bad Id", "latest", dependencies={"..": "1.0"})
        assert codes(document) == ["id-invalid", "version-invalid", "dependency-id-invalid"]
        assert parse_nuspec(document).package is None

    @pytest.mark.parametrize(
        ("id", "version", "code"),
        [
            ("", "1.0", "id-missing"),
            (" A ", "1.0", "id-invalid"),
            ("A/B", "1.0", "id-invalid"),
            ("A", " ", "version-missing"),
            ("A", "1. 0", "version-invalid"),
        ],
    )
    def test_ids_and_versions_that_cannot_be_taken(self, id, version, code):  # noqa: A002
        assert codes(nuspec(id, version)) == [code]

    def test_blanks_around_a_version(self):
        assert read(nuspec("A", " 1.0.0-a ")).identity.version.labels == ("a",)

    def test_the_rest_of_a_package_without_identity_is_read_too(self):
        found = parse_nuspec(nuspec("Bad Id", title="Widgets"))
        assert found.draft.title == "Widgets"
        assert found.metadata.children_named("title")
        assert found.is_readable

    def test_what_cannot_be_read_has_nothing_to_judge(self):
        found = parse_nuspec(b"")
        assert not found.is_readable
        assert found.metadata.children == ()

    def test_the_name_of_a_type_with_many_underscores_is_read_at_once(self):
        name = "_" * 99 + "!"
        assert read(nuspec(more=f'<packageTypes><packageType name="{name}"/></packageTypes>')).package_types == ()

    @pytest.mark.parametrize(("name", "code"), [("id", "id-repeated"), ("version", "version-repeated")])
    def test_an_id_or_version_said_twice(self, name, code):
        assert codes(nuspec(more=f"<{name}>1.0</{name}>")) == [code]

    @pytest.mark.parametrize(
        ("document", "code"),
        [
            (b"", "nuspec-not-xml"),
            (b"PK\x03\x04", "nuspec-not-xml"),
            (b"<package><metadata>", "nuspec-not-xml"),
            (b"<package><metadata/></package><x/>", "nuspec-not-xml"),
            (b"<parcel><metadata/></parcel>", "nuspec-root"),
            (b"<package/>", "nuspec-metadata"),
            (b"<package><metadata/><metadata/></package>", "nuspec-metadata"),
            (minimal(inside="&nbsp;"), "nuspec-not-xml"),
            (minimal(inside="<title>\x01</title>"), "nuspec-not-xml"),
            (minimal(inside="<title>&#0;</title>"), "nuspec-not-xml"),
            (minimal(inside="<a>" * 300 + "</a>" * 300), "nuspec-not-xml"),
            (minimal(inside="<a/>" * 20_000), "nuspec-too-complex"),
            (minimal(inside=" " * MAX_NUSPEC_BYTES), "nuspec-too-large"),
        ],
    )
    def test_what_is_no_nuspec(self, document, code):
        found = parse_nuspec(document)
        assert [fault.code for fault in found.faults] == [code]
        assert found.package is None
        assert "\n" not in found.faults[0].message


class TestNamespaces:
    @pytest.mark.parametrize("namespace", [*NAMESPACES, None, "http://example.org/nobody"])
    def test_any_namespace_or_none(self, namespace):
        assert read(nuspec("A", namespace=namespace, dependencies={"B": "1.0"})).dependency_groups

    def test_a_namespace_declared_on_metadata_only(self):
        assert read(minimal().replace(b"<metadata>", f'<metadata xmlns="{NAMESPACES[0]}">'.encode()))

    def test_quirk_names_under_a_prefix_are_not_found(self):
        document = minimal().replace(b"<", b"<n:").replace(b"<n:/", b"</n:")
        assert codes(document.replace(b"<n:package>", b'<n:package xmlns:n="u">')) == ["id-missing", "version-missing"]

    def test_elements_of_another_namespace_are_passed_over(self):
        assert read(minimal(inside='<x:id xmlns:x="u">B</x:id><title xmlns="v">T</title>')).title is None


class TestEncodings:
    TEXT = "<package><metadata><id>A</id><version>1.0</version><title>Größe</title></metadata></package>"

    @pytest.mark.parametrize(
        ("declared", "encoding"),
        [
            ("", "utf-8"),
            ("", "utf-8-sig"),
            ("", "utf-16"),
            ('<?xml version="1.0"?>', "utf-8"),
            ('<?xml version="1.0" encoding="UTF-16"?>', "utf-16"),
            ('<?xml version="1.0" encoding="iso-8859-1"?>', "latin-1"),
            ('<?xml version="1.0" encoding="windows-1252"?>', "cp1252"),
        ],
    )
    def test_every_legal_encoding(self, declared, encoding):
        assert read((declared + self.TEXT).encode(encoding)).title == "Größe"

    def test_utf16_big_endian(self):
        assert read(b"\xfe\xff" + self.TEXT.encode("utf-16-be")).title == "Größe"

    @pytest.mark.parametrize(
        "document",
        [
            TEXT.encode("latin-1"),
            b'<?xml version="1.0" encoding="utf-16"?>' + TEXT.encode(),
            b'<?xml version="1.0" encoding="x-nobody"?>' + TEXT.encode(),
            b'\n<?xml version="1.0"?>' + TEXT.encode(),
            minimal().replace(b"A", b"\xc0\xaf"),
            minimal().replace(b"A", b"\xed\xa0\x80"),
        ],
    )
    def test_bytes_that_are_not_what_they_say(self, document):
        assert codes(document) == ["nuspec-not-xml"]


def test_the_raw_reading_keeps_everything_but_comments():
    raw = parse_raw_nuspec(b'<package xmlns="u"><metadata a="1">x<b c="2">y</b>z<!-- w --></metadata></package>')
    assert raw.metadata == RawElement(
        "metadata", "u", "u", (("a", "1"),), ("x", RawElement("b", "u", "u", (("c", "2"),), ("y",)), "z")
    )
    assert raw.root.children == (raw.metadata,)
    assert raw.metadata.text == "xyz"
