"""A package's license as pages show it: an expression with linked names, a link to the license page, or an address."""

import re
from dataclasses import dataclass
from typing import Final

from motherlode.nuget.licenses import UNLICENSED, InvalidLicense, parse_license
from motherlode.nuget.package import Package
from motherlode.protocol.urls import Urls
from motherlode.web.pages.parts.links import find_link

_WORDS: Final = re.compile(r"[^\s()]+|[\s()]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the license text; `link` is None for plain text."""

    text: str
    link: str | None = None


def license_pieces(package: Package, urls: Urls) -> tuple[Piece, ...]:
    """Return the license of a package as pieces of text; empty if it has no license that a page may show."""
    found = package.license
    if found is None:
        link = find_link(package.license_url)
        return (Piece(link.partition("://")[2], link),) if link else ()
    if found.kind == "file":
        return (Piece(found.value, urls.license_page(package.identity)),)
    return _expression_pieces(found.value)


def _expression_pieces(text: str) -> tuple[Piece, ...]:
    try:
        expression = parse_license(text)
    except InvalidLicense:
        return (Piece(text),)
    names = {*expression.licenses, *expression.exceptions} - {UNLICENSED}
    return tuple(Piece(word, _find_spdx_page(word, names)) for word in _WORDS.findall(text))


def _find_spdx_page(word: str, names: set[str]) -> str | None:
    name = word if word in names else word.removesuffix("+")
    return f"https://spdx.org/licenses/{name}.html" if name in names else None
