"""Uploads: each waits an hour for its owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from portraits.models import Upload, User
from tests.portraits import factories


def made_ago(upload: Upload, **ago: int) -> None:
    Upload.objects.filter(pk=upload.pk).update(created_at=timezone.now() - timedelta(**ago))


def test_it_waits_for_its_owner_only(owner: User, stranger: User) -> None:
    upload = factories.upload(owner)
    assert list(Upload.objects.waiting(owner)) == [upload]
    assert list(Upload.objects.waiting(stranger)) == []


def test_after_an_hour_it_is_stale(owner: User) -> None:
    upload = factories.upload(owner)
    made_ago(upload, minutes=59)
    assert not Upload.objects.stale().exists()
    made_ago(upload, minutes=61)
    assert Upload.objects.stale().exists()
    assert not Upload.objects.waiting(owner).exists()


def test_one_that_never_arrived_is_stale_after_minutes(owner: User) -> None:
    upload = factories.upload(owner)
    Upload.objects.update(stored=False)
    assert not Upload.objects.waiting(owner).exists()
    made_ago(upload, minutes=6)
    assert Upload.objects.stale().exists()
    Upload.objects.update(stored=True)


def later(x: float, index: int = 0) -> dict[str, Any]:
    """A face that was pointed at."""
    box = {"x": x, "y": 40.0, "width": 90.0, "height": 110.0}
    return {"index": index, "box": box, "width": 80.0, "crop": box, "code": None, "sentence": None, "advice": []}


def test_a_face_found_later_comes_after_those_before_and_only_once(owner: User) -> None:
    upload = factories.upload(owner)
    assert upload.add_face(later(10))["index"] == 1  # type: ignore[index]
    assert upload.add_face(later(480))["index"] == 2  # type: ignore[index]
    assert upload.add_face(later(14))["index"] == 1  # type: ignore[index]
    upload.refresh_from_db()
    assert [face["index"] for face in upload.face_reports] == [0, 1, 2]
    assert upload.face_reports[1]["box"]["x"] == 14


def test_two_who_point_at_once_lose_neither_face(owner: User) -> None:
    upload = factories.upload(owner)
    other = Upload.objects.get()
    upload.add_face(later(10))
    other.add_face(later(480))
    assert [face["box"]["x"] for face in Upload.objects.get().face_reports] == [200, 10, 480]


def test_a_photo_that_is_gone_takes_no_face(owner: User) -> None:
    upload = Upload(pk=uuid4(), owner=owner)
    assert upload.add_face(later(10)) is None
