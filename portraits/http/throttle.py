"""How often one address may try something, counted in Django's cache.

The address is REMOTE_ADDR: whom the server itself talks to. Headers in which a proxy names its
client are never believed here, because anybody can send them: behind a proxy, all people share
its address until the server is told to trust that proxy, and only that one, and to set REMOTE_ADDR.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from portraits.http.client_address import network_of


def address_of(request: HttpRequest) -> str:
    """Whom to count: an IPv4 address, an IPv6 network, or nothing for a local socket."""
    return network_of(request.META.get("REMOTE_ADDR", ""))


@dataclass(frozen=True)
class Throttle:
    """Limit of `most` different things in each stretch of `seconds`, for each address.

    The same thing again is not counted: a page with a dead link in it asks for that link at every
    visit, and people behind one address visit it often.
    """

    name: str
    most: int
    seconds: int

    def wait(self, address: str) -> int | None:
        """Seconds until the address may try again; None when it may now."""
        if cache.get(self._key(address), 0) < self.most:
            return None
        return self.seconds - int(time.time()) % self.seconds

    def count(self, address: str, thing: str) -> None:
        """One try. `thing`: what tells it from others, at most 100 plain characters."""
        key = self._key(address)
        if not cache.add(f"{key}:{thing}", 1, self.seconds) or cache.add(key, 1, self.seconds):
            return
        try:
            cache.incr(key)
        except ValueError:  # a full cache has just dropped it
            cache.set(key, 1, self.seconds)

    def _key(self, address: str) -> str:
        return f"throttle:{self.name}:{address}:{int(time.time()) // self.seconds}"


GUESSES = Throttle("share-guesses", most=20, seconds=600)
"""Tokens of share links that never were any."""
REPORTS = Throttle("reports", most=5, seconds=3600)
PLACES = Throttle("places", most=40, seconds=600)
"""Places in photos that are searched for a face, each at the cost of about half an upload."""


def allows_place(request: HttpRequest) -> bool:
    """Whether the address may point at one more place of a photo; counts it."""
    address = address_of(request)
    if PLACES.wait(address) is not None:
        return False
    PLACES.count(address, secrets.token_hex(8))
    return True


def allows_upload(request: HttpRequest) -> bool:
    """Whether the address may upload one more photo within the hour; counts it."""
    if not settings.UPLOADS_PER_ADDRESS:
        return True
    uploads = Throttle("uploads", most=settings.UPLOADS_PER_ADDRESS, seconds=3600)
    address = address_of(request)
    if uploads.wait(address) is not None:
        return False
    uploads.count(address, secrets.token_hex(8))
    return True
