"""ASGI applications of read-only sockets: a snapshot from the database on connect, then every change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.sessions.backends.base import SessionBase

from portraits.live.authorization import Credentials, Subscription
from portraits.live.handshake import Receive, Send, deny
from portraits.live.subscriptions import NOT_FOUND, subscribe
from portraits.models import User
from portraits.models.browser import GUEST_KEY


async def session_socket(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application: one page that watches one session of its owner.

    It is none of Channels' consumers: see docs/decisions/one-subscription.md.
    """
    await receive()  # its wish to connect; accepted in any case, because only then it can be told why it is closed
    await send({"type": "websocket.accept"})
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(_send_snapshots(scope, send))
        await _wait_for_disconnect(receive)
        sending.cancel()


async def unknown_socket(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """ASGI application: 404, where the server can say so in a handshake's answer."""
    await deny(scope, receive, send, 404)


async def _send_snapshots(scope: Mapping[str, Any], send: Send) -> None:
    code: int | None = NOT_FOUND
    credentials = await _credentials(scope)
    if credentials is not None:
        async with subscribe(Subscription(credentials, scope["url_route"]["kwargs"]["session_id"])) as subscriber:
            async for snapshot in subscriber:
                await send({"type": "websocket.send", "text": snapshot})
        code = subscriber.code
    await send({"type": "websocket.close", "code": code})


async def _credentials(scope: Mapping[str, Any]) -> Credentials | None:
    """Credentials of the cookie with which the socket was opened; None for a client without a user or guest."""
    user, cookie = scope["user"], scope["session"]
    if not user.is_authenticated:
        user = await database_sync_to_async(_guest)(cookie)
    if not isinstance(user, User) or cookie.row_key is None:
        return None
    return Credentials(user.pk, cookie.row_key, user.password)


def _guest(session: SessionBase) -> User | None:
    """The browser's guest, if any."""
    key = session.get(GUEST_KEY)
    return User.objects.guests().filter(pk=key).first() if key is not None else None


async def _wait_for_disconnect(receive: Receive) -> None:
    """Return once the page is gone. Nothing that it says changes anything."""
    while (await receive())["type"] != "websocket.disconnect":
        pass
