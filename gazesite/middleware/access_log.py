"""A line and a measurement for every request and socket, around everything that answers one."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.conf import settings

from gazesite.middleware import request_context
from gazesite.middleware.body_limits import App, Message, Receive, Scope, Send
from gazesite.middleware.request_context import Facts
from gazesite.observability import metrics
from portraits import log_context

log = logging.getLogger("gazesite.access")

CLIENT_GONE = 499
"""Status of a request whose client left before there was an answer."""
QUIET = ("livez", "readyz", "static", "metrics")
"""Views whose lines are of no interest while they succeed."""
MOST_PATH = 300
"""Characters of a path in a line; ours are shorter."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Journal:
    """ASGI application around another. Each answer gets an X-Request-ID, which a client cannot choose."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        entry = _Entry(scope, send, Facts(uuid.uuid4().hex[:16]))
        before = request_context.current.set(entry.facts)
        try:
            with log_context.noted(request=entry.facts.id):
                try:
                    await self._app(scope, receive, entry.send)
                except Exception:
                    entry.status = entry.status or 500
                    raise
                finally:
                    entry.close()
        finally:
            request_context.current.reset(before)


@dataclass
class _Entry:
    """One request, or one socket from its opening to its end."""

    scope: MutableMapping[str, Any]
    onward: Send
    facts: Facts
    status: int = 0
    began: float = field(default_factory=time.monotonic)
    open: bool = False

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self.status = message["status"]
                own = (b"x-request-id", self.facts.id.encode())
                message = {**message, "headers": [*message.get("headers", ()), own]}
            case "websocket.accept":
                self.status, self.open = 101, True
                metrics.SOCKETS.inc()
            case "websocket.close":
                self.status = self.status or 403
        await self.onward(message)

    def close(self) -> None:
        """Write the line, once everything is over."""
        seconds = time.monotonic() - self.began
        if self.open:
            metrics.SOCKETS.dec()
        view, method = self._view(), self._method()
        status = self.status or CLIENT_GONE
        if method != "WS":
            metrics.count_request(view, method, status, seconds)
        level = logging.DEBUG if view in QUIET and status < 400 else logging.INFO
        path = quote(self.scope["path"][:MOST_PATH])  # a line cannot be broken with it; handlers take tokens out
        fields = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1)}
        if self.facts.user is not None:
            fields["user"] = self.facts.user
        if self.facts.refusal:
            fields["refusal"] = self.facts.refusal
        person = "" if self.facts.user is None else f" user {self.facts.user}"
        why = f": {self.facts.refusal}" if self.facts.refusal else ""
        line = "%s %s %d %.1f ms%s%s"
        log.log(level, line, method, path, status, seconds * 1000, person, why, extra={"fields": fields})

    def _view(self) -> str:
        path = self.scope["path"]
        if path.startswith(settings.STATIC_URL):
            return "static"
        if path == metrics.PATH:
            return "metrics"
        return self.facts.view or "none"

    def _method(self) -> str:
        if self.scope["type"] == "websocket":
            return "WS"
        method: str = self.scope["method"]
        return method if method in METHODS else "OTHER"
