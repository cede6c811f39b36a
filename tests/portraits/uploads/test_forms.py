"""Forms of uploads: accepted and ignored fields."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gpuworker.contract import LARGE_FRAME, STANDARD_FRAME, Box
from portraits.models import Upload, User
from portraits.uploads.forms import ConfirmForm, TitleForm, UploadForm
from tests.portraits import factories, photos


@pytest.fixture
def upload(owner: User) -> Upload:
    """600 × 800 pixels, the face at 200, 200 and 190 pixels wide, cheek to cheek."""
    return factories.upload(owner)


def sent(upload: Upload, **fields: str) -> ConfirmForm:
    form = ConfirmForm({"face": "0", **fields}, upload=upload)
    form.is_valid()
    return form


def test_the_face_alone_is_enough(upload: Upload) -> None:
    options = sent(upload).options
    assert (options.face.index, options.framing, options.intensity) == (0, "auto", 1.0)
    assert (options.frame, options.lifetime, options.title) == (STANDARD_FRAME, None, "")
    assert not options.remove_background


def test_every_option_is_taken(upload: Upload) -> None:
    options = sent(
        upload,
        framing="auto",
        crop="150,150,300,375",
        intensity="1.4",
        size="large",
        kept="90",
        title=" Ada ",
        remove_background="on",
    ).options
    assert (options.framing, options.intensity, options.frame) == (Box(150, 150, 300, 375), 1.4, LARGE_FRAME)
    assert (options.lifetime, options.title, options.remove_background) == (timedelta(days=90), "Ada", True)


def test_the_whole_picture_outweighs_a_crop(upload: Upload) -> None:
    assert sent(upload, framing="whole", crop="150,150,300,375").options.framing == "whole"


@pytest.mark.parametrize("face", ["", "1", "-1", "x"])
def test_only_a_usable_face_can_be_chosen(upload: Upload, face: str) -> None:
    upload.face_reports.append({**upload.face_reports[0], "index": 1, "code": "eyes_closed", "sentence": "Closed."})
    assert "face" in sent(upload, face=face).errors


@pytest.mark.parametrize("crop", ["1,2,3", "0,0,0,0", "0,0,-5,10", "nan,0,100,100", "0,0,inf,100", "1e999,0,9,9", "'"])
def test_a_crop_is_four_finite_numbers(upload: Upload, crop: str) -> None:
    assert sent(upload, crop=crop).errors["crop"] == ["This crop could not be read. Please adjust it again."]


def test_a_crop_beside_the_face_is_refused_at_once(upload: Upload) -> None:
    assert "does not show the face" in sent(upload, crop="420,20,160,200").errors["crop"][0]


def test_a_crop_that_shows_the_face_too_small_is_refused_at_once(upload: Upload) -> None:
    assert "too small" in sent(upload, crop="0,0,2400,3000").errors["framing"][0]


def test_a_large_frame_needs_a_large_face(upload: Upload) -> None:
    upload.face_reports[0]["width"] = 120.0
    assert "at least 130 pixels" in sent(upload, size="large").errors["size"][0]
    assert sent(upload, size="standard").is_valid()


def test_a_picture_too_narrow_to_be_kept_whole_is_refused(upload: Upload) -> None:
    upload.width = 60
    assert "framing" in sent(upload, framing="whole").errors


@pytest.mark.parametrize(
    ("field", "value"),
    [("intensity", "9"), ("size", "4096x4096"), ("kept", "36500"), ("framing", "crop"), ("title", "x" * 81)],
)
def test_values_that_no_option_offers_are_refused(upload: Upload, field: str, value: str) -> None:
    assert field in sent(upload, **{field: value}).errors


def test_an_upload_needs_a_photo_but_judges_neither_it_nor_its_name() -> None:
    assert not UploadForm({}, {}).is_valid()
    assert UploadForm({}, {"photo": photos.upload(b"", "..\\../x\x00.exe" + "y" * 4000)}).is_valid()


def test_a_title_has_at_most_eighty_characters() -> None:
    assert TitleForm({"title": "x" * 80}).is_valid()
    assert not TitleForm({"title": "x" * 81}).is_valid()
    assert TitleForm({"title": ""}).is_valid()
