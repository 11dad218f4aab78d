"""URLs in a package (project, license, icon, repository) and host names: accepted unchanged or not at all.

Invariant: an accepted URL is absolute, with a host, a port and a path, in characters that RFC 3986 and RFC 3987 allow.
This is narrower than .NET's Uri on purpose: clients parse URLs with that type, and one that they cannot parse makes
them drop the whole document, with every other package in it.
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import Final

from motherlode.nuget.blanks import trim

MAX_ADDRESS_LENGTH = 4000

_WEB: Final = frozenset({"http", "https"})
_REPOSITORY: Final = _WEB | {"git"}
_MAX_HOST_LENGTH: Final = 253
_MAX_LABEL_LENGTH: Final = 63
_MAX_PORT: Final = 65535

_NAME_OF_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^/?#\[\]@:%]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?#].*)?"
)
_CHARACTERS: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?\[\]-]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])*"
_REST = re.compile(rf"{_CHARACTERS}(?:#{_CHARACTERS})?")
_ASCII_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def find_address(text: str | None) -> str | None:
    """Return an http or https URL without the white space around it, or None if it is not a valid one (see above)."""
    return _find_address(trim(text or ""), _WEB)


def find_repository_address(text: str | None) -> str | None:
    """Return the http, https or git URL of a repository without the white space around it, or None if not valid."""
    return _find_address(trim(text or ""), _REPOSITORY)


def parse_host(text: str) -> str:
    """Return a host name in lower case. Raises ValueError for anything else, such as a scheme or port."""
    host = text.strip().lower()
    if len(host) > _MAX_HOST_LENGTH or not _NAME_OF_HOST.fullmatch(host):
        raise ValueError(text)
    return host


@lru_cache(maxsize=256)  # the versions of a package share their addresses
def _find_address(address: str, schemes: frozenset[str]) -> str | None:
    # Format characters, lone surrogates and blanks of any kind are not printable.
    if len(address) > MAX_ADDRESS_LENGTH or " " in address or not address.isprintable():
        return None
    parts = _ADDRESS.fullmatch(address)
    if parts is None or parts["scheme"].lower() not in schemes or not _is_port(parts["port"]):
        return None
    is_host = _is_ipv6(parts["ipv6"]) if parts["ipv6"] else _is_host(parts["host"].lower())
    return address if is_host and _REST.fullmatch(parts["rest"] or "") else None


def _is_port(text: str | None) -> bool:
    return text is None or 1 <= int(text) <= _MAX_PORT


def _is_host(host: str) -> bool:
    """Return whether it is a DNS name, or an IPv4 address in its usual form."""
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        # quirk: .NET, browsers and resolvers read 0x7f.1 and 127.1 differently.
        return _is_ipv4(host)
    # quirk: .NET accepts an underscore, but not with non-ASCII letters, whether in punycode or not.
    is_one_kind = "_" not in host or (host.isascii() and "xn--" not in host)
    return is_one_kind and len(host) <= _MAX_HOST_LENGTH and all(map(_is_label, labels))


def _is_label(label: str) -> bool:
    if len(label) > _MAX_LABEL_LENGTH:
        return False
    if label.isascii() and not label.startswith("xn--"):
        return _ASCII_LABEL.fullmatch(label) is not None
    return _is_international(label)


def _is_international(label: str) -> bool:
    """Return whether it is a valid label with non-ASCII letters, written as such or in punycode."""
    # quirk: .NET on Windows, .NET elsewhere and mono differ on digits and symbols of other scripts.
    try:
        written = label.encode("ascii").decode("idna") if label.isascii() else label
        encoded = written.encode("idna")
    except UnicodeError:
        return False
    is_plain = unicodedata.normalize("NFKC", written) == written and not written.startswith("-")
    is_found = len(encoded) <= _MAX_LABEL_LENGTH and not written.isascii() and not written.endswith("-")
    return is_plain and is_found and all(map(_is_host_character, written))


def _is_host_character(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "-"
    return unicodedata.category(character)[0] in "LM"


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True
