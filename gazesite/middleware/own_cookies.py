"""ASGI middleware that drops all cookies but the site's own.

Python takes more than a second to read a quoted cookie of 16 KB (CVE-2024-7592), and both Django and Channels
read every cookie of a request; Channels on the event loop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gazesite.asgi_types import App, Receive, Scope, Send

MAX_VALUE_LENGTH = 256
"""Most characters of a cookie's value; the site's own have 32 to 64."""


class OwnCookies:
    """ASGI middleware. names: names of the cookies that are kept."""

    def __init__(self, app: App, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = {**scope, "headers": self._cleaned(scope["headers"])}
        await self._app(scope, receive, send)

    def _cleaned(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers = list(headers)
        own = "; ".join(f"{name}={value}" for name, value in cookies(headers).items() if name in self._names)
        others = [each for each in headers if each[0] != b"cookie"]
        return [*others, (b"cookie", own.encode("latin-1"))] if own else others


def cookies(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Cookie values by name, the last one of each name; longer or quoted values are left out."""
    found = {}
    for name, line in headers:
        for pair in line.decode("latin-1").split(";") if name == b"cookie" else ():
            key, _, value = pair.partition("=")
            if len(value) <= MAX_VALUE_LENGTH and '"' not in value:
                found[key.strip()] = value.strip()
    return found
