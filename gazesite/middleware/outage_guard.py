"""ASGI middleware that answers outages outside Django's handler: while a body is spooled or a socket is opened."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass

from csp.utils import build_policy
from django.core.handlers.asgi import ASGIRequest

from gazesite.asgi_types import App, Message, Receive, Scope, Send
from portraits.http import outages
from portraits.http.outages import Outage
from portraits.live.subscriptions import TRY_AGAIN

log = logging.getLogger(__name__)


class OutageGuard:
    """ASGI middleware: 503 for an outage. Other exceptions, and those after an answer has begun, are raised again."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = _Sent(send)
        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            outage = outages.outage_of(error)
            if outage is None or scope["type"] not in ("http", "websocket") or sent.over:
                raise
            log.exception("503 %s", scope["path"])
            if scope["type"] == "http":
                await _answer(scope, send, outage)
            else:
                await _close(send, accepted=sent.accepted)


@dataclass
class _Sent:
    """ASGI send that records how much of an answer has been sent."""

    send: Send
    accepted: bool = False
    over: bool = False

    async def __call__(self, message: Message) -> None:
        self.accepted |= message["type"] == "websocket.accept"
        self.over |= message["type"] in ("http.response.start", "websocket.close")
        await self.send(message)


async def _answer(scope: Scope, send: Send, outage: Outage) -> None:
    answer = outages.response(ASGIRequest(dict(scope), io.BytesIO()), outage)
    answer["Content-Security-Policy"] = build_policy()
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Length"] = str(len(answer.content))
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.content})


async def _close(send: Send, *, accepted: bool) -> None:
    """Close the socket with TRY_AGAIN; it is accepted first, because a close code exists only after that."""
    if not accepted:
        await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": TRY_AGAIN})
