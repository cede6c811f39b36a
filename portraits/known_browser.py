"""Cookie of a browser in which a user has signed in with a password before.

A client that guesses a password from elsewhere does not have it, so that its guesses can be limited without
locking the account's owner out (OWASP: device cookies). The cookie does not sign its browser in.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

SALT = "portraits.known_browser"
SECONDS = 365 * 24 * 3600
"""Time for which a browser is known after its last sign-in."""


def remember(response: HttpResponseBase, email: str) -> None:
    """Set the cookie: who has just signed in there, as a keyed hash of their address, and the browser's own number."""
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps([_hashed(email), secrets.token_hex(8)], salt=SALT),
        max_age=SECONDS,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def number(request: HttpRequest, email: str) -> str | None:
    """The browser's number, where this account has signed in there; else None."""
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        known, browser = signing.loads(cookie, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    return str(browser) if known == _hashed(email) else None


def _hashed(email: str) -> str:
    return salted_hmac(SALT, email.lower()).hexdigest()[:32]
