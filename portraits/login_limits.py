"""Limits on wrong passwords: a stranger's guesses slow the stranger, not the account's owner.

Rates are allauth's (`settings.ACCOUNT_RATE_LIMITS`); a right password gives back what it has taken.
"""

from __future__ import annotations

from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import RateLimitUsage
from django.http import HttpRequest

from portraits import known_browser
from portraits.models import User
from portraits.throttle import address_of

KNOWN, UNKNOWN, ANYWHERE = "login_failed_known", "login_failed", "login_failed_anywhere"
"""Rates for an account: from one browser in which it has signed in; from one network; from all networks together."""


def take(request: HttpRequest, email: str) -> RateLimitUsage | None:
    """One try to sign in, or None when there have been too many.

    Only who may still guess from their own network counts for all networks.
    """
    browser = _browser(request, email)
    if browser is not None:
        return _consume(request, KNOWN, f"{email}|{browser}")
    here = _consume(request, UNKNOWN, _from_here(request, email))
    anywhere = _consume(request, ANYWHERE, email) if here else None
    return RateLimitUsage([*here.usage, *anywhere.usage]) if here and anywhere else None


def forgive(request: HttpRequest, email: str) -> None:
    """Forget the guesses at an old password, once there is a new one."""
    ratelimit.clear(request, app="allauth.account", action=UNKNOWN, key=_from_here(request, email))
    ratelimit.clear(request, app="allauth.account", action=ANYWHERE, key=email)


def _browser(request: HttpRequest, email: str) -> str | None:
    """A name for a browser that is known; also of one where they are signed in and are asked for it once more."""
    user = request.user
    if isinstance(user, User) and user.email == email:
        return f"user {user.pk}"
    return known_browser.number(request, email)


def _from_here(request: HttpRequest, email: str) -> str:
    return f"{email}|{address_of(request)}"


def _consume(request: HttpRequest, action: str, key: str) -> RateLimitUsage | None:
    return ratelimit.consume(request, app="allauth.account", action=action, key=key)
