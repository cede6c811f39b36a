"""Cookie of a browser in which a user has signed in with a password before.

A client that guesses a password from elsewhere does not have it, so that its guesses can be limited without
locking the account's owner out (OWASP: device cookies). The cookie does not sign its browser in. It is bound to
the account and to its password: with a new one, or a new account of the same address, the browser is unknown.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from portraits.models import User

SALT = "portraits.known_browser"
"""Part of cookies that browsers keep for a year, and so it stays when this module moves."""
SECONDS = 365 * 24 * 3600
"""Time for which a browser is known after its last sign-in."""


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Set the cookie: a keyed hash of who has just signed in there, and the browser's own number, which stays."""
    _, browser = _read(request) or ("", secrets.token_hex(8))
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps([_hashed(user), browser], salt=SALT),
        max_age=SECONDS,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def number(request: HttpRequest, email: str) -> str | None:
    """The browser's number, where this account has signed in there with its present password; else None."""
    read = _read(request)
    user = User.objects.filter(email=email.lower()).first() if read else None
    if read is None or user is None:
        return None
    known, browser = read
    return browser if constant_time_compare(known, _hashed(user)) else None


def _read(request: HttpRequest) -> tuple[str, str] | None:
    """Hash and number of a cookie that this site has set."""
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        known, browser = signing.loads(cookie, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    return str(known), str(browser)


def _hashed(user: User) -> str:
    return salted_hmac(SALT, f"{user.pk} {user.get_session_auth_hash()}").hexdigest()[:32]
