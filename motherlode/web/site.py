"""Under which address a request reached us, and from whom it came.

The base of every absolute address comes from `server.public_url` where that is set, else from the request. Forwarded
headers count only from trusted proxies. A base is *checked* when no stranger can choose it: the public address, or the
very address this connection was made to. Only documents for checked bases are kept in memory.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

Scope = dict[str, Any]
Server = tuple[Any, ...]
Networks = Sequence[IPv4Network | IPv6Network]

_HOST: Final = re.compile(r"[A-Za-z0-9._~-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]{1,100}){0,10}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Site:
    """`root` is scheme, host and path prefix, without a slash at the end; `prefix` the path prefix alone; `client` the
    address the request came from, as far as it can be believed."""

    root: str
    prefix: str
    client: str
    is_checked: bool

    def below(self, path: str) -> str:
        """What is left of a request's path below the prefix; proxies may have taken it off already."""
        is_below = self.prefix and (path + "/").startswith(self.prefix + "/")
        return path[len(self.prefix) :] if is_below else path


def header(scope: Scope, name: bytes) -> str | None:
    """A request header's first value, decoded as Latin-1."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


class Sites:
    """Knows the server's settings about addresses."""

    def __init__(self, public_url: str | None, trusted_proxies: Networks) -> None:
        self._public_url = public_url.rstrip("/") if public_url else None
        self._prefix = urlsplit(self._public_url).path if self._public_url else ""
        self._trusted_proxies = trusted_proxies

    def of(self, scope: Scope) -> Site:
        """The site of a request."""
        client = self.client_of(scope)
        if self._public_url:
            return Site(self._public_url, self._prefix, client, is_checked=True)
        is_proxied = self.is_trusted(_peer(scope))
        scheme, host, prefix = str(scope.get("scheme", "http")), _asked_host(scope), ""
        if is_proxied:
            scheme = _forwarded(scope, b"x-forwarded-proto", {"http", "https"}) or scheme
            host = _forwarded_match(scope, b"x-forwarded-host", _HOST) or host
            prefix = _forwarded_match(scope, b"x-forwarded-prefix", _PREFIX) or ""
        is_checked = not is_proxied and host in _own_hosts(tuple(scope.get("server") or ()))
        return Site(f"{scheme}://{host}{prefix}", prefix, client, is_checked)

    def client_of(self, scope: Scope) -> str:
        """The address the request came from, as far as it can be believed."""
        peer = _peer(scope)
        return self._forwarded_client(scope, peer) if self.is_trusted(peer) else peer

    def asked_of(self, scope: Scope) -> Hashable | None:
        """What decides the site: requests that are equal in this have the same one, but for the client. None where the
        site may be unchecked for more reasons than these."""
        if self._public_url:
            return ()
        if self.is_trusted(_peer(scope)):
            return None
        return scope.get("scheme"), header(scope, b"host"), tuple(scope.get("server") or ())

    def is_trusted(self, address: str) -> bool:
        """Whether the address is that of a proxy whose forwarded headers are believed."""
        if not self._trusted_proxies:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed  # how a socket of both families shows IPv4
        return any(parsed in network for network in self._trusted_proxies)

    def _forwarded_client(self, scope: Scope, peer: str) -> str:
        """The last address in X-Forwarded-For that is no proxy of ours: anybody may have written those before it."""
        named = [part.strip() for part in (header(scope, b"x-forwarded-for") or "").split(",") if part.strip()]
        for address in reversed(named):
            if not self.is_trusted(address):
                return address[:100]
        return named[0] if named else peer


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _asked_host(scope: Scope) -> str:
    host = header(scope, b"host") or ""
    if _HOST.fullmatch(host):
        return host.lower()
    return _server_host(tuple(scope.get("server") or ()))


def _server_host(server: Server) -> str:
    """The address this connection was made to, for clients that send no usable Host."""
    address, port = server if len(server) == 2 else ("127.0.0.1", 80)
    name = f"[{address}]" if ":" in str(address) else str(address)
    return f"{name}:{port}" if port else name


@lru_cache(maxsize=64)
def _own_hosts(server: Server) -> frozenset[str]:
    """What a Host header may say that no stranger chose: the connection's own address, or a loopback name for it."""
    port = server[1] if len(server) == 2 else None
    return frozenset({_server_host(server), *(f"{name}:{port}" for name in _LOOPBACK)})


def _forwarded(scope: Scope, name: bytes, allowed: set[str]) -> str | None:
    value = (header(scope, name) or "").split(",")[0].strip().lower()
    return value if value in allowed else None


def _forwarded_match(scope: Scope, name: bytes, form: re.Pattern[str]) -> str | None:
    value = (header(scope, name) or "").split(",")[0].strip().rstrip("/")
    return value if form.fullmatch(value) else None
