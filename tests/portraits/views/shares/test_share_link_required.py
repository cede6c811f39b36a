"""Check of the link before all views below it. The views' own tests are test_share*.py."""

from __future__ import annotations

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from portraits.http.throttle import GUESSES
from portraits.models import Portrait, ShareLink
from portraits.views.shares.share_link_required import share_link_required


@share_link_required
def shown(request: HttpRequest, link: ShareLink, token: str, name: str = "") -> HttpResponse:
    if name == "nothing":
        raise Http404
    return HttpResponse(f"{link.pk} {token} {name}")


@pytest.fixture
def request_() -> HttpRequest:
    return RequestFactory().get("/s/…/")


def test_the_view_gets_the_link_and_the_rest(request_: HttpRequest, portrait: Portrait) -> None:
    link, token = ShareLink.create_for(portrait)
    assert shown(request_, token=token, name="x").content.decode() == f"{link.pk} {token} x"


def test_what_the_view_does_not_find_is_no_guess(request_: HttpRequest, portrait: Portrait) -> None:
    _, token = ShareLink.create_for(portrait)
    for _ in range(2 * GUESSES.limit):
        assert shown(request_, token=token, name="nothing").status_code == 404
    assert shown(request_, token=token).status_code == 200


def test_a_blocked_address_costs_no_query(request_: HttpRequest, db: None, django_assert_num_queries: object) -> None:
    for number in range(GUESSES.limit):
        shown(request_, token=f"guess-{number}")
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert shown(request_, token="another").status_code == 429
