"""Addresses from packages that pages may link to.

Invariant: every returned address is a complete http or https address without user name or password, so that its host is
plain to see.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from motherlode.nuget.addresses import find_address

LINK_REL: Final = "nofollow noopener noreferrer ugc"
"""The `rel` of links to addresses that a publisher wrote."""
_ADDRESS: Final = re.compile(r"""(?<!\w)https?://[^\s<>"'`\\]+""", re.IGNORECASE | re.ASCII)
_ENDS: Final = ".,;:!?*_~|…。，、"
"""Characters that end the sentence, not the address."""
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}

_COMMIT_HOSTS = frozenset({"github.com", "gitlab.com"})
_COMMIT_DIGITS = frozenset("0123456789abcdefABCDEF")


def find_link(text: str | None) -> str | None:
    """Return the address if a page may link to it, else None."""
    return find_address(text)


def link_addresses(text: str) -> Markup:
    """Return plain text as HTML, with links for the http and https addresses that `find_link` accepts.

    Punctuation after an address stays outside the link, and so does a bracket that was opened before the address."""
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
    """Return the host, in lower case, of an address that `find_link` accepted."""
    return (urlsplit(address).hostname or "").removesuffix(".")


def find_commit_link(repository: str, commit: str) -> str | None:
    """Return the address of a commit's page, or None if the repository is not on a known host."""
    parts = urlsplit(repository)
    path = parts.path.rstrip("/").removesuffix(".git")
    is_commit = 7 <= len(commit) <= 64 and _COMMIT_DIGITS.issuperset(commit)
    if parts.netloc.lower() not in _COMMIT_HOSTS or path.count("/") < 2 or not is_commit:
        return None
    return f"https://{parts.netloc.lower()}{path}/commit/{commit}"
