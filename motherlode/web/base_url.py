"""Finds the address under which a request reached the server, and the client that sent it.

The base of all absolute addresses comes from `server.public_url` if that is set, else from the request. Forwarded
headers count only from trusted proxies. A base is *checked* if a client cannot choose it freely: it is the public
address, or the address of this connection. Only documents for checked bases are cached in memory.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from motherlode.web.forwarded import Hop, find_hop, parse_host
from motherlode.web.headers import header_values

Scope = dict[str, Any]
Server = tuple[Any, ...]
Networks = Sequence[IPv4Network | IPv6Network]

_SLASHES: Final = re.compile("/{2,}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_USUAL_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """The base of a request. `root` is scheme, host and path prefix, without a slash at the end; `prefix` is only the
    path prefix; `client` is the address of the client, as far as it can be trusted."""

    root: str
    prefix: str
    client: str
    is_checked: bool

    def below(self, path: str) -> str:
        """Return a request's path without the prefix, which a proxy may have removed already.

        Repeated slashes count as one: users write `URL//v3/index.json` if their URL ends with a slash."""
        path = _SLASHES.sub("/", path) if "//" in path else path
        is_below = self.prefix and (path + "/").startswith(self.prefix + "/")
        return path[len(self.prefix) :] if is_below else path


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request header's value, decoded as Latin-1, or None; several lines are joined by commas (RFC 9110,
    5.3)."""
    values = [value for key, value in scope["headers"] if key == name]
    return b", ".join(values).decode("latin-1") if values else None


class BaseUrls:
    """Finds the base of requests from the server's settings."""

    def __init__(self, public_url: str | None, trusted_proxies: Networks) -> None:
        self._public_url = public_url.rstrip("/") if public_url else None
        self._prefix = urlsplit(self._public_url).path if self._public_url else ""
        self._trusted_proxies = trusted_proxies

    def of(self, scope: Scope) -> BaseUrl:
        """Return the base of a request."""
        peer = _peer(scope)
        is_proxied = self.is_trusted(peer)
        hop = find_hop(scope, peer, self.is_trusted) if is_proxied else Hop(peer)
        client = hop.address or peer
        if self._public_url:
            return BaseUrl(self._public_url, self._prefix, client, is_checked=True)
        scheme, prefix = hop.scheme or str(scope.get("scheme", "http")), hop.prefix or ""
        host = _with_port(hop.host or _asked_host(scope), hop.port, scheme)
        is_checked = not is_proxied and host in _own_hosts(tuple(scope.get("server") or ()))
        return BaseUrl(f"{scheme}://{host}{prefix}", prefix, client, is_checked)

    def client_of(self, scope: Scope) -> str:
        """Return the address of the client, as far as it can be trusted."""
        peer = _peer(scope)
        return (find_hop(scope, peer, self.is_trusted).address or peer) if self.is_trusted(peer) else peer

    def asked_of(self, scope: Scope) -> Hashable | None:
        """Return a key for the base: requests with the same key have the same base, apart from the client.

        Return None if the base also depends on other things (forwarded headers), or if the request has several hosts
        and will be refused."""
        hosts = tuple([value for name, value in scope["headers"] if name == b"host"])
        if len(hosts) > 1:
            return None
        if self._public_url:
            return ()
        if self.is_trusted(_peer(scope)):
            return None
        return scope.get("scheme"), hosts, tuple(scope.get("server") or ())

    def is_trusted(self, address: str) -> bool:
        """Whether the address belongs to a trusted proxy, whose forwarded headers count."""
        if not self._trusted_proxies:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed  # dual-stack sockets show IPv4 addresses like this
        return any(parsed in network for network in self._trusted_proxies)


def has_one_host(scope: Scope) -> bool:
    """Whether the request has at most one Host header (RFC 9112, 3.2)."""
    return len(header_values(scope, b"host")) <= 1


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _asked_host(scope: Scope) -> str:
    hosts = header_values(scope, b"host")
    asked = parse_host(hosts[0]) if len(hosts) == 1 else None
    return asked or _server_host(tuple(scope.get("server") or ()))


def _with_port(host: str, port: int | None, scheme: str) -> str:
    """Return the host, with the proxy's `port` added if the host has none and it is not the scheme's default."""
    has_port = not host.endswith("]") and ":" in host
    return host if port is None or has_port or port == _USUAL_PORTS.get(scheme) else f"{host}:{port}"


def _server_host(server: Server) -> str:
    """Return the address that this connection was made to, for clients without a valid Host header."""
    address, port = server if len(server) == 2 else ("127.0.0.1", 80)
    name = f"[{address}]" if ":" in str(address) else str(address)
    return f"{name}:{port}" if port else name


@lru_cache(maxsize=64)
def _own_hosts(server: Server) -> frozenset[str]:
    """Return the trusted values of Host: the address of the connection, and loopback names with its port."""
    port = server[1] if len(server) == 2 else None
    return frozenset({_server_host(server), *(f"{name}:{port}" for name in _LOOPBACK)})
