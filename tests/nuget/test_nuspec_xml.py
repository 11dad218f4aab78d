"""The XML of a nuspec: read where .NET's XmlReader reads it, and refused where that throws."""

import codecs

import pytest

from motherlode.nuget.nuspec.nuspec_xml import parse_raw_nuspec
from motherlode.nuget.nuspec.parser import parse_nuspec

BODY = "<package><metadata><id>A</id><version>1.0</version><title>Größe</title></metadata></package>"


def declared(name: str) -> str:
    return f'<?xml version="1.0" encoding="{name}"?>{BODY}'


def rooted(attributes: str = "", inside: str = "") -> bytes:
    return f"<package {attributes}><metadata><id>A</id><version>1.0</version>{inside}</metadata></package>".encode()


def title_of(document: bytes) -> str | None:
    """The title of a nuspec that is taken."""
    found = parse_nuspec(document)
    assert found.faults == ()
    assert found.package is not None
    return found.package.title


def codes(document: bytes) -> list[str]:
    return [fault.code for fault in parse_nuspec(document).faults]


@pytest.mark.parametrize(
    ("name", "codec", "mark"),
    [
        *((name, "utf-8", mark) for name in ("utf-8", "UTF-8", "unicode-1-1-utf-8") for mark in (b"", codecs.BOM_UTF8)),
        *((name, "latin-1", b"") for name in ("iso-8859-1", "ISO-8859-1", "latin1", "l1")),
        ("iso-8859-1", "latin-1", codecs.BOM_UTF8),
        *((name, "utf-16-le", codecs.BOM_UTF16_LE) for name in ("utf-16", "UTF-16LE", "ucs-2", "unicode", "UCS-4")),
        *((name, "utf-16-be", codecs.BOM_UTF16_BE) for name in ("utf-16", "UTF-16BE", "iso-10646-ucs-2")),
        *(("utf-16", codec, b"") for codec in ("utf-16-le", "utf-16-be")),
        *((name, "utf-32-le", codecs.BOM_UTF32_LE) for name in ("utf-32", "UTF-32LE", "ucs-4")),
        *((name, "utf-32-be", codecs.BOM_UTF32_BE) for name in ("utf-32be", "ucs-4")),
        ("windows-1252", "cp1252", b""),
        ("iso-8859-15", "iso8859-15", b""),
        ("gb18030", "gb18030", b""),
    ],
)
def test_an_encoding_that_clients_know(name: str, codec: str, mark: bytes) -> None:
    assert title_of(mark + declared(name).encode(codec)) == "Größe"


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        *(("utf-8", mark) for mark in (b"", codecs.BOM_UTF8)),
        *(("utf-16-le", mark) for mark in (b"", codecs.BOM_UTF16_LE)),
        *(("utf-16-be", mark) for mark in (b"", codecs.BOM_UTF16_BE)),
        *(("utf-32-le", mark) for mark in (b"", codecs.BOM_UTF32_LE)),
        *(("utf-32-be", mark) for mark in (b"", codecs.BOM_UTF32_BE)),
    ],
)
def test_an_encoding_that_is_not_declared(codec: str, mark: bytes) -> None:
    assert title_of(mark + BODY.encode(codec)) == "Größe"
    assert title_of(mark + f'<?xml version="1.0"?>{BODY}'.encode(codec)) == "Größe"


@pytest.mark.parametrize(
    ("name", "codec", "mark"),
    [
        *(
            (name, "utf-8", b"")
            for name in ("utf8", "UTF_8", "utf-16", "utf-16le", "utf-32", "", " utf-8", "utf-7", "x")
        ),
        *((name, "utf-8", codecs.BOM_UTF8) for name in ("utf8", "utf-16", "UTF-16", "unicode", "us-ascii")),
        *((name, "utf-16-le", codecs.BOM_UTF16_LE) for name in ("utf-8", "utf-16be", "utf-32", "iso-8859-1", "x")),
        *((name, "utf-16-be", codecs.BOM_UTF16_BE) for name in ("utf-8", "utf-16le", "unicode")),
        *((name, "utf-32-be", codecs.BOM_UTF32_BE) for name in ("utf-32", "utf-8", "utf-16")),
        *((name, "utf-32-le", codecs.BOM_UTF32_LE) for name in ("utf-32be", "utf-16")),
        *((name, "cp1252", b"") for name in ("utf-8", "us-ascii", "windows_1252", "ibm037", "iso-2022-jp")),
    ],
)
def test_an_encoding_that_is_unknown_or_contradicts_the_bytes(name: str, codec: str, mark: bytes) -> None:
    assert codes(mark + declared(name).encode(codec)) == ["nuspec-not-xml"]


@pytest.mark.parametrize(
    "declaration",
    [
        *('<?xml version="1.0"?>', "<?xml version = '1.0' ?>", '<?xml version="1.0" standalone="yes"?>\n\n', ""),
        '<?xml\tversion="1.0"\nencoding="utf-8" standalone=\'no\'?><!-- c --><?a b?>',
    ],
)
def test_a_declaration(declaration: str) -> None:
    assert title_of(f"{declaration}{BODY}".encode()) == "Größe"


@pytest.mark.parametrize(
    "declaration",
    [
        *('<?xml version="1.1"?>', '<?xml version="2.0"?>', '<?xml version="1"?>', '<?xml version=" 1.0"?>', "<?xml?>"),
        *('<?xml encoding="utf-8"?>', '<?xml version="1.0" standalone="true"?>', '<?xml version="1.0" a="b"?>', "x"),
        *('<?xml version="1.0"encoding="utf-8"?>', '<?xml encoding="utf-8" version="1.0"?>', "<?XML version='1.0'?>"),
        *('\n<?xml version="1.0"?>', '<?xml version="1.0"?><?xml version="1.0"?>', "\ufeff\ufeff", "<!-- a -- b -->"),
        *("<?xml version='1.0\"?>", "<?xml version=1.0?>", '<?xml version="1.0">', '<?xml version="1.0"?>\ufeff'),
    ],
)
def test_what_is_no_declaration(declaration: str) -> None:
    assert codes(f"{declaration}{BODY}".encode()) == ["nuspec-not-xml"]


@pytest.mark.parametrize(
    "attributes",
    [
        *('xmlns:p="u" p:a="1"', 'xmlns:p="u" xmlns:q="v" p:a="1" q:a="2"', 'xmlns:p="u" a="1" p:a="2"', 'xmlns=""'),
        *(
            'xml:space="preserve"',
            'xml:lang=""',
            'xmlns:xml="http://www.w3.org/XML/1998/namespace"',
            'xmlns:p="a b!c}d"',
        ),
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
    ],
)
def test_namespaces_that_are_well(attributes: str) -> None:
    assert codes(rooted(attributes)) == []


@pytest.mark.parametrize(
    "attributes",
    [
        *(
            'p:a="1"',
            'xmlns:p=""',
            'xmlns:p="u" p:a="1" p:a="2"',
            'xmlns:p="u" xmlns:q="u" p:a="1" q:a="2"',
            'a="1" a="2"',
        ),
        *(
            'a:b:c="1"',
            ':a="1"',
            'a:="1"',
            'xmlns:xmlns="u"',
            'xmlns:xml="u"',
            'xmlns:p="http://www.w3.org/2000/xmlns/"',
        ),
        *(
            'xmlns="http://www.w3.org/XML/1998/namespace"',
            'xml:space="x"',
            'xml:space=""',
            'a="<"',
            "a=1",
            "a",
            'a="&b;"',
        ),
        *('a="&#0;"', 'a="&#xD800;"', 'xmlns:1="u"', 'xmlns:="u"'),
    ],
)
def test_namespaces_and_attributes_that_are_not(attributes: str) -> None:
    assert codes(rooted(attributes)) == ["nuspec-not-xml"]


@pytest.mark.parametrize(
    "inside",
    [
        *("<p:a/>", "<a:b:c/>", "<:a/>", "<a:/>", '<a xmlns:p=""/>', '<p:a xmlns:p="u"><q:b/></p:a>', "<xmlns:a/>"),
        *("<𐀀/>", "<·a/>", "<1/>", "<a\ufdd0/>", "<a b='1'c='2'/>", "<?xml a?>", "<a>]]></a>", "&nbsp;", "\ufffe"),
        *("<a></A>", "<!-- - -- -->", "<![CDATA[ ]]", "&#x110000;", "&#xFFFE;", "\x0b", "<a", "<title>&</title>"),
    ],
)
def test_elements_that_are_not_well_formed(inside: str) -> None:
    assert codes(rooted(inside=inside)) == ["nuspec-not-xml"]


def test_elements_may_lie_deep_but_not_deeper() -> None:
    assert codes(rooted(inside="<a>" * 254 + "</a>" * 254)) == []
    assert codes(rooted(inside="<a>" * 255 + "</a>" * 255)) == ["nuspec-not-xml"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        *((" ", ""), ("&#32;", ""), ("\t\r\n", ""), ("&#160;", "\u00a0"), ("<![CDATA[ ]]>", " "), (" <!-- c --> ", "")),
        *((" a ", " a "), ("a<!-- c --> <!-- d -->b", "ab"), ("a<!-- c --> b", "a b"), (" <?p?>a", "a")),
        *(("a\r\nb\rc", "a\nb\nc"), ("a <![CDATA[<b>]]>", "a <b>"), ("<![CDATA[a]]> <![CDATA[b]]>", "ab")),
    ],
)
def test_blanks_that_lay_out_a_document_are_no_text(written: str, text: str) -> None:
    raw = parse_raw_nuspec(rooted(inside=f"<title>{written}</title>"))
    assert raw.metadata.children_named("title")[0].text == text


def test_blanks_are_kept_where_the_document_says_so() -> None:
    raw = parse_raw_nuspec(rooted('xml:space="preserve"', '<title> </title><a xml:space="default"> </a>'))
    assert [child.text for child in raw.metadata.children] == ["A", "1.0", " ", ""]


def test_a_namespace_has_a_length() -> None:
    assert codes(rooted(f'xmlns:p="{"u" * 256}"')) == []
    for attributes in (f'xmlns="{"u" * 257}"', f'xmlns:p="{"u" * 257}"'):
        assert codes(rooted(attributes)) == ["nuspec-too-complex"]


def test_a_document_at_the_limit_is_read_in_one_go() -> None:
    attributes = " ".join(f'a{number}="{"x" * 20}"' for number in range(20_000))
    assert codes(rooted(attributes, "<title>" + "<![CDATA[x]]>y" * 20_000 + "</title>")) == []
