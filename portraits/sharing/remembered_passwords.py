"""Passwords of share links that were right lately, so that the same one costs no second slow hash.

Whoever knows a password may send it as often as they like: each hash would cost 0.3 s of a processor. The cache holds
a keyed hash, which tells nothing without SECRET_KEY.
"""

from __future__ import annotations

from django.core.cache import cache
from django.utils.crypto import salted_hmac

from portraits.models import ShareLink

SECONDS = 600
"""Time for which a right password is remembered."""


def remember(link: ShareLink, password: str) -> None:
    """Remember a password that was right."""
    cache.set(_key(link, password), True, SECONDS)


def remembers(link: ShareLink, password: str) -> bool:
    """Whether this password of the link was right lately. It is a guess like any other: count before, or limit it."""
    return bool(cache.get(_key(link, password)))


def _key(link: ShareLink, password: str) -> str:
    digest = salted_hmac("portraits.sharing.remembered_passwords", f"{link.password} {password}", algorithm="sha256")
    return f"link-password:{digest.hexdigest()}"
