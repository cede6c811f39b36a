"""Cookie of a browser in which a user has signed in before."""

from __future__ import annotations

import pytest
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils.crypto import salted_hmac
from pytest_django import Settings

from gazesite.middleware.own_cookies import MAX_VALUE_LENGTH
from portraits.accounts import known_browser
from portraits.models import User
from tests.portraits import factories
from tests.portraits.accounts.test_adapter import sign_in

EMAIL = "owner@example.com"


def request_with(cookie: str = "") -> HttpRequest:
    request = RequestFactory().get("/")
    request.COOKIES["known"] = cookie
    return request


def cookie_for(user: User, before: str = "") -> str:
    response = HttpResponse()
    known_browser.remember(request_with(before), response, user)
    return response.cookies["known"].value


def number(cookie: str, email: str = EMAIL) -> str | None:
    return known_browser.number(request_with(cookie), email)


def test_a_browser_is_known_by_its_number(owner: User) -> None:
    first, second = cookie_for(owner), cookie_for(owner)
    assert number(first) == number(first, "Owner@Example.com")
    assert None not in (number(first), number(second))
    assert number(first) != number(second)


def test_the_number_stays_from_one_sign_in_to_the_next(owner: User, stranger: User) -> None:
    first = cookie_for(owner)
    again = cookie_for(owner, before=cookie_for(stranger, before=first))
    assert number(again) == number(first) is not None


def test_a_cookie_outlives_a_move_of_the_module(owner: User) -> None:
    salt = "portraits.known_browser"
    account = salted_hmac(salt, f"{owner.pk} {owner.get_session_auth_hash()}").hexdigest()[:32]
    assert number(signing.dumps([account, "0123456789abcdef"], salt=salt)) == "0123456789abcdef"


def test_with_a_new_password_the_browser_is_unknown(owner: User) -> None:
    cookie = cookie_for(owner)
    owner.set_password("another long password")
    owner.save()
    assert number(cookie) is None


def test_a_new_account_of_the_same_address_does_not_know_the_browser(owner: User) -> None:
    cookie, email = cookie_for(owner), owner.email
    owner.delete()
    assert number(cookie) is None
    factories.user("owner")
    assert User.objects.get().email == email
    assert number(cookie) is None


@pytest.mark.parametrize("cookie", ["", "nonsense", "a:b:c", pytest.param(signing.dumps(["a", "b"]), id="signed")])
def test_a_made_up_cookie_makes_no_browser_known(owner: User, cookie: str) -> None:
    assert number(cookie) is None


def test_it_is_for_one_account(owner: User, stranger: User) -> None:
    assert number(cookie_for(owner), stranger.email) is None


def test_it_runs_out(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = cookie_for(owner)
    monkeypatch.setattr(known_browser, "SECONDS", -1)
    assert number(cookie) is None


def test_where_the_site_has_tls_it_travels_by_tls_only(owner: User, settings: Settings) -> None:
    settings.SECURE = True
    response = HttpResponse()
    known_browser.remember(request_with(), response, owner)
    assert response.cookies["known"]["secure"]


def test_the_cookie_of_a_known_browser_is_for_this_site_only_and_names_nobody(anonymous: Client, owner: User) -> None:
    sign_in(anonymous, owner.email)
    cookie = anonymous.cookies["known"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert owner.email not in cookie.value
    assert len(cookie.value) <= MAX_VALUE_LENGTH
