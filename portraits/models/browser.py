"""Sessions of browsers, each with the user who is signed in there or its guest (docs/decisions/browser-sessions.md)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.utils import timezone
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from portraits.models.user import User

GUEST_KEY = "guest"
"""Key of a session's data with the primary key of the browser's guest."""


def hash_session_key(session_key: str) -> str:
    """SHA-256 of a cookie's value, hexadecimal: a random key of 165 bits needs no salt."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class BrowserSessionManager(BaseSessionManager["BrowserSession"]):
    def for_user(self, user: User) -> models.QuerySet[BrowserSession]:
        """Sessions that have not expired of the browsers in which this user is signed in."""
        return self.filter(user=user, expire_date__gt=timezone.now())


class BrowserSession(AbstractBaseSession):
    """Session of one browser. Django's own rows do not name their user, so that a ban would have to read them all."""

    session_key = models.CharField("SHA-256 of the session key", max_length=64, primary_key=True)
    """hash_session_key of the cookie's value, which its browser alone keeps: leaked rows open no session."""
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="browser_sessions"
    )
    """User who is signed in, else the browser's guest; None while there is neither."""

    objects: ClassVar[BrowserSessionManager] = BrowserSessionManager()

    class Meta(AbstractBaseSession.Meta):
        verbose_name = "browser session"
        verbose_name_plural = "browser sessions"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Session store that SESSION_ENGINE names: it is built upon these rows, so that they cannot import it."""
        store: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        return store
