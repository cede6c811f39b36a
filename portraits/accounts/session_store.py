"""Session store that SESSION_ENGINE names: Django's, with hashed keys and the user in a column of its own."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from portraits.models import BrowserSession
from portraits.models.browser import GUEST_KEY, hash_session_key


class SessionStore(DatabaseStore):
    """`session_key` is the cookie's value, as everywhere in Django; its hash is the row's primary key.

    Every method of Django's that names a row is overridden, those for coroutines too: Channels calls them.
    """

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    @property
    def row_key(self) -> str | None:
        """Primary key of the row; None before there is a session."""
        return hash_session_key(self.session_key) if self.session_key else None

    def exists(self, session_key: str) -> bool:
        return super().exists(hash_session_key(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(hash_session_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        return self._as_stored(super().create_model_instance(data), data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        return self._as_stored(await super().acreate_model_instance(data), data)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(hash_session_key(key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            await super().adelete(hash_session_key(key))

    def _get_session_from_db(self) -> BrowserSession | None:
        return self._forget_unless(self._rows().first())

    async def _aget_session_from_db(self) -> BrowserSession | None:
        return self._forget_unless(await self._rows().afirst())

    def _rows(self) -> Any:
        return BrowserSession.objects.filter(pk=self.row_key, expire_date__gt=timezone.now())

    def _forget_unless(self, found: BrowserSession | None) -> BrowserSession | None:
        """Row, if any. A key without a row is not taken over: it would fix a session that an attacker planted."""
        if found is None:
            self._session_key = None
        return found

    def _as_stored(self, row: Any, data: dict[str, Any]) -> BrowserSession:
        row.session_key = self.row_key
        user_id = data.get(SESSION_KEY, data.get(GUEST_KEY))
        row.user_id = None if user_id is None else int(user_id)
        stored: BrowserSession = row
        return stored
