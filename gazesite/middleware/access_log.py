"""Access log: ASGI middleware that writes a line and a measurement for every request and socket."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.conf import settings

from gazesite.asgi_types import App, Message, Receive, Scope, Send
from gazesite.observability import metrics, request_context
from gazesite.observability.request_context import RequestContext
from portraits import log_context

log = logging.getLogger("gazesite.access")

CLIENT_GONE = 499
"""Status of a request whose client left before there was an answer, as nginx writes it."""
QUIET_VIEWS = ("livez", "readyz", "static", "metrics")
"""Views whose lines are logged at DEBUG while they succeed."""
MAX_PATH_LENGTH = 300
"""Most characters of a path in a line; the site's own paths are shorter."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class AccessLog:
    """ASGI middleware, outermost. Each answer gets an X-Request-ID, which a client cannot choose."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        entry = _Entry(scope, send, RequestContext(uuid.uuid4().hex[:16]))
        token = request_context.current.set(entry.context)
        try:
            with log_context.bind(request=entry.context.id):
                try:
                    await self._app(scope, receive, entry.send)
                except Exception:
                    entry.status = entry.status or 500
                    raise
                finally:
                    entry.close()
        finally:
            request_context.current.reset(token)


@dataclass
class _Entry:
    """Log entry of one request, or of one socket from its opening to its end."""

    scope: MutableMapping[str, Any]
    inner_send: Send
    context: RequestContext
    status: int = 0
    started_at: float = field(default_factory=time.monotonic)
    is_open: bool = False

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self.status = message["status"]
                request_id = (b"x-request-id", self.context.id.encode())
                message = {**message, "headers": [*message.get("headers", ()), request_id]}
            case "websocket.accept":
                self.status, self.is_open = 101, True
                metrics.SOCKETS.inc()
            case "websocket.close":
                self.status = self.status or 403
        await self.inner_send(message)

    def close(self) -> None:
        """Write the line."""
        seconds = time.monotonic() - self.started_at
        if self.is_open:
            metrics.SOCKETS.dec()
        view, method = self._view(), self._method()
        status = self.status or CLIENT_GONE
        if method != "WS":
            metrics.count_request(view, method, status, seconds)
        level = logging.DEBUG if view in QUIET_VIEWS and status < 400 else logging.INFO
        path = quote(self.scope["path"][:MAX_PATH_LENGTH])  # a line cannot be broken with it; handlers take tokens out
        fields = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1)}
        if self.context.user is not None:
            fields["user"] = self.context.user
        if self.context.refusal:
            fields["refusal"] = self.context.refusal
        user = "" if self.context.user is None else f" user {self.context.user}"
        why = f": {self.context.refusal}" if self.context.refusal else ""
        line = "%s %s %d %.1f ms%s%s"
        log.log(level, line, method, path, status, seconds * 1000, user, why, extra={"fields": fields})

    def _view(self) -> str:
        path = self.scope["path"]
        if path.startswith(settings.STATIC_URL):
            return "static"
        if path == metrics.PATH:
            return "metrics"
        return self.context.view or "none"

    def _method(self) -> str:
        if self.scope["type"] == "websocket":
            return "WS"
        method: str = self.scope["method"]
        return method if method in METHODS else "OTHER"
