"""What is fuzzed: each reader with its claim, with inputs to begin with, and with words that its inputs are made of."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzz import claims
from tests.support.builders import Member, hostile, nupkg, nuspec
from tests.support.servers import form
from tests.support.signing import hash_text, sign, signature_of, signed_data, signer

MAX_SEED_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """One reader: `claim` raises where it is wrong; no input made up for it is longer than `max_bytes`."""

    name: str
    claim: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    words: tuple[str, ...]
    max_bytes: int


def _versions() -> Iterator[bytes]:
    yield from (b"1", b"1.0", b"01.2.3.4-RC.1+meta", b"2147483647.0.0", b"1.0.0-alpha.01", b" 1.0.0- ", b"1.0.0-0a.-5")


def _ranges() -> Iterator[bytes]:
    yield from (b"1.0", b"[1.0]", b"(,1.0]", b"[1.0, 2.0)", b"(1.0-a.1+m,)", b"1.*", b"(,)", b"[2.0,1.0]")


def _frameworks() -> Iterator[bytes]:
    yield from (
        b"net8.0-windows10.0.19041",
        b".NETFramework,Version=v4.7.2,Profile=Client",
        b"portable-net45+win8+wpa81",
    )
    yield from (b"netstandard2.0", b".NETStandard2.0", b"net472", b"any", b"uap10.0", b"xamarin.ios10", b"net45-full")


def _addresses() -> Iterator[bytes]:
    yield from (
        b"https://a.example:8443/b?c[]=d#e",
        "https://пример.example/é".encode(),
        b"http://xn--e1afmkfd.example",
    )
    yield from (
        b"https://me@corp.example@files.example/i.png",
        b"http://[::ffff:1.2.3.4]:80/%20",
        b"http://a_b.example.",
    )


def _queries() -> Iterator[bytes]:
    yield from (b'json "side by side" tags:json author:"Jane Doe"', b"packageid:Acme.Json owner:me version:1.0.0.0")
    yield from (b"id:newtonSoft", b"AND OR NOT -a +b ~c^2", "größe 漢字 ﬁ".encode(), b'tags:"a" "', b"a.b-c_dE1F " * 60)


def _forms() -> Iterator[bytes]:
    body, content_type = form(nupkg())
    yield content_type.encode() + b"\n\xff" + body
    yield content_type.encode() + b"\n\x02" + body.replace(b"\r\n--", b"\n--")
    yield b"multipart/form-data; boundary=b\n\x00--b\r\n\r\nPK\5\6" + bytes(16) + b"\2\0a\r\r\n--b\r\n\r\nmore\r\n--b--"
    yield b'multipart/mixed; a="\\""; boundary="b b"\n\x07--b b \t\nA: b\n\nx\n--b b-\n--b b--'


def _nuspecs() -> Iterator[bytes]:
    yield nuspec(
        groups={"net8.0": {"Other": "[1.0,2.0)"}, None: {}, ".NETStandard2.0": {"Third": None}},
        more='<license type="expression">MIT OR Apache-2.0</license><repository type="git" url="https://a.example"/>'
        '<packageTypes><packageType name="DotnetTool" version="1.0"/></packageTypes><icon>.\\i.png</icon>'
        '<frameworkReferences><group targetFramework="net8.0"/></frameworkReferences>',
        tags="a, b;c",
        title="Größe",
        minClientVersion="2.12",
        projectUrl="https://a.example/",
        requireLicenseAcceptance="true",
    )
    yield nuspec(namespace=None, dependencies={"A": "1.0", "a": "1.*"})
    yield (nuspec(more='<license type="file">LICENSE.txt</license><readme>r.md</readme>').decode().encode("utf-16"))
    yield b'<!DOCTYPE package [<!ENTITY a "b">]><package><metadata><id>&a;</id></metadata></package>'
    yield from _bad_entries(".nuspec")


def _runtimes() -> Iterator[bytes]:
    yield b'{"runtimes": {"win": {"#import": ["any"], "A": {"B": "1.0"}}}, "supports": {"a": {"net46": ["win"]}}}'
    yield b'// comment\n{"a": "/* none */", /* b */ "runtimes": null,}'
    yield '{"a": {}}'.encode("utf-16")


def _zips() -> Iterator[bytes]:
    yield nupkg()
    yield nupkg(files={"icon.png": b"\x89PNG", "docs/a b.md": b"# a"}, comment=b"comment")
    yield sign(nupkg())
    yield hostile(Member("a.txt", b"a", zip64=True), zip64=True)
    yield hostile(Member("a%2Bb\\c.txt", b"a" * 99, descriptor=True))
    yield from _bad_packages()


def _entries() -> Iterator[bytes]:
    yield b"\x02\0\0\0\x05a.txthello"
    yield b"\x13\x05\1\0\x05a.txthello\x27\1\0\1\x03a/bxyz\x0c\0\0\0\4dir/...."


def _signatures() -> Iterator[bytes]:
    package = claims.PACKAGE
    text = hash_text(package, "sha512")
    yield signature_of(package)
    counter = signer(b"s", kind="repository")
    yield signed_data(text, signer(text, signature=b"s", countersigners=[counter]), is_endless=True)
    yield from _bad_entries(".signature.p7s")


def _licenses() -> Iterator[bytes]:
    yield from (
        b"MIT",
        b"(MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0",
        b"UNLICENSED",
        b"GPL-2.0+",
    )


def _names() -> Iterator[bytes]:
    yield from (b"lib/net8.0/A.dll", b"a%2Fb\\c", "é/각/ﬁ".encode(), ("a" + "\u0301\u0327\u0f73\uff9e" * 20).encode())


def _readmes() -> Iterator[bytes]:
    yield b"# A\n\n> - **b** `c` [d](https://e.example)\n\n|a|b|\n|-|-|\n|c|![d](e.png)|\n\n[^1]: f\n\ng[^1] <b>h</b>\n"
    yield from (
        b"> - > - a\n" * 50,
        b"|a\n> *\n" * 50,
        b"- [ ] a\n    1. b\n\n```c\nd\n```\n",
        b"> [!NOTE]\n> a@b.example\n",
    )


def _headers() -> Iterator[bytes]:
    yield from (b"Basic YTpi", b"Bearer a", b"token a", b"q=a%20b&skip=1&take=5&prerelease=true", b"a=b&c=%ff")


def _logos() -> Iterator[bytes]:
    yield b"data:image/png;base64,iVBORw0KGgo="
    yield b"data:image/jpeg;base64,/9j/"


def _server_jsons() -> Iterator[bytes]:
    yield from (b'{"name": "a", "version": "1.0"}', b"[1, 2.5e3, null]", b"\xef\xbb\xbf{}", b"[" * 500)


def _bad_entries(suffix: str) -> Iterator[bytes]:
    """The first entry so named of each bad package that has one and can be read."""
    for package in _bad_packages():
        with suppress(Exception):  # they are made to be unreadable, and Python's reader says so in any way
            archive = zipfile.ZipFile(io.BytesIO(package))
            named = [member for member in archive.infolist() if member.filename.endswith(suffix)]
            if named and named[0].file_size <= MAX_SEED_BYTES:
                yield archive.read(named[0])


def _bad_packages() -> Iterator[bytes]:
    """The small ones of the bad packages, where these are here."""
    folder = os.environ.get("MOTHERLODE_PACKAGES")
    for path in sorted(Path(folder, "bad").glob("*.nupkg")) if folder else ():
        if path.stat().st_size <= MAX_SEED_BYTES:
            yield path.read_bytes()


_VERSION_WORDS = ("0", "-", "+", ".", "2147483647", "2147483648", "alpha")
_RANGE_WORDS = ("[", "(", ",", "]", ")", "1.0.0", "-a", "*", "+m")
_FRAMEWORK_WORDS = ("portable-", "net", "netcoreapp", ",Version=v", ",Profile=", "-windows", "+", "Silverlight", "99")
_ADDRESS_WORDS = ("https://", "http://", "xn--", "[", "]", "@", ":", "%41", "..", "0x7f", "\u0661", "\uff0e")
_QUERY_WORDS = ("id:", "version:", '"', "AND", "owner:", "tags:", ":", "\u0130")
_FORM_WORDS = ("--", "\r\n", "boundary=", "multipart/", "PK\5\6", "\\")
_NUSPEC_WORDS = (
    *(
        "<metadata>",
        "</metadata>",
        "<id>",
        "<version>",
        "<dependency id='",
        "<license ",
        "<!ENTITY",
        "&#x0;",
        "<![CDATA[",
    ),
    *(' encoding="utf-16"', ' xmlns:p=""', ' xml:space="preserve"', "<p:a/>", "\xff\xfe", "\xef\xbb\xbf"),
)
_RUNTIME_WORDS = ('{"runtimes":', '"#import":', '"supports":', "/*", "//", ",}", "\\u", "[[[[", "1e999", "NaN")
_ZIP_WORDS = ("PK\1\2", "PK\3\4", "PK\5\6", "PK\6\6", "PK\6\7", "PK\7\b", "../")
_ENTRY_WORDS = (".nuspec", "../", "\\", "%2e%2e", "NUL", "[Content_Types].xml")
_LICENSE_WORDS = ("MIT", " AND ", " OR ", " WITH ", "(", ")", "+", "GCC-exception-3.1")
_NAME_WORDS = ("../", "\\", "%2e", "\u0301\u0327", "\u0f73", "\uff9e", "\ufdfa", "\u0130")
_README_WORDS = (
    "> ",
    "- ",
    "1. ",
    "\n|-|-|\n",
    "```",
    "[a]: ",
    "[^1]: ",
    "![",
    "](",
    "<b>",
    "<!--",
    "**",
    "http://",
    "&#",
)
_HEADER_WORDS = ("Basic ", "Bearer ", "data:image/png;base64,", "=", "&", "%", "+")
_JSON_WORDS = ("{", "[", '"', ":", ",", "1e999", "\\u", "null")
_SIGNATURE_WORDS = ("0\x80", "$\x80", "\0\0", "Version:1", "-Hash:")

TARGETS: Final = (
    Target("versions", claims.claim_versions, _versions, _VERSION_WORDS, 100),
    Target("ranges", claims.claim_ranges, _ranges, _RANGE_WORDS, 300),
    Target("frameworks", claims.claim_frameworks, _frameworks, _FRAMEWORK_WORDS, 200),
    Target("addresses", claims.claim_addresses, _addresses, _ADDRESS_WORDS, 300),
    Target("queries", claims.claim_queries, _queries, _QUERY_WORDS, 6000),
    Target("multipart", claims.claim_multipart, _forms, _FORM_WORDS, 4096),
    Target("nuspec", claims.claim_nuspecs, _nuspecs, _NUSPEC_WORDS, 16 * 1024),
    Target("runtime", claims.claim_runtimes, _runtimes, _RUNTIME_WORDS, 16 * 1024),
    Target("zip", claims.claim_zips, _zips, _ZIP_WORDS, MAX_SEED_BYTES),
    Target("entries", claims.claim_entries, _entries, _ENTRY_WORDS, 512),
    Target("licenses", claims.claim_licenses, _licenses, _LICENSE_WORDS, 600),
    Target("names", claims.claim_names, _names, _NAME_WORDS, 1000),
    Target("words", claims.claim_words, _names, _NAME_WORDS, 1000),
    Target("readmes", claims.claim_readmes, _readmes, _README_WORDS, 4096),
    Target("headers", claims.claim_headers, _headers, _HEADER_WORDS, 600),
    Target("logos", claims.claim_logos, _logos, _HEADER_WORDS, 300),
    Target("server-json", claims.claim_server_json, _server_jsons, _JSON_WORDS, 2000),
    Target("signature", claims.claim_signatures, _signatures, _SIGNATURE_WORDS, 32 * 1024),
)


def find_target(name: str) -> Target | None:
    """The target of that name."""
    return next((target for target in TARGETS if target.name == name), None)
