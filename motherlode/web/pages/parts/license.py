"""How a page shows a license: an expression with a link at each name, a file by its own page, or an address."""

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
    """A part of what is shown, and where it leads; None where it is plain text."""

    text: str
    link: str | None = None


def license_pieces(package: Package, urls: Urls) -> tuple[Piece, ...]:
    """The license of a package, none where it names none that can be shown."""
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
