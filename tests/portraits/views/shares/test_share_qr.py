"""QR code of a share link for its owner."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portraits.models import Portrait, ShareLink
from portraits.models.share import hash_token
from portraits.sharing import qr_code
from portraits.sharing.share_urls import ShareURLs


@pytest.fixture
def link(portrait: Portrait) -> ShareLink:
    return ShareLink.create_for(portrait)[0]


@pytest.fixture
def address(link: ShareLink) -> str:
    return reverse("share-qr", args=[link.pk])


def test_it_is_of_the_link_s_address_and_kept_nowhere(as_owner: Client, link: ShareLink, address: str) -> None:
    answer = as_owner.get(address)
    assert answer.content == qr_code.svg(ShareURLs(str(link.token)).page)
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_the_page_of_the_link_shows_it(as_owner: Client, link: ShareLink, address: str) -> None:
    assert f'<img src="{address}"' in as_owner.get(reverse("share-details", args=[link.pk])).content.decode()


def test_of_a_revoked_link_and_of_one_without_its_key_there_is_none(
    as_owner: Client, link: ShareLink, address: str
) -> None:
    ShareLink.objects.update(token_hash=hash_token("of another key"))
    assert as_owner.get(address).status_code == 404
    link.revoke()
    assert as_owner.get(address).status_code == 404


def test_it_is_nobody_else_s(as_stranger: Client, as_moderator: Client, anonymous: Client, address: str) -> None:
    assert as_stranger.get(address).status_code == 404
    assert as_moderator.get(address).status_code == 404
    assert anonymous.get(address).status_code == 302
