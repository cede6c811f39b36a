"""Thumbnail of a portrait's photo."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from portraits.models import Portrait


def test_the_owner_sees_it_and_has_it_revalidated(as_owner: Client, portrait: Portrait) -> None:
    address = reverse("portrait-thumbnail", args=[portrait.pk])
    answer = as_owner.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "private" in answer["Cache-Control"]
    assert as_owner.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_for_a_stranger_it_is_not_there(as_stranger: Client, portrait: Portrait) -> None:
    assert as_stranger.get(reverse("portrait-thumbnail", args=[portrait.pk])).status_code == 404
    assert as_stranger.post(reverse("portrait-thumbnail", args=[portrait.pk])).status_code == 405
