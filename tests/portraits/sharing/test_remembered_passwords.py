"""Passwords of share links that were right lately."""

from __future__ import annotations

from django.core.cache import cache
from pytest_django import Settings

from portraits.models import Portrait, ShareLink
from portraits.sharing import remembered_passwords

RIGHT = "open sesame"


def test_a_password_is_remembered_for_its_link_alone(portrait: Portrait) -> None:
    link, _ = ShareLink.create_for(portrait, password=RIGHT)
    other, _ = ShareLink.create_for(portrait, password=RIGHT)
    assert not remembered_passwords.remembers(link, RIGHT)
    remembered_passwords.remember(link, RIGHT)
    assert remembered_passwords.remembers(link, RIGHT)
    assert not remembered_passwords.remembers(link, "open salad")
    assert not remembered_passwords.remembers(other, RIGHT)


def test_what_the_cache_holds_tells_nothing_without_the_site_s_key(portrait: Portrait, settings: Settings) -> None:
    link, _ = ShareLink.create_for(portrait, password=RIGHT)
    before = remembered_passwords._key(link, RIGHT)
    assert RIGHT not in before
    settings.SECRET_KEY = "another key"
    assert remembered_passwords._key(link, RIGHT) != before
    cache.clear()
