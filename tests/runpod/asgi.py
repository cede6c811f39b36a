"""An ASGI application as a transport for blocking clients: its loop runs on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import httpx
from starlette.types import ASGIApp


class Loop:
    """One event loop on one thread, for any number of applications."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="asgi")
        self._thread.start()

    def call(self, app: ASGIApp, request: httpx.Request) -> httpx.Response:
        body = request.read()
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        future: Future[httpx.Response] = asyncio.run_coroutine_threadsafe(self._answer(app, sent), self._loop)
        return future.result(60)

    async def _answer(self, app: ASGIApp, request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        response = await transport.handle_async_request(request)
        body = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class AppTransport(httpx.BaseTransport):
    """app: over `loop`."""

    def __init__(self, app: ASGIApp, loop: Loop) -> None:
        self._app = app
        self._loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.call(self._app, request)
