"""Read-only sockets: a snapshot from the database on connect, then every change."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from portraits import progress
from portraits.models import Session, User

NOT_YOURS = 4404
"""Closing code for whatever is not there for this person; says no more than a 404."""

CHECK_SECONDS = 4.0
"""How often a quiet socket looks whether its person may still watch."""


class ProgressConsumer(AsyncJsonWebsocketConsumer):
    """One page that watches one session of its owner."""

    session_id: UUID
    user_id: int | None = None
    _checking: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self.session_id = self.scope["url_route"]["kwargs"]["session_id"]
        first = await self._snapshot()
        await self.accept()
        if first is None:
            await self.close(code=NOT_YOURS)
            return
        await self.channel_layer.group_add(progress.session_group(self.session_id), self.channel_name)
        await self.channel_layer.group_add(progress.user_group(self.user_id or 0), self.channel_name)
        # Read again: what changed before the groups were joined was told to nobody.
        await self.send_json(await self._snapshot() or first)
        self._checking = asyncio.create_task(self._keep_checking())

    async def disconnect(self, code: int) -> None:
        if self._checking is not None:
            self._checking.cancel()
            with suppress(asyncio.CancelledError):
                await self._checking
        await self.channel_layer.group_discard(progress.session_group(self.session_id), self.channel_name)
        await self.channel_layer.group_discard(progress.user_group(self.user_id or 0), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nothing that a page says changes anything."""

    async def progress(self, event: dict[str, Any]) -> None:
        await self.send_json(event["snapshot"])

    async def check_access(self, event: dict[str, Any]) -> None:
        if await self._snapshot() is None:
            await self.close(code=NOT_YOURS)

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.check_access({})

    async def _snapshot(self) -> dict[str, Any] | None:
        """None when this person may not watch, or no longer: asked anew each time, from the rows."""
        user = await get_user(self.scope)
        if not isinstance(user, User) or not user.is_active or not await self._logged_in():
            return None
        self.user_id = user.pk
        return await self._read(user)

    @database_sync_to_async
    def _logged_in(self) -> bool:
        """A log-out deletes the cookie's session; the scope's copy would live on."""
        cookie = self.scope["session"]
        return bool(cookie.session_key) and cookie.exists(cookie.session_key)

    @database_sync_to_async
    def _read(self, user: User) -> dict[str, Any] | None:
        sessions = Session.objects.visible_to(user).select_related("portrait", "shown").prefetch_related("renders")
        session = sessions.filter(pk=self.session_id).first()
        return None if session is None else progress.snapshot(session)
