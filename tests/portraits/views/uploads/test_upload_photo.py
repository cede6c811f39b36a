"""Photo and thumbnail of an upload."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portraits.models import Upload, User
from tests.portraits import factories


@pytest.fixture
def upload(owner: User) -> Upload:
    return factories.upload(owner)


@pytest.mark.parametrize("name", ["photo.webp", "thumbnail.webp"])
def test_its_owner_sees_it_and_nobody_else(as_owner: Client, as_stranger: Client, upload: Upload, name: str) -> None:
    address = f"/uploads/{upload.pk}/{name}"
    answer = as_owner.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert "private" in answer["Cache-Control"]
    assert as_stranger.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert as_owner.post(address).status_code == 405


@pytest.mark.parametrize("name", ["photo.webp", "thumbnail.webp"])
def test_it_is_not_there_before_it_is_stored_and_after_its_hour(as_owner: Client, upload: Upload, name: str) -> None:
    address = f"/uploads/{upload.pk}/{name}"
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert as_owner.get(address).status_code == 404
    Upload.objects.update(created_at=timezone.now(), stored=False)
    assert as_owner.get(address).status_code == 404
    Upload.objects.update(stored=True)
