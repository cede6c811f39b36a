"""Limits on wrong passwords: a stranger's guesses slow the stranger, not the account's owner.

A network may guess a little, and so may all networks of one customer; all networks together may guess more. When
they have, only the first guess of a customer within a day is taken: strangers can make an account refuse themselves
and each other, and not its owner, who has made no wrong guess. Guesses from everywhere stay bounded, by the limit
for all networks and one for each customer.

Rates are allauth's (`settings.ACCOUNT_RATE_LIMITS`); a right password gives back what it has taken.
"""

from __future__ import annotations

from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import RateLimitUsage
from django.http import HttpRequest

from portraits.accounts import known_browser
from portraits.http.client_address import IPV6_CUSTOMER, network_of
from portraits.http.throttle import address_of
from portraits.models import User

KNOWN, ALL_KNOWN = "login_failed_known", "login_failed_all_known"
"""Rates for an account: from one browser in which it has signed in; from all such browsers together."""
UNKNOWN, CUSTOMER, ANYWHERE = "login_failed", "login_failed_customer", "login_failed_anywhere"
"""Rates for an account: from one network; from all networks of one customer; from all networks together."""
FIRST = "login_failed_first"
"""Rate of the guesses from one customer that are taken whatever others have guessed."""


def take(request: HttpRequest, email: str) -> RateLimitUsage | None:
    """Usage of one try to sign in, or None when there have been too many.

    Only who may still guess from their own network counts for all networks.
    """
    browser = _browser(request, email)
    if browser is not None:
        return _joined(_consume(request, KNOWN, f"{email}|{browser}"), _consume(request, ALL_KNOWN, email))
    here = _consume(request, UNKNOWN, _network(request, email))
    customer = _consume(request, CUSTOMER, _customer(request, email)) if here else None
    return _joined(here, customer, _take_anywhere(request, email) if customer else None)


def _take_anywhere(request: HttpRequest, email: str) -> RateLimitUsage | None:
    """Usage of one try of all networks; a customer's first is counted and taken even where it is one too many."""
    first = _consume(request, FIRST, _customer(request, email))
    anywhere = _consume(request, ANYWHERE, email)
    return _joined(*filter(None, (first, anywhere))) if first or anywhere else None


def forgive(request: HttpRequest, email: str) -> None:
    """Forget the guesses at an old password, once there is a new one."""
    customer = _customer(request, email)
    keys = {UNKNOWN: _network(request, email), CUSTOMER: customer, FIRST: customer, ANYWHERE: email, ALL_KNOWN: email}
    for action, key in keys.items():
        ratelimit.clear(request, app="allauth.account", action=action, key=key)


def _browser(request: HttpRequest, email: str) -> str | None:
    """Name of a known browser, or of one in which they are signed in and are asked for the password again."""
    user = request.user
    if isinstance(user, User) and user.email == email:
        return f"user {user.pk}"
    return known_browser.number(request, email)


def _network(request: HttpRequest, email: str) -> str:
    return f"{email}|{address_of(request)}"


def _customer(request: HttpRequest, email: str) -> str:
    return f"{email}|{network_of(request.META.get('REMOTE_ADDR', ''), IPV6_CUSTOMER)}"


def _consume(request: HttpRequest, action: str, key: str) -> RateLimitUsage | None:
    return ratelimit.consume(request, app="allauth.account", action=action, key=key)


def _joined(*usages: RateLimitUsage | None) -> RateLimitUsage | None:
    """Sum of them; None where one of them is None."""
    found = [usage for usage in usages if usage]
    return RateLimitUsage([single for usage in found for single in usage.usage]) if len(found) == len(usages) else None
