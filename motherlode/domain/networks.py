"""The network that an address belongs to, for limits per client."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """Return an IPv4 address, or a text that is not an address, as it is; of an IPv6 address its /64 network.

    One customer has a whole /64 network and can use a new address in it at any time (RFC 6177, RFC 8981).
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or f"{ip.packed[:8].hex()}/64")
