"""Template tags of the account pages."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from portraits.accounts.session_store import SessionStore
from portraits.models.browser import GUEST_KEY
from portraits.templatetags.accounts import has_guest, sends_mail
from tests.portraits import factories


@pytest.mark.parametrize("has_mail", [True, False])
def test_it_is_what_the_settings_say(settings: Settings, has_mail: bool) -> None:
    settings.HAS_MAIL = has_mail
    assert sends_mail() is has_mail


def test_a_browser_has_a_guest_as_long_as_their_time_lasts(db: None) -> None:
    guest, request = factories.guest(), RequestFactory().get("/")
    request.session = SessionStore()
    assert not has_guest({"request": request})
    request.session[GUEST_KEY] = guest.pk
    assert has_guest({"request": request})
    guest.ban()
    assert not has_guest({"request": request})
