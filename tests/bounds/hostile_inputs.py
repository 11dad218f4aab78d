"""Inputs as large as they may be, made to take long: packages, READMEs, addresses, headers and bodies."""

import json
import zlib
from collections.abc import Callable
from typing import Final

from tests.support.builders import Member, hostile, nupkg, nuspec
from tests.support.signing import sign, signature_of

MIB: Final = 1024 * 1024
NUSPEC_BYTES: Final = MIB - 600
QUERY_BYTES: Final = 8_000
MARKS: Final = "\u0301\u0327"
FACTS: Final = {
    "icon": "<icon>i.png</icon>",
    "readme": "<readme>r.md</readme>",
    "license": "<license type='file'>l.txt</license>",
}

TEXTS: Final[dict[str, str]] = {
    "letters": "a",
    "words": "a ",
    "cases": "aB",
    "marks": MARKS,
    "letters-with-marks": "a\u0301",
    "marks-of-tibet": "\u0f73\u0327",
    "ligatures": "\ufdfa",
    "emoji": "😀",
    "commas": ",",
    "dots": "a.",
    "quotes": '"',
    "fields": "id:a ",
    "percents": "%41",
    "slashes": "./",
    "entities": "&amp;",
    "brackets": "(",
    "digits": "1",
}


def filled(piece: str, octets: int) -> str:
    """The piece over and over, in so many bytes of UTF-8 at most."""
    return piece * (octets // len(piece.encode()))


def _nuspec_of(element: str, piece: str) -> bytes:
    others = {"id": "Acme.Widgets", "version": "1.0.0", "description": "d", "authors": "a"}
    texts = "".join(f"<{name}>{text}</{name}>" for name, text in others.items() if name != element)
    text = filled(piece.replace("&", "&amp;"), NUSPEC_BYTES)
    return f"<package><metadata>{texts}<{element}>{text}</{element}></metadata></package>".encode()


def _nuspec_with(piece: Callable[[int], str], around: tuple[str, str] = ("", "")) -> bytes:
    """A nuspec of a megabyte with as many numbered pieces as there is room for."""
    head = "<package><metadata><id>Acme.Widgets</id><version>1.0.0</version><description>d</description>"
    pieces, left = [], NUSPEC_BYTES - len(head)
    while left > 0:
        pieces.append(piece(len(pieces)))
        left -= len(pieces[-1])
    return f"{head}{around[0]}{''.join(pieces[:-1])}{around[1]}</metadata></package>".encode()


def _attributes() -> bytes:
    names = " ".join(f"a{number}=''" for number in range(95_000))
    return f"<package {names}><metadata><id>A</id><version>1.0</version></metadata></package>".encode()


NUSPECS: Final[dict[str, Callable[[], bytes]]] = {
    **{
        f"{element}-of-{name}": lambda element=element, piece=piece: _nuspec_of(element, piece)  # type: ignore[misc]
        for element in ("description", "tags", "id", "version", "icon", "projectUrl", "releaseNotes")
        for name, piece in TEXTS.items()
    },
    "attributes": _attributes,
    "elements": lambda: _nuspec_with(lambda number: f"<e{number}/>"),
    "dependencies": lambda: _nuspec_with(
        lambda number: f'<dependency id="D{number}" version="1.0"/>', ("<dependencies>", "</dependencies>")
    ),
    "groups": lambda: _nuspec_with(
        lambda number: f'<group targetFramework="net{number}"/>', ("<dependencies>", "</dependencies>")
    ),
    "frameworks": lambda: _nuspec_with(
        lambda number: f'<frameworkAssembly assemblyName="A{number}" targetFramework="net45, net46"/>',
        ("<frameworkAssemblies>", "</frameworkAssemblies>"),
    ),
    "types": lambda: _nuspec_with(
        lambda number: f'<packageType name="T{number}" version="1.0"/>', ("<packageTypes>", "</packageTypes>")
    ),
    "comments": lambda: _nuspec_with(lambda _: "<!---->a"),
    "depth": lambda: _nuspec_with(lambda number: "<a>" if number < 120_000 else "</a>"),
    "license": lambda: nuspec(more=f'<license type="expression">{"(" * 240}MIT{")" * 240}</license>'),
}


def _file(name: str, content: bytes) -> bytes:
    return nupkg(nuspec=nuspec(more="".join(FACTS.values())), files={"i.png": b"\x89PNG\r\n\x1a\n", name: content})


def _signed(signature: bytes) -> bytes:
    return sign(nupkg(), signature)


PACKAGES: Final[dict[str, Callable[[], bytes]]] = {
    "names-of-marks": lambda: hostile(*(Member(f"{number}{MARKS * 16_000}") for number in range(10))),
    "names-of-marks-of-4-kb": lambda: hostile(*(Member(f"{number}{MARKS * 1_000}") for number in range(1_000))),
    "names-that-are-one": lambda: hostile(*(Member("a" + "/" * (number % 60_000)) for number in range(0, 60_000, 300))),
    "names-with-percents": lambda: hostile(*(Member(f"{number}" + "%25" * 20_000) for number in range(10))),
    "entries": lambda: hostile(*(Member(f"a/{number}", method=0) for number in range(60_000))),
    "signatures": lambda: hostile(*[Member(".signature.p7s", bytes(MIB), packed=_zeros())] * 1_500),
    "signature-of-values": lambda: _signed(b"\x30\x80" * 31 + b"\5\0" * 500_000 + b"\0\0" * 31),
    "signature-of-ends": lambda: _signed(b"\x30\x80" * 500_000),
    "signature-of-lines": lambda: _signed(signature_of(nupkg()).replace(b"\n\n", b"\n" * 100, 1)),
    "icon": lambda: _file("i.png", b"\x89PNG\r\n\x1a\n" + bytes(MIB - 8)),
    "readme-of-control-characters": lambda: _file("r.md", b"a" * (MIB - 1) + b"\0"),
    "readme-of-broken-utf8": lambda: _file("r.md", b"\xff" * MIB),
    "license-file": lambda: _file("l.txt", b"\n" * MIB),
    "server-json": lambda: nupkg(
        nuspec=nuspec(
            more='<packageTypes><packageType name="McpServer"/><packageType name="DotnetTool"/></packageTypes>'
        ),
        files={".mcp/server.json": b"[" * 19_999},
    ),
    "bomb": lambda: hostile(Member("lib/a.dll", bytes(200 * MIB), packed=zlib.compress(bytes(200 * MIB), 9)[2:-4])),
}


def _zeros() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(MIB)) + packer.flush()


READMES: Final[dict[str, str]] = {
    "lists-in-quotes": "> - > - a\n",
    "lists-in-lists": "- - - - a\n",
    "tables-in-paragraphs": "|a\n> *\n",
    "links": "[a](b) ",
    "brackets": "[",
    "tags": "<div>",
    "addresses": "http://a.b ",
    "emphasis": "*a_ ",
    "cells": "|a|b|\n|-|-|\n|c|d|\n\n",
    "text": "a word and another one, and so on\n",
    "letters": "a",
    "headings": "# a\n",
    "code": "    a\n\na\n",
    "footnotes": "[^1]: a\n\nb[^1]\n\n",
}


def readme_package(piece: str, version: str, package_id: str = "Acme.Readme") -> bytes:
    """A package whose README is as long as any that is shown, of that piece."""
    readme = filled(piece, 200_000).encode()
    return nupkg(package_id, version, readme="r.md", files={"r.md": readme})


PATHS: Final = ("/v3/search", "/v3/autocomplete", "/packages", "/v3/index.json", "/health/live", "/nowhere", "/sign-in")
QUERIES: Final[dict[str, str]] = {
    **{f"q-{name}": f"q={piece}" for name, piece in TEXTS.items()},
    "parameters": "a&",
    "same-parameter": "q=a&",
    "numbers": "skip=1",
    "frameworks": "framework=net",
}
HEADERS: Final = ("Authorization", "Cookie", "Accept", "If-None-Match", "Range", "Content-Type", "User-Agent")
HEADER_VALUES: Final[dict[str, bytes]] = {
    "commas": b"a," * 4_000,
    "quotes": b'"a",' * 2_000,
    "ranges": b"bytes=" + b"0-0," * 2_000,
    "basic": b"Basic " + b"QUFB" * 1_000,
    "cookies": b"a=b;" * 2_000,
    "parameters": b"multipart/form-data; " + b"a=b; " * 1_500,
    "escapes": b'multipart/form-data; a="' + b"\\" * 8_000,
}


def near_delimiters(octets: int) -> bytes:
    """The beginning of a form that never comes to its first part."""
    return (b"\n--b-" * (octets // 5))[:octets]


def check_json(body: bytes) -> str:
    """The code of a refusal."""
    code: str = json.loads(body)["code"]
    return code
