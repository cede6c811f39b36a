"""Manifest of a shared portrait, for pages of any origin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portraits.models import Portrait, Session, ShareLink, User
from tests.portraits import factories

FOREIGN = {"Origin": "https://elsewhere.example"}


@pytest.fixture
def address(portrait: Portrait) -> str:
    _, token = ShareLink.create_for(portrait)
    return reverse("share-manifest", args=[token])


def test_pages_of_any_origin_may_read_it_without_cookies(anonymous: Client, address: str) -> None:
    answer = anonymous.get(address, headers=FOREIGN)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in answer.get("Vary", "")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_case_35_it_says_that_the_portrait_is_synthetic(anonymous: Client, address: str) -> None:
    assert anonymous.get(address).json()["synthetic"] is True


def test_it_grows_while_the_portrait_is_made(anonymous: Client, rendering: Session) -> None:
    _, token = ShareLink.create_for(rendering.portrait)
    address = reverse("share-manifest", args=[token])
    first = anonymous.get(address)
    assert (first.json()["complete"], [level["name"] for level in first.json()["levels"]]) == (False, ["preview"])
    output = rendering.shown
    assert output is not None
    factories.store_level(output, ["preview", "mobile", "full"], complete=True)
    assert output.render.finish(output)
    grown = anonymous.get(address, headers={"If-None-Match": first["ETag"]})
    assert grown.status_code == 200
    assert (grown.json()["complete"], len(grown.json()["levels"])) == (True, 3)


def test_everything_that_it_lists_can_be_fetched_beside_it(anonymous: Client, address: str) -> None:
    manifest = anonymous.get(address).json()
    names = factories.listed(manifest)
    assert len(names) == 12
    for name in names:
        assert anonymous.get(address.replace("manifest.json", name)).status_code == 200


def test_there_is_none_before_there_is_something_to_show(anonymous: Client, owner: User) -> None:
    _, token = ShareLink.create_for(factories.session(factories.portrait(owner)).portrait)
    answer = anonymous.get(reverse("share-manifest", args=[token]))
    assert answer.status_code == 404
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_what_the_browser_has_is_not_sent_again(anonymous: Client, address: str) -> None:
    first = anonymous.get(address)
    again = anonymous.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Access-Control-Allow-Origin"] == "*"
    assert again["Cache-Control"] == "public, max-age=60"


def test_head_says_the_same_without_the_body(anonymous: Client, address: str) -> None:
    whole, head = anonymous.get(address), anonymous.head(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == whole["ETag"]
    assert head["Content-Length"] == str(len(whole.content))


def test_a_preflight_is_allowed_without_credentials(anonymous: Client, address: str) -> None:
    answer = anonymous.options(
        address,
        headers={**FOREIGN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"},
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert answer["Allow"] == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in answer


def test_case_27_a_preflight_of_a_dead_link_is_404(anonymous: Client, address: str) -> None:
    ShareLink.objects.get().revoke()
    assert anonymous.options(address).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_is_only_read(anonymous: Client, address: str, method: str) -> None:
    assert getattr(anonymous, method)(address).status_code == 405
