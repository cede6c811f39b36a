"""Revocation of a share link."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portraits.models import Portrait, ShareLink


@pytest.fixture
def link(portrait: Portrait) -> ShareLink:
    return ShareLink.create_for(portrait)[0]


def address(link: ShareLink) -> str:
    return reverse("share-revoke", args=[link.pk])


def test_a_link_is_revoked_and_the_way_leads_back(as_owner: Client, link: ShareLink) -> None:
    answer = as_owner.post(address(link))
    assert answer.status_code == 302
    assert answer["Location"] == f"/portraits/{link.portrait_id}/#share"
    link.refresh_from_db()
    assert not link.is_live


def test_a_second_time_does_no_harm(as_owner: Client, link: ShareLink) -> None:
    as_owner.post(address(link))
    link.refresh_from_db()
    first = link.revoked_at
    assert as_owner.post(address(link)).status_code == 302
    link.refresh_from_db()
    assert link.revoked_at == first


def test_other_links_go_on(as_owner: Client, link: ShareLink) -> None:
    other, _ = ShareLink.create_for(link.portrait)
    as_owner.post(address(link))
    other.refresh_from_db()
    assert other.is_live


def test_the_page_s_script_gets_the_panel_alone(as_owner: Client, link: ShareLink) -> None:
    answer = as_owner.post(address(link), headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    text = answer.content.decode()
    assert text.lstrip().startswith('<section class="share-panel')
    assert address(link) not in text


def test_a_stranger_gets_404(as_stranger: Client, as_moderator: Client, link: ShareLink) -> None:
    for client in (as_stranger, as_moderator):
        assert client.post(address(link)).status_code == 404
    link.refresh_from_db()
    assert link.is_live


def test_nobody_is_sent_to_sign_in(anonymous: Client, link: ShareLink) -> None:
    assert anonymous.post(address(link))["Location"].startswith("/accounts/login/")
    link.refresh_from_db()
    assert link.is_live


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_post_revokes(as_owner: Client, link: ShareLink, method: str) -> None:
    assert getattr(as_owner, method)(address(link)).status_code == 405
    link.refresh_from_db()
    assert link.is_live
