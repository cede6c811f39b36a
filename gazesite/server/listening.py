"""Addresses at which a server that listens on a host can be reached, on its own machine and from others."""

from __future__ import annotations

import socket

from gazesite.service_address import bracketed, is_unspecified

ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of documentation. A datagram socket that is connected to them says from where it would send; it sends
nothing."""


def http_addresses(host: str, port: int) -> list[str]:
    """Addresses of a server that listens there: first for this machine, then, if there is a network, for that.

    0.0.0.0 and :: listen on every address and are none themselves.
    """
    return [http_address(each, port) for each in (_every_address(host) if is_unspecified(host) else [host])]


def http_address(host: str, port: int) -> str:
    """Address of that host and port, as a browser writes it."""
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
            probe.connect((ELSEWHERE[family], 9))
            return str(probe.getsockname()[0]).partition("%")[0]
    except OSError:
        return None
