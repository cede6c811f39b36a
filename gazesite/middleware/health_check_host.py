"""Whoever watches the site asks a machine by its number and without TLS: neither is the site's address.

Django would refuse the one and redirect the other. The answers depend on no header, so here both are put right.
"""

from __future__ import annotations

from gazesite.middleware.body_limits import App, Receive, Scope, Send

PATHS = ("/livez", "/readyz")


class Probes:
    """ASGI application around another. host: by which the site knows itself; scheme: in which people reach it."""

    def __init__(self, app: App, host: str, scheme: str) -> None:
        self._app = app
        self._host = host.encode()
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in PATHS:
            scope = {**scope, "scheme": self._scheme, "headers": [(b"host", self._host)]}
        await self._app(scope, receive, send)
