"""Addresses that a package names (project, license, icon), and hosts: taken whole or not at all.

Invariant: what passes is an absolute http or https address that .NET's Uri reads too, since one bad address in a
document makes clients drop the whole document.
"""

import ipaddress
import re
from urllib.parse import urlsplit

MAX_ADDRESS_LENGTH = 4000

_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x20\x7f-\xa0\\]")
_NAME_OF_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")


def find_address(text: str | None) -> str | None:
    """Return the address without the blanks around it; None for a relative one, another scheme or a malformed one."""
    address = (text or "").strip()
    if not address or len(address) > MAX_ADDRESS_LENGTH or _BLANK_OR_CONTROL.search(address):
        return None
    try:
        parts = urlsplit(address)
        port_is_good = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and address[len(parts.scheme) :].startswith("://")
    return address if is_web and port_is_good and _is_host(parts.hostname or "") else None


def parse_host(text: str) -> str:
    """The name of a host, in lower case, without port or scheme; raises ValueError for anything else."""
    host = text.strip().lower()
    if len(host) > 253 or not _NAME_OF_HOST.fullmatch(host):
        raise ValueError(text)
    return host


def _is_host(host: str) -> bool:
    if ":" in host:
        return _is_ipv6(host)
    if not _HOST.fullmatch(host) or len(host) > 253:
        return False
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True
