"""Cookie of a visitor who has typed the password of a share link."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from gazesite.middleware.own_cookies import MAX_VALUE_LENGTH
from portraits.models import Portrait, ShareLink
from portraits.sharing import password_cookie


@pytest.fixture
def link(portrait: Portrait) -> ShareLink:
    return ShareLink.create_for(portrait, password="open sesame")[0]


def cookie_of(link: ShareLink) -> str:
    response = HttpResponse()
    password_cookie.set_on(response, link, str(link.token))
    value: str = response.cookies[settings.LINK_COOKIE_NAME].value
    return value


def with_cookie(value: str) -> HttpRequest:
    request = RequestFactory().get("/s/…/")
    request.COOKIES[settings.LINK_COOKIE_NAME] = value
    return request


def test_it_opens_its_own_link(link: ShareLink, portrait: Portrait) -> None:
    value = cookie_of(link)
    assert len(value) <= MAX_VALUE_LENGTH
    assert password_cookie.is_right(with_cookie(value), link)
    other, _ = ShareLink.create_for(portrait, password="open sesame")
    assert not password_cookie.is_right(with_cookie(value), other)


@pytest.mark.parametrize("value", ["", "right", "right:1:x", password_cookie.VALUE + ":" * 100])
def test_a_made_up_one_opens_nothing(link: ShareLink, value: str) -> None:
    assert not password_cookie.is_right(with_cookie(value), link)
    assert not password_cookie.is_right(RequestFactory().get("/"), link)


def test_it_ends_with_its_time_and_with_the_password(link: ShareLink, monkeypatch: pytest.MonkeyPatch) -> None:
    value = cookie_of(link)
    link.password = "another hash"
    assert not password_cookie.is_right(with_cookie(value), link)
    link.refresh_from_db()
    assert password_cookie.is_right(with_cookie(value), link)
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + password_cookie.SECONDS + 2)
    assert not password_cookie.is_right(with_cookie(value), link)


def test_it_goes_over_https_alone_where_the_site_does(link: ShareLink, settings: Settings) -> None:
    settings.SECURE = True
    response = HttpResponse()
    password_cookie.set_on(response, link, "token")
    assert response.cookies[settings.LINK_COOKIE_NAME]["secure"]
