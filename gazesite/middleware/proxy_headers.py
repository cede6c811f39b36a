"""ASGI middleware that takes client address and scheme from the headers of trusted proxies.

Such headers are removed from every other request, so that nothing behind this can be fooled.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from gazesite.asgi_types import App, Receive, Scope, Send

FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"
PROXY_HEADERS = frozenset((FOR, PROTO, b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip", b"forwarded"))
"""Headers in which a proxy names its client; the last four are never used."""

MAX_HOPS = 32
"""Addresses that are read of one header, from its end."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """Networks of trusted proxies. names: networks, or `*` for every peer (where only proxies can connect).

    Raises ValueError.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._trusts_all = "*" in names
        self._networks: list[Network] = [ipaddress.ip_network(name) for name in names if name != "*"]

    def connect_from(self, peer: str) -> bool:
        return self._trusts_all or self.include(peer)

    def include(self, address: str) -> bool:
        """Whether the address lies in one of the networks."""
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)


class ProxyHeaders:
    """ASGI middleware. proxies: names for TrustedProxies. Raises ValueError.

    client_header: the header in which these proxies name their client, such as Fly-Client-IP; else X-Forwarded-For.
    """

    def __init__(self, app: App, proxies: Sequence[str], client_header: str = "") -> None:
        self._app = app
        self._client_header = client_header.lower().encode()
        self._proxies = TrustedProxies(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = self._rewritten(scope)
        await self._app(scope, receive, send)

    def _rewritten(self, scope: Scope) -> Scope:
        removed = PROXY_HEADERS | {self._client_header}
        headers = [(name, value) for name, value in scope["headers"] if name not in removed]
        peer = (scope.get("client") or ("", 0))[0]
        if not self._proxies.connect_from(peer):
            return {**scope, "headers": headers}
        named = _joined(scope, self._client_header or FOR).rsplit(",", MAX_HOPS)[-MAX_HOPS:]
        chain = [each.strip() for each in named if each.strip()]
        proto = _joined(scope, PROTO).rpartition(",")[2].strip().lower()
        if proto in ("http", "https"):
            headers.append((PROTO, proto.encode()))
        return {**scope, "headers": headers, "client": (self._client(chain) or peer, 0)}

    def _client(self, chain: list[str]) -> str | None:
        """The last address that is no trusted proxy; it may have made up those before it."""
        for address in reversed(chain):
            if not self._proxies.include(address):
                return address if _parsed(address) else None
        return None


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _joined(scope: Scope, header: bytes) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == header)
