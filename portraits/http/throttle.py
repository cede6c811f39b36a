"""Rate limits by client address, counted in Django's cache.

The address is REMOTE_ADDR, the peer of the connection. Headers in which a proxy names its client are ignored here,
because anybody can send them: behind a proxy, all people share its address until the server is configured to trust
that one proxy and to set REMOTE_ADDR.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from portraits.http.client_address import network_of


def address_of(request: HttpRequest) -> str:
    """Address for which a request is counted: an IPv4 address, an IPv6 network, or "" for a local socket."""
    return network_of(request.META.get("REMOTE_ADDR", ""))


@dataclass(frozen=True)
class Throttle:
    """Rate limit of `limit` different items per window of `seconds`, for each address.

    A repeated item is not counted: a page with a dead link requests that link at every visit, and people behind one
    address visit it often.
    """

    name: str
    """Part of the cache keys."""
    limit: int
    """Different items in one window."""
    seconds: int
    """Length of a window."""

    def wait(self, address: str) -> int | None:
        """Seconds until the address may try again; None when it may try now."""
        if cache.get(self._key(address), 0) < self.limit:
            return None
        return self.seconds - int(time.time()) % self.seconds

    def count(self, address: str, item: str) -> None:
        """Count one try. item: identifies it among others, at most 100 ASCII characters."""
        key = self._key(address)
        if not cache.add(f"{key}:{item}", 1, self.seconds) or cache.add(key, 1, self.seconds):
            return
        try:
            cache.incr(key)
        except ValueError:  # a full cache has just dropped it
            cache.set(key, 1, self.seconds)

    def give_back(self, address: str) -> None:
        """Take back one counted try."""
        with suppress(ValueError):  # its window is over
            cache.decr(self._key(address))

    def _key(self, address: str) -> str:
        return f"throttle:{self.name}:{address}:{int(time.time()) // self.seconds}"


GUESSES = Throttle("share-guesses", limit=20, seconds=600)
"""Tokens that never belonged to a share link."""
PASSWORDS = Throttle("link-passwords", limit=20, seconds=600)
"""Wrong passwords of share links, from one address."""
PASSWORDS_OF_LINK = Throttle("passwords-of-link", limit=30, seconds=600)
"""Wrong passwords of one share link, from all addresses together; the link's id stands for the address."""
NEW_PASSWORDS = Throttle("new-link-passwords", limit=100, seconds=3600)
"""New share links with a password, each at the cost of a slow hash; the owner's id stands for the address."""
REPORTS = Throttle("reports", limit=5, seconds=3600)
"""Reports about shared portraits."""
PLACES = Throttle("places", limit=40, seconds=600)
"""Positions in photos at which a face is looked for, each at about half the cost of an upload."""


def allows_place(request: HttpRequest) -> bool:
    """Whether the address may point at one more position in a photo; counts the try."""
    return _allows(request, PLACES)


def allows_upload(request: HttpRequest) -> bool:
    """Whether the address may upload one more photo within the hour; counts the try."""
    return _allows(request, Throttle("uploads", limit=settings.UPLOADS_PER_ADDRESS, seconds=3600))


def allows_guest_upload(request: HttpRequest) -> bool:
    """Whether guests at the address may upload one more photo within the day; counts the try."""
    return _allows(request, Throttle("guest-uploads", limit=settings.GUEST_UPLOADS_PER_ADDRESS, seconds=24 * 3600))


def _allows(request: HttpRequest, throttle: Throttle) -> bool:
    """Whether the address may try once more, which is counted; always where the limit is 0."""
    if not throttle.limit:
        return True
    address = address_of(request)
    if throttle.wait(address) is not None:
        return False
    throttle.count(address, secrets.token_hex(8))
    return True
