"""An upload waits an hour for its owner."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portraits.models import Upload, User
from tests.portraits import cast


def made_ago(upload: Upload, **ago: int) -> None:
    Upload.objects.filter(pk=upload.pk).update(created_at=timezone.now() - timedelta(**ago))


def test_it_waits_for_its_owner_only(owner: User, stranger: User) -> None:
    upload = cast.upload(owner)
    assert list(Upload.objects.waiting(owner)) == [upload]
    assert list(Upload.objects.waiting(stranger)) == []


def test_after_an_hour_it_is_stale(owner: User) -> None:
    upload = cast.upload(owner)
    made_ago(upload, minutes=59)
    assert not Upload.objects.stale().exists()
    made_ago(upload, minutes=61)
    assert Upload.objects.stale().exists()
    assert not Upload.objects.waiting(owner).exists()


def test_one_that_never_arrived_is_stale_after_minutes(owner: User) -> None:
    upload = cast.upload(owner)
    Upload.objects.update(stored=False)
    assert not Upload.objects.waiting(owner).exists()
    made_ago(upload, minutes=6)
    assert Upload.objects.stale().exists()
    Upload.objects.update(stored=True)
