"""Address by which clients are counted: one IPv4 address, or one IPv6 network."""

from __future__ import annotations

import ipaddress

IPV6_NETWORK = 64
"""Bits. One household or one rented machine has all addresses of such a network."""
IPV6_CUSTOMER = 48
"""Bits. A provider gives one customer as many networks as that, and seldom more."""


def network_of(address: str, ipv6_bits: int = IPV6_NETWORK) -> str:
    """An IPv4 address, the first address of an IPv6 network, or nothing for what is no address, as a local socket's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, ipv6_bits), strict=False).network_address)
