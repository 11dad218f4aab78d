"""What holds for every package under judgement."""

import contextlib
import io
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from motherlode.nuget.licenses import InvalidLicense, parse_license
from motherlode.nuget.nupkg import Limits, Strictness, validate_nupkg
from motherlode.nuget.validation.rules import BY_CODE
from tests.support.builders import nupkg

NOW = datetime(2024, 6, 1, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30)
NAMES = st.sampled_from(
    (
        "title",
        "tags",
        "Tags",
        "projectUrl",
        "iconUrl",
        "licenseUrl",
        "icon",
        "readme",
        "serviceable",
        "listed",
        "language",
    )
)
ODD = st.sampled_from(
    ["true", "https://a.example", "javascript:a", "a.png", "docs\\README.md", "../a.md", "é", "x" * 5000]
)
IDS = st.sampled_from(["Acme", "Größe", "A..B", "\u212a", "", "create-verification-key", "İ", "e\u0301"])
VERSIONS = st.sampled_from(["1", "1.0", "1.0.0-1a", "1.0.0-a.01", "latest", "1.0+" + "b" * 80])
FRAMEWORKS = st.sampled_from(["net8.0", "spork", ".NETStandard,Version=x", "", "portable-net40-client+sl5"]) | st.none()
RANGES = st.sampled_from(["1.0", "[1.0+b]", "(,1.0.0-1]", "1.*"]) | st.none()
LICENSES = st.sampled_from(["MIT", "MIT AND", "mit", "UNLICENSED", "CC-BY-NC-4.0", "LICENSE.txt", ""])
KINDS = st.sampled_from(["expression", "file", "url", ""])
FILES = st.dictionaries(
    st.sampled_from(["a.png", "docs/README.md", "LICENSE.txt", ".mcp/server.json", "lib//a", "lib/b.nuspec"]),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"# Hello", b"\0", b"{}", "ü".encode("latin-1")]),
)
PACKAGES = st.builds(
    lambda package_id, version, texts, license_type, expression, groups, files: nupkg(
        package_id,
        version,
        nuspec_name="a.nuspec",
        more=f'<license type="{license_type}">{expression}</license>',
        groups=groups,
        files=files,
        **texts,
    ),
    IDS,
    VERSIONS,
    st.dictionaries(NAMES, TEXT | ODD, max_size=4),
    KINDS,
    LICENSES,
    st.dictionaries(FRAMEWORKS, st.dictionaries(IDS, RANGES, max_size=3), max_size=3),
    FILES,
)


class TestStrictness:
    """Lenient feeds take all that strict ones take; both say the same about a package, each in its place."""

    @given(PACKAGES)
    @settings(deadline=None)
    def test_both_find_the_same(self, packed: bytes) -> None:
        strict, lenient = (validate_nupkg(io.BytesIO(packed), Limits(), NOW, each) for each in Strictness)
        assert set(strict.faults + strict.warnings) == set(lenient.faults + lenient.warnings)
        assert set(lenient.faults) <= set(strict.faults)
        for strictness, verdict in zip(Strictness, (strict, lenient), strict=True):
            assert (verdict.nupkg is None) == bool(verdict.faults)
            assert all(BY_CODE[fault.code].refuses(strictness) for fault in verdict.faults)
            assert not any(BY_CODE[fault.code].refuses(strictness) for fault in verdict.warnings)

    @given(PACKAGES)
    @settings(deadline=None)
    def test_what_is_said_is_a_sentence_in_one_line(self, packed: bytes) -> None:
        verdict = validate_nupkg(io.BytesIO(packed), Limits(), NOW)
        for fault in (*verdict.faults, *verdict.warnings):
            assert fault.message.isprintable()
            assert fault.message.endswith(".")
            assert len(fault.message) < 700


WORDS = st.sampled_from(
    ["MIT", "0BSD", "GPL-2.0-only", "Classpath-exception-2.0", "AND", "OR", "WITH", "(", ")", "+", " "]
)


class TestLicenses:
    """What `parse_license` takes is read alike by NuGet clients, and every id in it is on the list."""

    @given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=40))
    def test_any_text_is_an_expression_or_is_refused(self, text: str) -> None:
        with contextlib.suppress(InvalidLicense):
            found = parse_license(text)
            assert found.licenses
            assert all(name in text for name in found.licenses + found.exceptions)
            assert text.count("(") == text.count(")")

    @given(
        st.lists(st.sampled_from(["MIT", "0BSD", "Apache-2.0"]), min_size=1, max_size=8), st.sampled_from(["AND", "OR"])
    )
    def test_joined_licenses_are_an_expression(self, names: list[str], operator: str) -> None:
        assert set(parse_license(f" {operator} ".join(names)).licenses) == set(names)
        assert set(parse_license("(" + f") {operator} (".join(names) + ")").licenses) == set(names)
