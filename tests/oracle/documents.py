"""Nuspecs as tools, people and attackers write them: every element and attribute, sound and odd, in any encoding."""

import codecs
from collections.abc import Sequence
from random import Random
from typing import Final
from xml.sax.saxutils import quoteattr

from tests.oracle import texts

_NAMESPACES: Final = (
    *('xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"',) * 6,
    *("",) * 3,
    'xmlns="u"',
    'xmlns=""',
    'xmlns="http://www.w3.org/XML/1998/namespace"',
    'xmlns="http://www.w3.org/2000/xmlns/"',
    'xmlns:p="u" p:a="1"',
    'xmlns:p="u" xmlns:q="u" p:a="1" q:a="2"',
    'xmlns:p="u" xmlns:q="v" p:a="1" q:a="2"',
    'p:a="1"',
    'xmlns:p=""',
    'xmlns:xml="http://www.w3.org/XML/1998/namespace"',
    'xmlns:xml="u"',
    'xmlns:xmlns="u"',
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
    'a:b:c="1"',
    ':a="1"',
    'a:="1"',
    'xml:space="preserve"',
    'xml:space="x"',
    'xml:lang="x y"',
    'xml:b="1"',
    'a="1" a="2"',
    'a="<"',
    'a="&#1;"',
    'a="&#xD800;"',
    'xmlns="a b!c}d"',
)
_ENCODINGS: Final = (
    *("utf-8", "UTF-8", "utf8", "utf_8", "utf-16", "UTF-16", "utf-16le", "utf-16BE", "unicode", "ucs-2", "ucs-4"),
    *("utf-32", "utf-32be", "us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "iso-8859-15", "windows-1252"),
    *("cp1252", "windows-1251", "x-nobody", "", " utf-8", "utf-7", "ibm037", "iso-10646-ucs-2", "gb2312", "shift_jis"),
)
_DECLARATIONS: Final = (
    *('<?xml version="1.0" encoding="utf-8"?>',) * 6,
    "<?xml version='1.0'?>\n",
    '<?xml version="1.0" encoding="utf-8" standalone="yes" ?>',
    '<?xml version="1.0" standalone="maybe"?>',
    '<?xml version="1.1" encoding="utf-8"?>',
    '<?xml version="2.0"?>',
    '<?xml encoding="utf-8"?>',
    "<?xml?>",
    '<?xml version="1.0" encoding="utf-8"?><?xml version="1.0"?>',
    '\n<?xml version="1.0"?>',
    '<?xml version="1.0"?>\ufeff',
    '<?XML version="1.0"?>',
    '<?xml-stylesheet href="a"?>',
    "<?xml version = \"1.0\"\tencoding = 'utf-8'?>",
    '<?xml version="1.0"encoding="utf-8"?>',
    '<?xml version="1.0" encoding=utf-8?>',
    "<!-- c -->",
    "<!-- a -- b -->",
    "<!DOCTYPE package>",
)
_BYTES: Final = (
    *((b"", "utf-8"),) * 12,
    *((codecs.BOM_UTF8, "utf-8"),) * 4,
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-16-le"),
    (b"", "utf-16-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (b"", "latin-1"),
    (b"", "cp1252"),
    (codecs.BOM_UTF8 * 2, "utf-8"),
)
_TEXTS: Final = (
    *("Words", "Größe", "a & b", " x ", "", " ", "\u00a0", "two\r\nlines", "😀", "\ud7ff\ufffd", "]]", "a\tb", "&#32;"),
    *(
        "&#xA0;",
        "<![CDATA[ ]]>",
        "<![CDATA[a<b]]>",
        " <!-- c --> ",
        "a<!-- c --> <!-- d -->b",
        "a<?p q?> b",
        "&lt;b&gt;",
    ),
    *("&nbsp;", "&#0;", "&#x1F600;", "]]>", "&", "<", "\x01", "\ufffe", "<![CDATA[a]]]]><![CDATA[>]]>", "<?xml a?>"),
)
_PLAIN: Final = (
    "Words",
    "Größe",
    "a &amp; b",
    " x ",
    "",
    " ",
    "&#160;",
    "two\r\nlines",
    "<![CDATA[ ]]>",
    "a<!-- c -->b",
)
_FLAGS: Final = (*("true", "false") * 4, "True", "FALSE", " true ", "", " ", "1", "0", "yes", "&#160;true", "<b/>true")
_TYPE_VERSIONS: Final = (
    *("0.0", "1.0", "1.2.3.4", "1", "1.0.0-rc", "", " ", " 1.0 ", "1. 0", "1.0.0.0.0", "2147483648.0", "+1.0", "-1.0"),
    *("1.0+a", "01.00", "1,0", "v1.0", "1.", ".1", "1.0\u00a0", "\u0661.0"),
)
_CLIENTS: Final = ("2.5", "2.8.7", "4.0.0-beta", "", " ", "two", " 2.5 ", "7", "1.0.0.0.0", "1.0+a", "2.12.0.0", "99.0")
_ACTIONS: Final = ("Compile", "none", "Content", "", " ", "Foo", "EmbeddedResource ", "embeddedResource")
_LICENSES: Final = (
    "MIT",
    "MIT OR Apache-2.0",
    "LICENSE",
    " MIT ",
    "",
    " ",
    "Foo-1.0",
    "UNLICENSED",
    "(MIT",
    "docs\\a.txt",
)
_ICONS: Final = (
    "icon.png",
    "images\\icon.png",
    " icon.png ",
    "",
    " ",
    "Icon.PNG",
    "./icon.png",
    "/icon.png",
    "../icon.png",
)
_NAMES: Final = ("Acme.A", "B", "c", "Acme-B_c", " B", "", "B/C", "é", "B..C", "Microsoft.AspNetCore.App")


def make_nuspec(chance: Random) -> bytes:
    """One nuspec: most are sound but for one or two places, since two faults hide each other."""
    oddness = chance.choice((0.0, 0.02, 0.05, 0.1))
    declaration = chance.choice(_DECLARATIONS) if chance.random() < oddness * 2 else _DECLARATIONS[0]
    mark, codec = chance.choice(_BYTES) if chance.random() < 0.3 else (b"", "utf-8")
    if chance.random() < 0.3:
        name = chance.choice(_ENCODINGS) if chance.random() < 0.5 else codec.removesuffix("-le").removesuffix("-be")
        declaration = f'<?xml version="1.0" encoding="{name}"?>'
    package, metadata = (_pick(chance, _NAMESPACES, oddness * 2) for _ in range(2))
    client = f" minClientVersion={quoteattr(chance.choice(_CLIENTS))}" if chance.random() < 0.1 else ""
    elements = [element for make in _ELEMENTS for element in make(chance, oddness)]
    chance.shuffle(elements)
    inner = "\n    ".join(elements)
    document = f"{declaration}<package {package}><metadata {metadata}{client}>{inner}</metadata></package>"
    if chance.random() < oddness:
        document = _damage(document, chance)
    return mark + document.encode(codec, "replace" if codec in ("latin-1", "cp1252") else "surrogatepass")


def _damage(document: str, chance: Random) -> str:
    place = chance.randrange(len(document))
    piece = chance.choice(
        ("<a/>", "</metadata>", ">", '"', "&amp;", "&", "\x00", "é", ":", "<!--", " ", "<p:a/>", "<a:b:c/>")
    )
    return document[:place] + piece + document[place + chance.randrange(2) :]


def _pick(chance: Random, odd: Sequence[str], oddness: float) -> str:
    return chance.choice(odd) if chance.random() < oddness else odd[0]


def _identity(chance: Random, oddness: float) -> list[str]:
    package_id = texts.make_id(chance) if chance.random() < oddness else "Acme.Widgets"
    version = (
        texts.make_version(chance) if chance.random() < 0.3 else chance.choice(("1.0.0", "1.2.3-beta.1+b", "01.2"))
    )
    return [_element("id", _escape(package_id)), _element("version", _escape(version))]


def _described(chance: Random, oddness: float) -> list[str]:
    names = ("description", "authors", "owners", "title", "summary", "releaseNotes", "copyright", "tags", "language")
    found = ["<description>d</description>"] if chance.random() < 0.7 else []
    for name in names[1 if found else 0 :]:
        if chance.random() < 0.5:
            text = chance.choice(_TEXTS) if chance.random() < oddness else chance.choice(_PLAIN)
            found.append(_element(_recase(name, chance, oddness), text))
    return found


def _addresses(chance: Random, oddness: float) -> list[str]:
    names = ("projectUrl", "iconUrl", "licenseUrl")
    return [
        _element(_recase(name, chance, oddness), _escape(texts.make_address(chance)))
        for name in names
        if chance.random() < 0.1
    ]


def _flags(chance: Random, oddness: float) -> list[str]:
    names = ("requireLicenseAcceptance", "developmentDependency", "serviceable")
    return [
        _element(_recase(name, chance, oddness), _pick(chance, _FLAGS, oddness * 3))
        for name in names
        if chance.random() < 0.2
    ]


def _files(chance: Random, oddness: float) -> list[str]:
    found = [_element(name, _pick(chance, _ICONS, 0.5)) for name in ("icon", "readme") if chance.random() < 0.15]
    if chance.random() < 0.2:
        kind = chance.choice(("expression", "file", "Expression", " file ", "url", ""))
        version = chance.choice(("", ' version=""', ' version="1.0.0"', ' version=" 1.0.0 "', ' version="2.0.0"'))
        found.append(f'<license type="{kind}"{version}>{_escape(chance.choice(_LICENSES))}</license>')
    if chance.random() < 0.2:
        names = ("type", "url", "branch", "commit", "Type")
        values = ("git", " git ", "https://a.example/b", "", "ssh://a")
        found.append(_empty("repository", {name: chance.choice(values) for name in chance.sample(names, 3)}))
    return found


def _types(chance: Random, oddness: float) -> list[str]:
    if chance.random() > 0.2:
        return []
    types = []
    for _ in range(chance.randint(0, 2)):
        attributes = {"name": _pick(chance, ("DotnetTool", "Template", " Dependency ", "", "a b", "é"), oddness * 3)}
        if chance.random() < 0.4:
            attributes["version"] = _pick(chance, _TYPE_VERSIONS, oddness * 4)
        types.append(_empty("packageType", attributes if chance.random() > oddness else {}))
    return [_element(_recase("packageTypes", chance, oddness), "".join(types))]


def _dependencies(chance: Random, oddness: float) -> list[str]:
    if chance.random() > 0.5:
        return []
    parts = [
        f"<group{_target(chance, oddness)}>{_dependency_list(chance, oddness)}</group>"
        for _ in range(chance.randint(0, 3))
    ]
    if not parts or chance.random() < oddness:
        parts.append(_dependency_list(chance, oddness))
    return [f"<dependencies>{''.join(parts)}</dependencies>"]


def _dependency_list(chance: Random, oddness: float) -> str:
    found = []
    for name in chance.sample(_NAMES[:4] if chance.random() > oddness else _NAMES, chance.randint(0, 3)):
        attributes = {"id": name}
        if chance.random() < 0.9:
            attributes["version"] = (
                texts.make_range(chance) if chance.random() < 0.2 else chance.choice(("1.0", "[1.0, 2)"))
            )
        if chance.random() < 0.2:
            attributes[chance.choice(("include", "exclude"))] = chance.choice(
                ("All", "Build,Analyzers", " a , b ", "", ",")
            )
        found.append(_empty("dependency", attributes))
    return "".join(found)


def _references(chance: Random, oddness: float) -> list[str]:
    found = []
    if chance.random() < 0.2:
        target = _target(chance, oddness, default="net45")
        found.append(f'<frameworkAssemblies><frameworkAssembly assemblyName="System"{target} /></frameworkAssemblies>')
    if chance.random() < 0.2:
        inner = _empty("reference", {"file": "A.dll"} if chance.random() > oddness else {})
        grouped = f"<group{_target(chance, oddness)}>{inner}</group>" if chance.random() < 0.7 else inner
        found.append(f"<references>{grouped}</references>")
    if chance.random() < 0.2:
        attributes = {"name": chance.choice(_NAMES)} if chance.random() > oddness else {}
        inner = _empty("frameworkReference", attributes)
        target = _target(chance, oddness, default="net8.0")
        found.append(f"<frameworkReferences><group{target}>{inner}</group></frameworkReferences>")
    return found


def _content_files(chance: Random, oddness: float) -> list[str]:
    if chance.random() > 0.15:
        return []
    attributes = {"include": "**/*.cs"} if chance.random() > oddness else {}
    if chance.random() < 0.5:
        attributes["buildAction"] = _pick(chance, _ACTIONS, oddness * 4)
    for name in ("copyToOutput", "flatten"):
        if chance.random() < 0.3:
            attributes[name] = _pick(chance, ("true", "False", "", "1", " true"), oddness * 4)
    return [f"<contentFiles>{_empty('files', attributes)}</contentFiles>"]


def _odd_ones(chance: Random, oddness: float) -> list[str]:
    odd = (
        *("<p:a/>", "<a:b:c/>", "<:a/>", "<a:/>", '<a xmlns:b=""/>', "<xml:a/>", "<xmlns:a/>", "<é/>", "<Ⅷ/>", "<·a/>"),
        *("<a·/>", '<title xmlns="v">T</title>', '<p:title xmlns:p="u">T</p:title>', "<title>T</title>", "<Id>B</Id>"),
        *(
            "<tags>a, b;c d</tags>",
            "<Tags>a</Tags>",
            "<listed>false</listed>",
            "<?a:b c?>",
            "<?xml-x?>",
            "<?xml?>",
            "<!---->",
        ),
        *(
            "<𐀀/>",
            "<a\u0301/>",
            "<a\ufdd0/>",
            "<title>a<b>c</b></title>",
            "<references/>",
            "<dependencies/>",
            "<a b='1'c='2'/>",
        ),
        *(
            '<a xmlns="u"><b/></a>',
            '<dependencies xmlns="w"><dependency id="X" /></dependencies>',
            "<a b = '1' />",
            "<a b/>",
        ),
    )
    return [chance.choice(odd)] if chance.random() < oddness * 3 else []


_ELEMENTS: Final = (
    *(_identity, _described, _addresses, _flags, _files, _types, _dependencies, _references, _content_files, _odd_ones),
)


def _target(chance: Random, oddness: float, default: str = "") -> str:
    if chance.random() < 0.3:
        return f" targetFramework={quoteattr(default)}" if default else ""
    known = (
        "net8.0",
        "net45",
        ".NETStandard2.0",
        ".NETFramework,Version=v4.5",
        "portable-net45+win8",
        "netstandard1.3",
    )
    odd = chance.random() < 0.3 + oddness
    return f" targetFramework={quoteattr(texts.make_framework(chance) if odd else chance.choice(known))}"


def _element(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>" if inner else f"<{name} />"


def _empty(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{written} />"


def _recase(name: str, chance: Random, oddness: float) -> str:
    return chance.choice((name.lower(), name.title(), name.upper())) if chance.random() < oddness else name


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
