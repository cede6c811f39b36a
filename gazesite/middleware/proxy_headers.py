"""Who really asks, and how, when a proxy stands in front: believed only from a proxy that is trusted.

From everybody else the headers that say so are taken away, so that nothing behind this can be fooled.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from gazesite.middleware.body_limits import App, Receive, Scope, Send

FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"
SAYING = frozenset((FOR, PROTO, b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip", b"forwarded"))
"""Headers in which a proxy names its client; the last four are never believed."""

MOST_NAMED = 32
"""Addresses that are looked at in one header, from its end."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """Trusted proxies. names: networks, or `*` for every peer (where only proxies can connect). Raises ValueError."""

    def __init__(self, names: Sequence[str]) -> None:
        self._everybody = "*" in names
        self._networks: list[Network] = [ipaddress.ip_network(name) for name in names if name != "*"]

    def connect_from(self, peer: str) -> bool:
        return self._everybody or self.include(peer)

    def include(self, address: str) -> bool:
        """Whether it is one of theirs by its number."""
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)


class Forwarded:
    """ASGI middleware. proxies: as Proxies takes them. Raises ValueError.

    named_in: the header in which these proxies name their client, such as Fly-Client-IP; else X-Forwarded-For.
    """

    def __init__(self, app: App, proxies: Sequence[str], named_in: str = "") -> None:
        self._app = app
        self._named_in = named_in.lower().encode()
        self._proxies = Proxies(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = self._seen(scope)
        await self._app(scope, receive, send)

    def _seen(self, scope: Scope) -> Scope:
        saying = SAYING | {self._named_in}
        headers = [(name, value) for name, value in scope["headers"] if name not in saying]
        peer = (scope.get("client") or ("", 0))[0]
        if not self._proxies.connect_from(peer):
            return {**scope, "headers": headers}
        named = _joined(scope, self._named_in or FOR).rsplit(",", MOST_NAMED)[-MOST_NAMED:]
        chain = [each.strip() for each in named if each.strip()]
        proto = _joined(scope, PROTO).rpartition(",")[2].strip().lower()
        if proto in ("http", "https"):
            headers.append((PROTO, proto.encode()))
        return {**scope, "headers": headers, "client": (self._client(chain) or peer, 0)}

    def _client(self, chain: list[str]) -> str | None:
        """The last one that no trusted proxy is: what stands before it, it may have made up itself."""
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
