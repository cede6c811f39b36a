"""Browsers that hold a cookie of ours, each with the person who is signed in there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from portraits.accounts.session_store import SessionStore
    from portraits.models.user import User


def hash_session_key(session_key: str) -> str:
    """SHA-256 of a cookie's value, hexadecimal: a random key of 165 bits needs no salt."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class BrowserSessions(BaseSessionManager["BrowserSession"]):
    def of(self, user: User) -> models.QuerySet[BrowserSession]:
        """Where this person is signed in."""
        return self.filter(user=user, expire_date__gt=timezone.now())


class BrowserSession(AbstractBaseSession):
    """Django's own session rows do not say whose they are, so that a ban would have to read them all.

    session_key: hash_session_key of the cookie's value. The value itself is kept by its browser only, so that
    rows that are leaked or guessed open no session. user: None while no user is signed in.
    """

    session_key = models.CharField("SHA-256 of the session key", max_length=64, primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="browser_sessions"
    )

    objects: ClassVar[BrowserSessions] = BrowserSessions()

    class Meta(AbstractBaseSession.Meta):
        verbose_name = "browser session"
        verbose_name_plural = "browser sessions"

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        from portraits.accounts.session_store import SessionStore

        return SessionStore
