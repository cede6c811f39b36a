"""Is whoever sends this request signed in? Asked before the body of an upload is read."""

from __future__ import annotations

from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY


async def is_signed_in(scope: MutableMapping[str, Any]) -> bool:
    """Whether the request carries the cookie of a session with a user. What they may do, the view decides."""
    cookie = _cookie(scope)
    return cookie is not None and await database_sync_to_async(_has_user)(cookie)


def _cookie(scope: MutableMapping[str, Any]) -> str | None:
    sent: SimpleCookie = SimpleCookie()
    try:
        for name, value in scope["headers"]:
            if name == b"cookie":
                sent.load(value.decode("latin-1"))
    except CookieError:
        return None
    found = sent.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else None


def _has_user(cookie: str) -> bool:
    store = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    return SESSION_KEY in store
