"""Page that deletes a portrait, after one question."""

from __future__ import annotations

import pytest
from django.test import Client

from portraits import deletion
from portraits.files import storage
from portraits.models import PendingDeletion, Portrait, Session


def url(portrait: Portrait) -> str:
    return f"/portraits/{portrait.pk}/delete/"


def test_it_asks_first(as_owner: Client, portrait: Portrait) -> None:
    page = as_owner.get(url(portrait)).content.decode()
    assert "Delete “Eileen”?" in page
    assert f'href="{portrait.get_absolute_url()}"' in page
    assert Portrait.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_then_nothing_of_it_is_left(as_owner: Client, portrait: Portrait) -> None:
    answer = as_owner.post(url(portrait), follow=True)
    assert answer.redirect_chain == [("/portraits/", 302)]
    assert "“Eileen” has been deleted." in answer.content.decode()
    assert not Portrait.objects.exists()
    assert not Session.objects.exists()
    assert list(storage.keys()) == []


def test_where_storage_is_away_it_is_erased_later(as_owner: Client, portrait: Portrait) -> None:
    as_owner.post(url(portrait))
    assert PendingDeletion.objects.count() == 3
    deletion.delete_pending_files()
    assert list(storage.keys()) == []


def test_a_stranger_gets_404(as_stranger: Client, portrait: Portrait) -> None:
    assert as_stranger.get(url(portrait)).status_code == 404
    assert as_stranger.post(url(portrait)).status_code == 404
    assert Portrait.objects.exists()


def test_other_methods_are_refused(as_owner: Client, portrait: Portrait) -> None:
    assert as_owner.put(url(portrait)).status_code == 405
    assert as_owner.delete(url(portrait)).status_code == 405
