"""Reads what trusted proxies report about a request: `X-Forwarded-*`, or `Forwarded` (RFC 7239).

Each proxy on the way appends its entry to the end of a header, or in a line of its own; anyone may have written the
entries before it. So entries are read from the end, and an entry counts if the proxy that wrote it is trusted. The last
entry that counts names the client, and the scheme, host, port and prefix of the client's request.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Final

from motherlode.web.headers import header_values, last_lines, listed_values

_X_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port"})
_MAX_PORT: Final = 65_535
_MAX_NAME_LENGTH: Final = 253
_PORT: Final = re.compile("[0-9]{1,5}")
_IPV6: Final = r"\[((?=[0-9A-Fa-f.]*:)[0-9A-Fa-f:.]+)\]"
_HOST: Final = re.compile(rf"([A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*\.?|{_IPV6})(?::({_PORT.pattern}))?")
_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]{1,100}){0,10}")
_ADDRESS: Final = re.compile(rf"(?:([0-9.]+)|{_IPV6})(?::{_PORT.pattern})?|([0-9A-Fa-f:.]+)")
_NODE: Final = re.compile(rf"(?:([0-9.]+)|{_IPV6})(?::(?:{_PORT.pattern}|_[A-Za-z0-9._-]+))?")
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR: Final = re.compile(rf'({_WORD})=(?:({_WORD})|"((?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)")')
_BLANKS: Final = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Hop:
    """What one proxy reports: the address that sent it the request, and the scheme, host, port and path prefix of that
    request. Missing or invalid values are None."""

    address: str | None = None
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    prefix: str | None = None


def find_hop(scope: Mapping[str, Any], peer: str, is_trusted: Callable[[str], bool]) -> Hop:
    """Return what the outermost trusted proxy reports about a request from the trusted proxy `peer`.

    Its `address` is never None: if there is no valid one, it is the address of the last trusted proxy. `Forwarded`
    counts only without `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`: a proxy that writes those may pass on a
    `Forwarded` that a client sent.
    """
    if any(name in _X_FORWARDED for name, _ in scope["headers"]):
        entries = listed_values(scope, b"x-forwarded-for")
        client, depth = _follow(map(parse_address, reversed(entries)), peer, is_trusted)
        hop = Hop(
            scheme=_parse_scheme(_at(depth, scope, b"x-forwarded-proto")),
            host=parse_host(_at(depth, scope, b"x-forwarded-host")),
            port=_parse_port(_at(depth, scope, b"x-forwarded-port")),
        )
    else:
        hops = [hop for line in last_lines(header_values(scope, b"forwarded")) for hop in parse_forwarded(line)]
        client, depth = _follow((hop.address for hop in reversed(hops)), peer, is_trusted)
        hop = hops[-depth] if hops else Hop()
    return replace(hop, address=client, prefix=_parse_prefix(_at(depth, scope, b"x-forwarded-prefix")))


def parse_forwarded(line: str) -> list[Hop]:
    """Return the elements of one line of `Forwarded` (RFC 7239, 4); an invalid line is a single empty element.

    Blanks around `;` are ignored, though the RFC does not allow them.
    """
    hops = []
    for pairs in _read_elements(line):
        if pairs is None:
            return [Hop()]
        if pairs:
            address = _parse_node(pairs.get("for", ""))
            scheme, host = _parse_scheme(pairs.get("proto", "")), parse_host(pairs.get("host", ""))
            hops.append(Hop(address, scheme, host))
    return hops


def parse_address(text: str) -> str | None:
    """Return the address in an entry of X-Forwarded-For, which may have a port and brackets, or None if invalid."""
    found = _ADDRESS.fullmatch(text)
    return _as_address(found[1] or found[2] or found[3]) if found else None


def parse_host(text: str) -> str | None:
    """Return a host with its port, if any, in lower case, or None if it is not valid in an address."""
    found = _HOST.fullmatch(text)
    if found is None or len(found[1]) > _MAX_NAME_LENGTH or (found[2] and _as_address(found[2]) is None):
        return None
    return None if found[3] and _parse_port(found[3]) is None else text.lower()


def _follow(last_first: Iterable[str | None], peer: str, is_trusted: Callable[[str], bool]) -> tuple[str, int]:
    """Return the client's address, and the number of entries at the end that trusted proxies wrote, at least 1."""
    client, depth = peer, 0
    for address in last_first:
        depth += 1
        client = address or client
        if address is None or not is_trusted(address):
            break
    return client, max(depth, 1)


def _at(depth: int, scope: Mapping[str, Any], name: bytes) -> str:
    """Return the member of a list header at `depth` from its end. If the list is shorter, return its first member: a
    proxy may have replaced the entries of others."""
    members = listed_values(scope, name)
    return members[-min(depth, len(members))] if members else ""


def _read_elements(line: str) -> Iterator[dict[str, str] | None]:
    """Yield the parameters of each element by lower-case name; yield None and stop if the line is not valid."""
    pairs: dict[str, str] = {}
    at = _skip_blanks(line, 0)
    while at < len(line):
        if line[at] not in ",;":
            found = _PAIR.match(line, at)
            if found is None or found[1].lower() in pairs:
                yield None
                return
            pairs[found[1].lower()] = found[2] or re.sub(r"\\(.)", r"\1", found[3] or "")
            at = _skip_blanks(line, found.end())
        if at < len(line):
            if line[at] not in ",;":
                yield None
                return
            if line[at] == ",":
                yield pairs
                pairs = {}
            at = _skip_blanks(line, at + 1)
    yield pairs


def _skip_blanks(line: str, at: int) -> int:
    found = _BLANKS.match(line, at)
    return found.end() if found else at


def _parse_node(text: str) -> str | None:
    """Return the address of a node (RFC 7239, 6), or None for `unknown`, an obfuscated name or an invalid node."""
    found = _NODE.fullmatch(text)
    return _as_address(found[1] or found[2]) if found else None


def _as_address(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def _parse_scheme(text: str) -> str | None:
    scheme = text.lower()
    return scheme if scheme in {"http", "https"} else None


def _parse_port(text: str) -> int | None:
    return int(text) if _PORT.fullmatch(text) and 0 < int(text) <= _MAX_PORT else None


def _parse_prefix(text: str) -> str | None:
    prefix = text.rstrip("/")
    return prefix if _PREFIX.fullmatch(prefix) else None
