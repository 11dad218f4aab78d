"""Addresses out of packages, as far as a page may lead there.

Invariant: what is returned is http or https, whole, and shows the host that it leads to: no name or password before it.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from motherlode.nuget.addresses import find_address

LINK_REL: Final = "nofollow noopener noreferrer ugc"
"""What links to addresses in a publisher's text tell browsers and crawlers."""
_ADDRESS: Final = re.compile(r"""(?<!\w)https?://[^\s<>"'`\\]+""", re.IGNORECASE | re.ASCII)
_ENDS: Final = ".,;:!?*_~|…。，、"
"""Characters that end the sentence, not the address."""
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}

_COMMIT_HOSTS = frozenset({"github.com", "gitlab.com"})
_COMMIT_DIGITS = frozenset("0123456789abcdefABCDEF")


def find_link(text: str | None) -> str | None:
    """The address, if a page may link to it."""
    return find_address(text)


def link_addresses(text: str) -> Markup:
    """Plain text as HTML, with a link at each http or https address that `find_link` lets through.

    Punctuation after an address, and a closing bracket that opens before the address, stay outside the link."""
    return Markup("").join(_link_pieces(text))


def _link_pieces(text: str) -> Iterator[Markup]:
    done = 0
    for match in _ADDRESS.finditer(text):
        address = _cut_punctuation(match[0])
        link = find_link(address)
        if link is not None:
            yield escape(text[done : match.start()])
            yield Markup('<a href="{}" rel="{}">{}</a>').format(link, LINK_REL, address)
            done = match.start() + len(address)
    yield escape(text[done:])


def _cut_punctuation(address: str) -> str:
    end = len(address)
    counts = {bracket: address.count(bracket) for pair in _BRACKETS.items() for bracket in pair}
    while end:
        last = address[end - 1]
        if last in _BRACKETS and counts[last] > counts[_BRACKETS[last]]:
            counts[last] -= 1
        elif last not in _ENDS:
            break
        end -= 1
    return address[:end]


def find_host(address: str) -> str:
    """The host of an address that `find_link` let through, in small letters."""
    return (urlsplit(address).hostname or "").removesuffix(".")


def find_commit_link(repository: str, commit: str) -> str | None:
    """Where a commit is shown, for repositories on hosts whose addresses are known."""
    parts = urlsplit(repository)
    path = parts.path.rstrip("/").removesuffix(".git")
    is_commit = 7 <= len(commit) <= 64 and _COMMIT_DIGITS.issuperset(commit)
    if parts.netloc.lower() not in _COMMIT_HOSTS or path.count("/") < 2 or not is_commit:
        return None
    return f"https://{parts.netloc.lower()}{path}/commit/{commit}"
