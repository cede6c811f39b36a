"""Network address by which clients are counted: one IPv4 address, or one IPv6 network."""

from __future__ import annotations

import ipaddress

IPV6_NETWORK = 64
"""Prefix length of the network that one household or one rented machine has."""
IPV6_CUSTOMER = 48
"""Prefix length of the largest range that a provider usually gives to one customer."""


def network_of(address: str, ipv6_bits: int = IPV6_NETWORK) -> str:
    """IPv4 address, first address of an IPv6 network, or "" for anything else, such as a local socket's name."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, ipv6_bits), strict=False).network_address)
