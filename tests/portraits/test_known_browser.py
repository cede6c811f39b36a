"""The cookie of a browser in which a user has signed in before."""

from __future__ import annotations

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from gazesite.own_cookies import MOST_VALUE_BYTES
from portraits import known_browser
from portraits.models import User
from tests.portraits.test_accounts import sign_in

EMAIL = "owner@example.com"


def cookie_for(email: str = EMAIL) -> str:
    response = HttpResponse()
    known_browser.remember(response, email)
    return response.cookies["known"].value


def number(cookie: str, email: str = EMAIL) -> str | None:
    request = RequestFactory().get("/")
    request.COOKIES["known"] = cookie
    return known_browser.number(request, email)


def test_a_browser_is_known_by_its_number() -> None:
    first, second = cookie_for(), cookie_for()
    assert number(first) == number(first, "Owner@Example.com")
    assert None not in (number(first), number(second))
    assert number(first) != number(second)


@pytest.mark.parametrize("cookie", ["", "nonsense", "a:b:c", signing.dumps(["a", "b"])])
def test_a_made_up_cookie_makes_no_browser_known(cookie: str) -> None:
    assert number(cookie) is None


def test_it_is_for_one_account() -> None:
    assert number(cookie_for(), "stranger@example.com") is None


def test_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = cookie_for()
    monkeypatch.setattr(known_browser, "SECONDS", -1)
    assert number(cookie) is None


def test_where_the_site_has_tls_it_travels_by_tls_only(settings: Settings) -> None:
    settings.SECURE = True
    response = HttpResponse()
    known_browser.remember(response, EMAIL)
    assert response.cookies["known"]["secure"]


def test_the_cookie_of_a_known_browser_is_for_this_site_only_and_names_nobody(anonymous: Client, owner: User) -> None:
    sign_in(anonymous, owner.email)
    cookie = anonymous.cookies["known"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert owner.email not in cookie.value
    assert len(cookie.value) <= MOST_VALUE_BYTES
