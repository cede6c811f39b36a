"""Confirm page between an upload and its portrait."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gpuworker import contract
from portraits.models import Charge, Portrait, Session, Upload, User
from tests.portraits import factories


@pytest.fixture
def upload(owner: User) -> Upload:
    return factories.upload(owner)


@pytest.fixture
def group(upload: Upload) -> Upload:
    """Upload with three faces, the second refused."""
    (face,) = upload.face_reports
    refused = {**face, "index": 1, "crop": None, "code": "eyes_closed", "sentence": "The eyes are closed."}
    small = {**face, "index": 2, "width": 90.0, "advice": ["The face is small."]}
    Upload.objects.update(face_reports=[face, refused, small])
    return upload


def url(upload: Upload) -> str:
    return f"/uploads/{upload.pk}/"


def test_one_face_is_chosen_already_and_one_click_is_enough(as_owner: Client, upload: Upload) -> None:
    page = as_owner.get(url(upload)).content.decode()
    assert '<input type="hidden" name="face" value="0">' in page
    assert 'viewBox="60 60 480 600"' in page
    assert 'id="faces"' not in page
    answer = as_owner.post(url(upload), {"face": "0"})
    assert (answer.status_code, answer["Location"]) == (302, f"/portraits/{upload.pk}/")
    session = Session.objects.get()
    assert (session.portrait.pk, session.first_render.state) == (upload.pk, "queued")


def test_among_several_faces_the_refused_one_says_why_and_cannot_be_chosen(as_owner: Client, group: Upload) -> None:
    page = as_owner.get(url(group)).content.decode()
    first, refused, small = (re.search(rf'name="face" value="{index}"[^>]*>', page) for index in range(3))
    assert first is not None
    assert refused is None
    assert small is not None
    assert "required" in first[0]
    assert "The eyes are closed." in page
    assert as_owner.post(url(group), {"face": "1"}).status_code == 422
    assert as_owner.post(url(group), {"face": "2"}).status_code == 302
    assert (Portrait.objects.get().face, Portrait.objects.get().advice) == (2, ["The face is small."])


def test_the_script_gets_photo_and_usable_faces(as_owner: Client, group: Upload) -> None:
    page = as_owner.get(url(group)).content.decode()
    found = re.search(r'<script id="crop-data" type="application/json">(.*?)</script>', page)
    assert found is not None
    data = json.loads(found[1])
    assert (data["width"], data["height"], [face["index"] for face in data["faces"]]) == (600, 800, [0, 2])


def test_the_script_gets_the_workers_own_limits(as_owner: Client, upload: Upload) -> None:
    page = as_owner.get(url(upload)).content.decode()
    found = re.search(r'<script id="crop-data" type="application/json">(.*?)</script>', page)
    assert found is not None
    assert json.loads(found[1])["limits"] == {
        "frame": {"width": contract.STANDARD_FRAME.width, "height": contract.STANDARD_FRAME.height},
        "least_framed_face": contract.MIN_FRAMED_WIDTH,
        "large_face": contract.MIN_LARGE_WIDTH,
        "margin": contract.FACE_MARGIN,
    }
    assert f'maxlength="{Portrait.TITLE_LENGTH}"' in page


def test_the_large_size_is_offered_to_large_faces_only(as_owner: Client, upload: Upload) -> None:
    assert "512 × 640" in as_owner.get(url(upload)).content.decode()
    upload.face_reports[0]["width"] = 120.0
    upload.save()
    assert "512 × 640" not in as_owner.get(url(upload)).content.decode()


def test_what_cannot_be_rendered_is_said_and_what_was_filled_in_stays(as_owner: Client, upload: Upload) -> None:
    answer = as_owner.post(url(upload), {"face": "0", "crop": "420,20,160,200", "title": "Ada"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The crop does not show the face." in page
    assert 'value="Ada"' in page
    assert not Portrait.objects.exists()


def test_sent_again_it_leads_to_the_portrait_that_is_there(as_owner: Client, upload: Upload) -> None:
    first = as_owner.post(url(upload), {"face": "0"})
    again = as_owner.post(url(upload), {"face": "0", "title": "Another"})
    assert first["Location"] == again["Location"]
    assert as_owner.get(url(upload))["Location"] == first["Location"]
    assert (Portrait.objects.get().title, Session.objects.count(), Charge.objects.count()) == ("", 1, 1)


def test_case_28_owner_state_and_moderation_cannot_be_sent_along(
    as_owner: Client, owner: User, stranger: User, upload: Upload
) -> None:
    fields = {
        "owner": stranger.pk,
        "moderation": "hidden",
        "consent_at": "2000-01-01",
        "id": "1" * 32,
        "state": "ready",
    }
    options = {"width": "1", "photo_sha256": "0" * 64, "expires_at": "2000-01-01", "cost_cents": "0", "attempt": "9"}
    as_owner.post(url(upload), {"face": "0", **fields, **options})
    portrait = Portrait.objects.get()
    assert (portrait.pk, portrait.owner, portrait.moderation) == (upload.pk, owner, "visible")
    assert (portrait.consent_at, portrait.expires_at, portrait.width) == (upload.consent_at, None, 600)
    render = portrait.sessions.get().first_render
    assert (render.state, render.attempt, render.charge.state) == ("queued", 0, "reserved")


def test_a_stranger_gets_404(as_stranger: Client, upload: Upload) -> None:
    assert as_stranger.get(url(upload)).status_code == 404
    assert as_stranger.post(url(upload), {"face": "0"}).status_code == 404
    assert not Portrait.objects.exists()


def test_after_its_hour_the_photo_is_gone(as_owner: Client, upload: Upload) -> None:
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert as_owner.get(url(upload)).status_code == 404
    assert as_owner.post(url(upload), {"face": "0"}).status_code == 404


def test_other_methods_are_refused(as_owner: Client, upload: Upload) -> None:
    assert as_owner.put(url(upload)).status_code == 405


def test_the_background_stays_unless_its_removal_is_ticked(as_owner: Client, upload: Upload) -> None:
    page = as_owner.get(url(upload)).content.decode()
    box = re.search(r'<input type="checkbox" name="remove_background"[^>]*>', page)
    assert box is not None
    assert "checked" not in box[0]
    assert "Shows only the person" in page
    as_owner.post(url(upload), {"face": "0"})
    assert not Session.objects.get().remove_background


def test_a_ticked_box_is_kept_by_the_run_and_sent_again_changes_nothing(as_owner: Client, upload: Upload) -> None:
    first = as_owner.post(url(upload), {"face": "0", "remove_background": "on"})
    again = as_owner.post(url(upload), {"face": "0"})
    assert first["Location"] == again["Location"]
    assert Session.objects.get().remove_background
    assert Charge.objects.count() == 1


def test_a_ticked_box_stays_so_when_something_else_is_wrong(as_owner: Client, upload: Upload) -> None:
    fields = {"face": "0", "crop": "420,20,160,200", "remove_background": "on"}
    page = as_owner.post(url(upload), fields).content.decode()
    box = re.search(r'<input type="checkbox" name="remove_background"[^>]*>', page)
    assert box is not None
    assert "checked" in box[0]


def test_among_several_none_is_chosen_silently(as_owner: Client, group: Upload) -> None:
    page = as_owner.get(url(group)).content.decode()
    assert "checked" not in "".join(re.findall(r'name="face"[^>]*>', page))
    assert "Which face?" in page
    answer = as_owner.post(url(group), {})
    assert answer.status_code == 422
    assert "Please choose one of the faces." in answer.content.decode()
    assert not Portrait.objects.exists()


def test_the_only_usable_one_beside_a_refused_one_is_asked_for_too(as_owner: Client, group: Upload) -> None:
    group.refresh_from_db()
    Upload.objects.update(face_reports=group.face_reports[:2])
    page = as_owner.get(url(group)).content.decode()
    assert "Which face?" in page
    assert "checked" not in "".join(re.findall(r'name="face"[^>]*>', page))


def test_a_face_that_is_plainly_meant_is_chosen_among_several(as_owner: Client, group: Upload) -> None:
    group.refresh_from_db()
    first, *others = group.face_reports
    Upload.objects.update(face_reports=[{**first, "suggested": True}, *others])
    page = as_owner.get(url(group)).content.decode()
    assert re.findall(r'name="face" value="(.)"[^>]*checked', page) == ["0"]


def test_the_address_may_name_the_face_that_was_pointed_at(as_owner: Client, group: Upload) -> None:
    page = as_owner.get(url(group) + "?face=2").content.decode()
    assert re.findall(r'name="face" value="(.)"[^>]*checked', page) == ["2"]
    for wrong in ("1", "9", "x"):
        assert "checked" not in "".join(
            re.findall(r'name="face"[^>]*>', as_owner.get(url(group) + f"?face={wrong}").content.decode())
        )
