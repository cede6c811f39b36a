"""Cookie of a visitor who has typed the password of a share link: signed, for that link's addresses alone."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portraits.models import ShareLink

SECONDS = 12 * 3600
"""Time for which the password is not asked for again."""
VALUE = "right"


def set_on(response: HttpResponse, link: ShareLink, token: str) -> None:
    """Set the cookie: the browser sends it with the link's page and files, and pages of other sites cannot use it."""
    response.set_cookie(
        settings.LINK_COOKIE_NAME,
        _signer(link).sign(VALUE),
        max_age=SECONDS,
        path=reverse("share", args=[token]),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_right(request: HttpRequest, link: ShareLink) -> bool:
    """Whether the request has the cookie of this link and its password."""
    try:
        return _signer(link).unsign(request.COOKIES.get(settings.LINK_COOKIE_NAME, ""), max_age=SECONDS) == VALUE
    except BadSignature:
        return False


def _signer(link: ShareLink) -> TimestampSigner:
    return TimestampSigner(salt=f"portraits.sharing.password_cookie {link.pk} {link.password}")
