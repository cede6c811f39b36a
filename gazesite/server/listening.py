"""Addresses at which a server that listens on a host can be reached, on its own machine and from others."""

from __future__ import annotations

import socket

from gazesite.service_address import bracketed, is_unspecified

REMOTE_ADDRESSES = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Documentation addresses. A datagram socket connected to one knows its own address, and sends nothing."""


def http_addresses(host: str, port: int) -> list[str]:
    """URLs of a server that listens on that host: first for this machine, then for its network, if there is one.

    0.0.0.0 and :: stand for every address of the machine and are no address of a URL.
    """
    return [http_address(each, port) for each in (_every_address(host) if is_unspecified(host) else [host])]


def http_address(host: str, port: int) -> str:
    """URL of that host and port, as a browser writes it."""
    return f"http://{bracketed(host)}" + ("" if port == 80 else f":{port}")


def _every_address(host: str) -> list[str]:
    families = [socket.AF_INET6, socket.AF_INET] if ":" in host else [socket.AF_INET]
    others = [found for family in families if (found := _own_address(family))]
    # Some systems listen on :: for IPv6 alone.
    return ["::1" if ":" in host else "127.0.0.1", *others[:1]]


def _own_address(family: socket.AddressFamily) -> str | None:
    """Address of this machine in its network; None where there is no network."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((REMOTE_ADDRESSES[family], 9))
            return str(probe.getsockname()[0]).partition("%")[0]
    except OSError:
        return None
