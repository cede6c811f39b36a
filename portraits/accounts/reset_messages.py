"""Limit on messages with which a password is reset: strangers who ask for a user's fill no mailbox."""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest

ACTION = "reset_password_message"
"""Rate of `settings.ACCOUNT_RATE_LIMITS` for an address."""


def take(request: HttpRequest, email: str) -> bool:
    """Whether one more message may be sent; where not, the links of those before it work."""
    allowed: bool = ratelimit.consume(request, action=ACTION, key=email)
    return allowed


def forget(request: HttpRequest, email: str) -> None:
    """Forget the messages that were sent, once a sign-in has ended their links."""
    ratelimit.clear(request, action=ACTION, key=email)
