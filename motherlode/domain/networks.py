"""Whom an address counts for, where something is bounded for each client."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """The address itself if it is IPv4, or no address; of IPv6 the network of 64 bits, which is what one customer has
    and takes new addresses from as often as it likes (RFC 6177, RFC 8981)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or f"{ip.packed[:8].hex()}/64")
