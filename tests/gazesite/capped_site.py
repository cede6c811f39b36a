"""A small Django site behind the cap on bodies, on the site's server; its pages say what they got.

Run with PORT, SECONDS for a body, connections from one address, SECONDS for headers. A request that makes
Twisted parse a form or a query ends it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from gazesite.asgi_types import Receive, Scope, Send
from gazesite.middleware.body_limits import BodyLimitMiddleware, BodyLimits
from gazesite.middleware.own_cookies import cookies
from gazesite.server.django_handler import DjangoHandler
from portraits.live.handshake import deny

LIMITS = BodyLimits(uploads={"/upload": 3 << 20})
LARGE = 64 << 20


def echo(request: HttpRequest) -> HttpResponse:
    files = [file for name in request.FILES for file in request.FILES.getlist(name)]
    size = sum(file.size or 0 for file in files)
    return JsonResponse({"fields": len(request.POST), "bytes": size, "prefix": request.META["SCRIPT_NAME"]})


async def large(_request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LARGE >> 18):
            yield bytes(1 << 18)

    return StreamingHttpResponse(pieces())


urlpatterns = [path("upload", echo), path("other", echo), path("large", large)]


async def user_of(scope: Scope) -> str | None:
    sent = cookies(scope["headers"]).get("sessionid", "")
    if sent == "slow":
        await asyncio.Event().wait()
    return sent if sent.startswith("valid") else None


async def sockets(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] not in ("/socket", "/talking-socket"):
        await deny(scope, receive, send, 404)
        return
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/talking-socket":
        await send({"type": "websocket.send", "text": "x" * 40_000})
    while (await receive())["type"] != "websocket.disconnect":
        pass


def application() -> Any:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="of a test",
        DATA_UPLOAD_MAX_NUMBER_FIELDS=50,
        DATA_UPLOAD_MAX_NUMBER_FILES=1,
        FILE_UPLOAD_MAX_MEMORY_SIZE=64 << 10,
        LOGGING_CONFIG=None,
    )
    django.setup(set_prefix=False)
    pages = BodyLimitMiddleware(
        DjangoHandler(), LIMITS, user_of=user_of, sign_in="/sign-in/", overall_seconds=float(sys.argv[2])
    )

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        await (sockets if scope["type"] == "websocket" else pages)(scope, receive, send)

    return both


def forbidden(*_arguments: Any) -> None:
    os.write(2, b"Twisted parsed what a stranger sent\n")
    os._exit(1)


if __name__ == "__main__":
    from twisted.web import http

    from gazesite.server import http_channel
    from gazesite.server.daphne_server import SiteServer

    http.parse_qs = http._getMultiPartArgs = http._parseContentType = forbidden
    http_channel.HEADER_SECONDS = float(sys.argv[4])
    SiteServer(
        application(),
        endpoints=[f"tcp:port={sys.argv[1]}:interface=127.0.0.1"],
        signal_handlers=False,
        connections=200,
        per_address=int(sys.argv[3]),
        ready_callable=lambda: print("ready", flush=True),  # noqa: T201
    ).run()
