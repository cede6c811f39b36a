"""Page with only a shared portrait, for iframes on other sites."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portraits.models import Portrait, ShareLink, User
from tests.portraits import factories


@pytest.fixture
def address(portrait: Portrait) -> str:
    return reverse("share-embed", args=[ShareLink.create_for(portrait)[1]])


def assert_frameable(answer: HttpResponse) -> None:
    assert "X-Frame-Options" not in answer
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert answer["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_any_page_may_frame_it(anonymous: Client, address: str) -> None:
    answer = anonymous.get(address)
    assert answer.status_code == 200
    assert_frameable(answer)
    assert '<gaze-tracker src="../manifest.json"' in answer.content.decode()


def test_the_rest_of_the_policy_holds(anonymous: Client, address: str) -> None:
    policy = anonymous.get(address)["Content-Security-Policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "form-action 'self'", "base-uri 'none'"):
        assert directive in policy


def test_no_cookie_is_read_or_set(anonymous: Client, as_owner: Client, address: str) -> None:
    answers = [client.get(address) for client in (anonymous, as_owner)]
    assert answers[0].content == answers[1].content
    assert not any(answer.cookies for answer in answers)


def test_case_27_it_is_kept_for_a_minute_at_most(anonymous: Client, address: str) -> None:
    assert anonymous.get(address)["Cache-Control"] == "public, max-age=60"


def test_it_holds_nothing_but_the_portrait_and_a_way_to_its_page(
    anonymous: Client, portrait: Portrait, address: str
) -> None:
    text = anonymous.get(address).content.decode()
    assert portrait.title not in text
    assert "<form" not in text
    assert re.findall(r'<a href="([^"]+)"', text) == [address.removesuffix("embed/")]


def test_a_dead_link_says_so_in_the_frame(anonymous: Client, address: str) -> None:
    ShareLink.objects.get().revoke()
    answer = anonymous.get(address)
    assert answer.status_code == 404
    assert_frameable(answer)
    assert answer["Cache-Control"] == "private, no-store"
    assert "This link leads nowhere" in answer.content.decode()


def test_before_there_is_something_to_show_it_looks_again(anonymous: Client, owner: User) -> None:
    _, token = ShareLink.create_for(factories.session(factories.portrait(owner)).portrait)
    text = anonymous.get(reverse("share-embed", args=[token])).content.decode()
    assert '<meta http-equiv="refresh"' in text
    assert "<gaze-tracker" not in text


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_is_only_read(anonymous: Client, address: str, method: str) -> None:
    assert getattr(anonymous, method)(address).status_code == 405
