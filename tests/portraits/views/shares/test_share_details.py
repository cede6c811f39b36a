"""Page of one share link for its owner."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portraits.files import element_versions, storage
from portraits.models import Portrait, Session, ShareLink
from portraits.models.share import hash_token
from portraits.sharing.element_script import CURRENT


@pytest.fixture
def link(portrait: Portrait) -> ShareLink:
    return ShareLink.create_for(portrait, name="Granny")[0]


@pytest.fixture
def address(link: ShareLink) -> str:
    return reverse("share-details", args=[link.pk])


def test_it_shows_the_address_and_what_to_put_on_other_pages(
    as_owner: Client, link: ShareLink, session: Session, address: str
) -> None:
    page = as_owner.get(address)
    text = page.content.decode()
    assert (page.status_code, page["Cache-Control"]) == (200, "private, no-store")
    assert f"/s/{link.token}/" in text
    assert "<bdi>Granny</bdi>" in text
    assert "&lt;gaze-tracker src=" in text
    assert "&lt;iframe src=" in text
    assert reverse("share-revoke", args=[link.pk]) in text


def test_the_script_that_its_snippet_names_is_kept(
    as_owner: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(element_versions, "_kept", set())
    as_owner.get(address)
    assert list(storage.keys(f"element/{CURRENT.version}/"))


@pytest.mark.parametrize("over", ["revoked", "deleted"])
def test_it_is_gone_with_its_link(as_owner: Client, link: ShareLink, address: str, over: str) -> None:
    if over == "revoked":
        link.revoke()
    else:
        link.delete()
    assert as_owner.get(address).status_code == 404


def test_of_a_hidden_portrait_it_offers_nothing_that_does_not_work(
    as_owner: Client, portrait: Portrait, link: ShareLink, address: str
) -> None:
    portrait.hide("a report")
    text = as_owner.get(address).content.decode()
    assert "the link shows nothing until it is restored" in text
    assert "/s/" not in text
    assert as_owner.post(reverse("share-revoke", args=[link.pk])).status_code == 302


def test_without_the_key_of_its_token_it_says_why_there_is_no_address(as_owner: Client, address: str) -> None:
    ShareLink.objects.update(token_hash=hash_token("of another key"))
    text = as_owner.get(address).content.decode()
    assert "its address cannot be shown any more" in text
    assert "/s/" not in text


def test_it_is_only_read_and_by_its_owner(
    as_owner: Client, as_stranger: Client, as_moderator: Client, address: str
) -> None:
    assert as_owner.post(address).status_code == 405
    assert as_stranger.get(address).status_code == 404
    assert as_moderator.get(address).status_code == 404
