"""Signed-in user of an ASGI request, looked up before the body of an upload is read."""

from __future__ import annotations

from importlib import import_module

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from gazesite.asgi_types import Scope
from gazesite.middleware.own_cookies import cookies


async def signed_in_user(scope: Scope) -> str | None:
    """Primary key of the user whom the session cookie signs in, or None. The view decides what that user may do.

    The look-up runs in another thread. Raises django.db.Error while the database does not answer.
    """
    cookie = cookies(scope["headers"]).get(settings.SESSION_COOKIE_NAME)
    if not cookie:
        return None
    user: str | None = await database_sync_to_async(_user_key)(cookie)
    return user


def _user_key(cookie: str) -> str | None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    user = get_user(request)
    return str(user.pk) if user.is_authenticated else None
