"""Detection of a face where the photo's owner points."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gpuworker.contract import Box
from portraits.http.throttle import PLACES
from portraits.models import Upload, User
from portraits.uploads import validation
from portraits.uploads.face_report import FaceReport
from portraits.uploads.validation import UploadRefused
from tests.portraits import factories

FOUND = FaceReport(0, Box(20, 30, 90, 110), 80, Box(0, 0, 160, 200), advice=("It is small.",))
JSON = {"Accept": "application/json"}


@pytest.fixture
def upload(owner: User) -> Upload:
    return factories.upload(owner)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Positions that the sandbox was asked about; it finds a face at each."""
    places: list[tuple[float, float]] = []

    def find(_: bytes, x: float, y: float, **__: object) -> FaceReport:
        places.append((x, y))
        return FOUND

    monkeypatch.setattr(validation, "find_face", find)
    return places


def refuse(monkeypatch: pytest.MonkeyPatch, code: str, sentence: str | None = None) -> None:
    def find(*_: object, **__: object) -> FaceReport:
        raise UploadRefused(code, sentence)

    monkeypatch.setattr(validation, "find_face", find)


def url(upload: Upload) -> str:
    return f"/uploads/{upload.pk}/faces/"


def test_the_face_is_kept_and_chosen(as_owner: Client, upload: Upload, looked: list[tuple[float, float]]) -> None:
    answer = as_owner.post(url(upload), {"x": "0.25", "y": "0.5"})
    assert (answer.status_code, answer["Location"]) == (302, f"/uploads/{upload.pk}/?face=1")
    assert looked == [(150, 400)]
    page = as_owner.get(answer["Location"]).content.decode()
    assert 'name="face" value="1" data-face="1" required checked' in page
    assert "It is small." in page
    portrait = as_owner.post(f"/uploads/{upload.pk}/", {"face": "1"})
    assert portrait.status_code == 302


def test_a_render_is_asked_for_the_box_that_was_pointed_at(
    as_owner: Client, owner: User, upload: Upload, looked: list[tuple[float, float]]
) -> None:
    as_owner.post(url(upload), {"x": "0.25", "y": "0.5"})
    as_owner.post(f"/uploads/{upload.pk}/", {"face": "1"})
    session = owner.portraits.get().current_session
    assert session is not None
    request = session.request(b"photo", "warp")
    assert (request.face, request.face_box) == (1, FOUND.box)


def test_what_could_not_be_seen_there_is_said_on_the_page(
    as_owner: Client, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "no_face", "We could not make out a face there.")
    answer = as_owner.post(url(upload), {"x": "0.9", "y": "0.1"})
    assert answer.status_code == 422
    assert "We could not make out a face there." in answer.content.decode()
    assert len(Upload.objects.get().face_reports) == 1


def test_scripts_are_answered_in_json(
    as_owner: Client, upload: Upload, looked: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = as_owner.post(url(upload), {"x": "0.25", "y": "0.5"}, headers=JSON)
    assert (answer.status_code, answer.json()["index"]) == (201, 1)
    refuse(monkeypatch, "upload_busy")
    answer = as_owner.post(url(upload), {"x": "0.25", "y": "0.5"}, headers=JSON)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "upload_busy", "5")


@pytest.mark.parametrize(
    "place",
    [{}, {"x": "0.5"}, {"x": "nan", "y": "0"}, {"x": "1.01", "y": "0"}, {"x": "inf", "y": "0"}, {"x": "", "y": "a"}],
)
def test_a_place_outside_the_photo_is_none(
    as_owner: Client, upload: Upload, looked: list[tuple[float, float]], place: dict[str, str]
) -> None:
    answer = as_owner.post(url(upload), place, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "place_missing")
    assert looked == []


def test_an_address_may_point_so_often_only(
    as_owner: Client, upload: Upload, looked: list[tuple[float, float]]
) -> None:
    for number in range(PLACES.limit):
        PLACES.count("127.0.0.1", str(number))
    answer = as_owner.post(url(upload), {"x": "0.25", "y": "0.5"}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_places")
    assert int(answer["Retry-After"]) > 0
    assert looked == []


def test_only_its_owner_points_and_only_within_its_hour(
    as_owner: Client, as_stranger: Client, upload: Upload, looked: list[tuple[float, float]]
) -> None:
    place = {"x": "0.5", "y": "0.5"}
    assert as_stranger.post(url(upload), place).status_code == 404
    assert Client().post(url(upload), place).status_code == 302
    assert as_owner.get(url(upload)).status_code == 405
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert as_owner.post(url(upload), place).status_code == 404
    assert looked == []
