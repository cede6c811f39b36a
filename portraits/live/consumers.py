"""Read-only sockets: a snapshot from the database on connect, then every change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from portraits.live.authorization import Login, Watch
from portraits.live.handshake import Receive, Send, deny
from portraits.live.subscriptions import NOT_YOURS, watching
from portraits.models import User


async def watch_progress(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application: one page that watches one session of its owner.

    None of Channels' consumers: each would have a channel of its own, and a trip to another thread for every message.
    """
    await receive()  # its wish to connect; accepted in any case, because only then it can be told why it is closed
    await send({"type": "websocket.accept"})
    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(_tell(scope, send))
        await _until_gone(receive)
        telling.cancel()


async def no_such_socket(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application: 404, where the server can say so in a handshake's answer."""
    await deny(scope, receive, send, 404)


async def _tell(scope: Mapping[str, Any], send: Send) -> None:
    code: int | None = NOT_YOURS
    login = _login(scope)
    if login is not None:
        async with watching(Watch(login, scope["url_route"]["kwargs"]["session_id"])) as watcher:
            async for snapshot in watcher:
                await send({"type": "websocket.send", "text": snapshot})
        code = watcher.code
    await send({"type": "websocket.close", "code": code})


def _login(scope: Mapping[str, Any]) -> Login | None:
    """Login of the cookie with which the socket was opened; None for an anonymous client."""
    user, cookie = scope["user"], scope["session"]
    if not isinstance(user, User) or cookie.row_key is None:
        return None
    return Login(user.pk, cookie.row_key, user.password)


async def _until_gone(receive: Receive) -> None:
    """Nothing that a page says changes anything."""
    while (await receive())["type"] != "websocket.disconnect":
        pass
