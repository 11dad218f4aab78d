"""Rules of ids, versions and texts, at their edges."""

import pytest

from motherlode.nuget.nupkg import Limits
from tests.nuget.verdicts import messages, told
from tests.support.builders import nupkg, nuspec

LENGTHS = [
    *(("title", 256), ("description", 4000), ("summary", 4000), ("copyright", 4000), ("authors", 4000), ("tags", 4000)),
    *(("releaseNotes", 35_000), ("language", 20)),
]


@pytest.mark.parametrize(("name", "most"), LENGTHS)
def test_a_text_may_be_as_long_as_the_limit(name, most):
    assert told(nupkg(**{name: "x" * most})) == []
    assert told(nupkg(**{name: "x" * (most + 1)})) == ["text-too-long"]


@pytest.mark.parametrize("name", ["projectUrl", "licenseUrl", "iconUrl"])
def test_an_address_may_be_as_long_as_the_limit(name):
    address = "https://a.example/"
    assert "text-too-long" not in told(nupkg(**{name: address + "x" * (4000 - len(address))}))
    assert "text-too-long" in told(nupkg(**{name: address + "x" * (4001 - len(address))}))


def test_quirk_lengths_count_characters_as_net_does():
    assert told(nupkg(title="😀" * 128)) == []
    assert told(nupkg(title="😀" * 128 + "x")) == ["text-too-long"]
    assert told(nupkg(title="ü" * 256)) == []


def test_blanks_around_a_text_do_not_count():
    assert told(nupkg(title=" " * 300 + "x")) == []


def test_limits_can_be_other_ones():
    assert told(nupkg(title="x" * 300), Limits(max_title_length=300)) == []
    assert told(nupkg(title="xx"), Limits(max_title_length=1)) == ["text-too-long"]
    assert told(nupkg(version="1.0.0-abc"), Limits(max_version_length=8)) == ["version-too-long"]
    assert told(nupkg("Abc"), Limits(max_identity_length=7)) == ["identity-too-long"]


@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        (f'type="{"x" * 100}" url="https://a.example"', []),
        (f'type="{"x" * 101}" url="https://a.example"', ["text-too-long"]),
        (f'type="git" url="https://x/{"x" * 3990}"', []),
        (f'type="git" url="https://x/{"x" * 3991}"', ["text-too-long"]),
        ('type="git" url="git://a.example"', []),
        ('type="GIT" url="HTTPS://a.example"', []),
        ('type="git" url="http://a.example"', ["repository-hidden"]),
        ('type="hg" url="git://a.example"', ["repository-hidden"]),
        ('url="https://a.example"', []),
        ('url="https://me@corp.example@git.example/a"', ["repository-hidden"]),
        ('url="https://me@git.example/a"', ["repository-hidden"]),
        ('url="javascript:alert(1)"', ["repository-hidden"]),
        ('type="git" commit="abc"', []),
    ],
)
def test_a_repository(attributes, codes):
    assert told(nupkg(more=f"<repository {attributes} />")) == codes


@pytest.mark.parametrize(
    ("version", "codes"),
    [
        ("1.0", []),
        ("1", ["version-without-dot"]),
        ("1-a", ["version-without-dot"]),
        ("1.0.0-a1", []),
        ("1.0.0--a", ["version-label-old"]),
        ("1.0.0-1", ["version-label-old"]),
        ("1.0.0-1.a", []),
        ("1.0.0-1+build", []),
        ("1.0.0-" + "a" * 58, []),
        ("1.0.0-" + "a" * 59, ["version-too-long"]),
    ],
)
def test_a_version(version, codes):
    assert told(nupkg(version=version)) == codes


@pytest.mark.parametrize(
    ("package_id", "codes"),
    [
        ("a" * 100, []),
        ("Größe", ["id-not-ascii"]),
        ("Straße.Öl", ["id-not-ascii"]),
        ("Имя", ["id-not-ascii"]),
        ("日本", ["id-not-ascii"]),
        ("İd", ["id-not-ascii", "id-ambiguous"]),
        ("dıs", ["id-not-ascii", "id-ambiguous"]),
        ("ſ", ["id-not-ascii", "id-ambiguous"]),
        ("e\u0301a", ["id-not-ascii", "id-ambiguous", "nuspec-not-normalized"]),
        *(
            (f"Acme{character}", ["id-not-ascii", "id-ambiguous"])
            for character in "\u034f\u115f\u17b4\u3164\ufe0f\uffa0"
        ),
    ],
)
def test_an_id(package_id, codes):
    assert told(nupkg(package_id)) == codes


@pytest.mark.parametrize("text", ["true", "FALSE", " True "])
def test_a_flag_is_true_or_false(text):
    assert told(nupkg(developmentDependency=text, requireLicenseAcceptance=text, serviceable=text)) == []


@pytest.mark.parametrize("text", ["yes", "1", "maybe", "", " ", "\u00a0"])
@pytest.mark.parametrize("flag", ["developmentDependency", "requireLicenseAcceptance", "serviceable"])
def test_a_flag_is_nothing_else(flag, text):
    assert told(nupkg(**{flag: text})) == ["flag-invalid"]


def test_a_flag_holds_no_element():
    assert told(nupkg(more="<serviceable><a/>true</serviceable>")) == ["flag-invalid"]


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        ("http://a.example", []),
        ("HTTPS://a.example/ü", []),
        ("//a.example", ["address-invalid"]),
        ("a.example", ["address-invalid"]),
        ("ftp://a.example", ["address-invalid"]),
        ("http:///a", ["address-invalid"]),
        ("data:text/html,a", ["address-invalid"]),
        ("file:///etc/passwd", ["address-invalid"]),
        ("https://a.example/a b", ["address-unreadable"]),
        ("https://a.example:port", ["address-unreadable"]),
        ("https://me@corp.example@files.example/i.png", ["address-unreadable"]),
        ("https://me@a.example", ["address-unreadable"]),
        ("http://a[::1]b/x.png", ["address-unreadable"]),
        ("http://[v1.a]/", ["address-unreadable"]),
        ("http://١٢.example/", ["address-unreadable"]),
    ],
)
def test_an_address(address, codes):
    assert told(nupkg(projectUrl=address)) == codes


@pytest.mark.parametrize(
    ("client", "codes"),
    [
        ("2.12", []),
        (" 2.12 ", []),
        ("7.3.1.1", []),
        ("7.3.1.2", ["client-version-too-new"]),
        *((blank, ["client-version-invalid"]) for blank in ("", " ", "\u00a0", "new")),
    ],
)
def test_the_client_that_a_package_needs(client, codes):
    document = nuspec().replace(b"<metadata>", f'<metadata minClientVersion="{client}">'.encode())
    assert told(nupkg(nuspec=document)) == codes


def test_the_version_of_a_client_has_a_length():
    document = nuspec().replace(b"<metadata>", b'<metadata minClientVersion="1.0.0-' + b"a" * 40 + b'">')
    assert told(nupkg(nuspec=document)) == ["text-too-long"]


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ("<tags>a</tags>", []),
        ("<TAGS>a</TAGS>", ["element-misspelt"]),
        ("<Listed>a</Listed>", []),
        ("<packageHash>a</packageHash><published>a</published>", ["element-reserved"] * 2),
        ("<description>again</description>", ["element-repeated"]),
        ("<Description>again</Description>", ["element-repeated"]),
        ("<ID>again</ID>", ["element-repeated"]),
        ('<x:title xmlns:x="u">a</x:title>', []),
    ],
)
def test_names_of_elements(more, codes):
    assert told(nupkg(more=more)) == codes


def test_a_nuspec_in_utf16_is_judged_like_any():
    document = nuspec(title="Cafe\u0301").decode().replace('encoding="utf-8"', 'encoding="utf-16"')
    assert told(nupkg(nuspec=document.encode("utf-16"))) == ["nuspec-not-normalized"]


@pytest.mark.parametrize(
    "more",
    ["<a\u200cb/>" * 2, "<" + "x" * 5000 + "/>" + "<" + "x" * 5000 + "/>", "<icon><a\u200cb/></icon>", "<a\u200cb>"],
    ids=["invisible", "long", "nested", "open"],
)
def test_a_name_that_cannot_be_shown_is_escaped_and_cut(more):
    for message in messages(nupkg(more=more)):
        assert message.isprintable()
        assert len(message) < 300


def test_no_id_has_a_character_that_nobody_sees():
    ignorable = [
        *(*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
        *(*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164),
        *(0xFEFF, 0xFFA0),
    ]
    for code_point in ignorable:
        codes = told(nupkg(f"Acme{chr(code_point)}", nuspec_name="a.nuspec"))
        assert {"id-invalid", "id-ambiguous"} & {*codes}, hex(code_point)
