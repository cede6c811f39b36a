"""ASGI middleware that gives health checks the site's own host and scheme.

Monitoring asks a machine by its IP address and without TLS: Django would refuse the first and redirect the second.
The answers depend on no header, so that replacing both is safe.
"""

from __future__ import annotations

from gazesite.asgi_types import App, Receive, Scope, Send

PATHS = ("/livez", "/readyz")


class HealthCheckHost:
    """ASGI middleware. host, scheme: those of the site's public address."""

    def __init__(self, app: App, host: str, scheme: str) -> None:
        self._app = app
        self._host = host.encode()
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in PATHS:
            scope = {**scope, "scheme": self._scheme, "headers": [(b"host", self._host)]}
        await self._app(scope, receive, send)
