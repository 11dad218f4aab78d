"""Addresses out of packages, as far as a page may lead there.

Invariant: what is returned is http or https, whole, and shows the host that it leads to: no name or password before it.
"""

from urllib.parse import urlsplit

from motherlode.domain.addresses import find_address

_COMMIT_HOSTS = frozenset({"github.com", "gitlab.com"})
_COMMIT_DIGITS = frozenset("0123456789abcdefABCDEF")


def find_link(text: str | None) -> str | None:
    """The address, if a page may link to it."""
    return find_address(text)


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
