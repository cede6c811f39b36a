"""Results of the photo analysis: sizes, encoding, and faces that the worker finds again."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gpuworker.cli.inspect import inspect
from gpuworker.contract import STANDARD_FRAME, RenderRequest
from gpuworker.errors import NoFace, PhotoTooHeavy, RenderError
from gpuworker.images import photo as worker_photo
from gpuworker.images.photo import Photo
from gpuworker.vision import faces, framing
from portraits.uploads import photo_analysis
from portraits.uploads.photo_analysis import ENOUGH_FACE, THUMBNAIL_SIDE, USUAL_SIDE, analyse
from portraits.uploads.sandbox_reply import MAX_SIDE, PhotoAnalysis, RejectedPhoto, unpack
from tests.portraits.uploads.files import decoded, encoded

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    photo_analysis.warm()


def enlarged(picture: Pixels, width: int, height: int | None = None) -> bytes:
    size = (width, height or width)
    return encoded(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8), quality=92)


@pytest.fixture(scope="session")
def pair(astronaut: Pixels) -> bytes:
    """Two faces side by side, the right one smaller."""
    picture = Image.new("RGB", (680, 400))
    person = Image.fromarray(astronaut[:400, 60:400])
    picture.paste(person, (0, 0))
    picture.paste(person.resize((306, 360)), (340, 40))
    return encoded(picture, quality=92)


# ------------------------------------------------------------------- the photo


def test_a_small_photo_keeps_its_size(astronaut: Pixels) -> None:
    analysis = analyse(encoded(astronaut))
    assert (analysis.width, analysis.height) == (512, 512)


def test_a_large_photo_shrinks_to_the_usual_side(astronaut: Pixels) -> None:
    analysis = analyse(enlarged(astronaut[:400, 60:400], 3_400, 4_000))
    assert (analysis.width, analysis.height) == (1_741, USUAL_SIDE)
    assert analysis.faces[0].width > ENOUGH_FACE


def test_a_small_face_in_a_large_photo_keeps_its_pixels(astronaut: Pixels) -> None:
    wide = np.full((2_400, 3_600, 3), 90, np.uint8)
    wide[600:2_200, 1_000:2_600] = cv2.resize(astronaut, (1_600, 1_600), interpolation=cv2.INTER_CUBIC)
    analysis = analyse(encoded(wide, quality=92))
    assert USUAL_SIDE < analysis.width < 3_600
    assert analysis.faces[0].width == pytest.approx(ENOUGH_FACE, rel=0.03)


def test_no_photo_is_kept_longer_than_the_longest_side(astronaut: Pixels) -> None:
    wide = np.full((3_000, 6_000, 3), 90, np.uint8)
    wide[900:2_700, 2_000:3_800] = cv2.resize(astronaut, (1_800, 1_800), interpolation=cv2.INTER_CUBIC)
    assert analyse(encoded(wide, quality=92)).width == MAX_SIDE


def test_pixels_hardly_change(astronaut: Pixels) -> None:
    kept = np.asarray(decoded(analyse(encoded(astronaut, "PNG")).photo))
    assert np.abs(kept.astype(int) - astronaut).mean() < 2


def test_transparency_survives_shrinking(astronaut: Pixels) -> None:
    alpha = np.zeros((512, 512), np.uint8)
    alpha[20:500, 100:400] = 255
    large = cv2.resize(np.dstack([astronaut, alpha]), (2_560, 2_560), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    analysis = analyse(encoded(large, "PNG", compress_level=1))
    assert analysis.alpha
    kept = np.asarray(decoded(analysis.photo))
    scale = kept.shape[0] / 512
    assert kept[round(10 * scale), round(10 * scale), 3] == 0
    assert kept[round(200 * scale), round(250 * scale), 3] == 255


def test_an_opaque_alpha_channel_is_none(astronaut: Pixels) -> None:
    opaque = np.dstack([astronaut, np.full((512, 512), 255, np.uint8)])
    assert not analyse(encoded(opaque, "PNG")).alpha


@pytest.mark.parametrize("size", [(512, 512), (2_000, 2_000), (300, 300)])
def test_the_thumbnail_is_small_and_shows_the_same(astronaut: Pixels, size: tuple[int, int]) -> None:
    analysis = analyse(enlarged(astronaut, *size))
    thumbnail = decoded(analysis.thumbnail)
    assert max(thumbnail.size) == min(THUMBNAIL_SIDE, size[0])
    shown = np.asarray(Image.fromarray(astronaut).resize(thumbnail.size, Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(np.asarray(thumbnail) - shown).mean() < 5
    assert len(analysis.thumbnail) < 60_000


def test_the_thumbnail_is_encoded_beside_the_analysis(astronaut: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    monkeypatch.setattr(
        photo_analysis, "_thumbnail", lambda _: (threads.append(threading.current_thread()), b"small")[1]
    )
    assert analyse(encoded(astronaut)).thumbnail == b"small"
    assert threads != [threading.current_thread()]


def test_no_face_but_the_widest_is_analysed_to_shrink_a_large_photo(
    astronaut: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, ...]] = []
    real = faces.find
    monkeypatch.setattr(faces, "find", lambda pixels: (sizes.append(pixels.shape[:2]), real(pixels))[1])
    assert analyse(enlarged(astronaut, 2_500)).width == USUAL_SIDE
    assert sizes == [(USUAL_SIDE, USUAL_SIDE)]


# ------------------------------------------------------------------- the faces


def test_the_worker_finds_the_same_faces_in_the_same_order(pair: bytes) -> None:
    analysis = analyse(pair)
    assert len(analysis.faces) == 2
    for report in analysis.faces:
        seen = inspect(RenderRequest(photo=analysis.photo, face=report.index))[report.index]
        assert seen.face.box == report.box
        assert seen.crop == report.crop
        assert seen.face.width == report.width


def test_the_suggested_crop_is_what_is_rendered(astronaut: Pixels) -> None:
    analysis = analyse(enlarged(astronaut, 1_500))
    picture = worker_photo.read(analysis.photo)
    face = faces.choose(faces.find(picture.pixels), analysis.suggested, picture.pixels.shape)
    assert framing.frame_portrait(picture, face, STANDARD_FRAME, "auto").crop == analysis.faces[0].crop


def test_the_largest_faces_trouble_is_told_when_none_is_usable(astronaut: Pixels) -> None:
    with pytest.raises(NoFace):
        analyse(encoded(np.full((300, 300, 3), 128, np.uint8)))


def test_a_usable_face_beside_a_refused_one_is_for_a_person_to_choose(pair: bytes, astronaut: Pixels) -> None:
    picture = np.asarray(decoded(pair))[:, 135:]  # through the larger face
    analysis = analyse(encoded(np.ascontiguousarray(picture), quality=92))
    assert [face.code for face in analysis.faces] == ["face_cut", None]
    assert analysis.faces[0].crop is None
    assert analysis.suggested is None


# --------------------------------------------------------------------- parsers


def test_only_photo_formats_are_parsed(astronaut: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(worker_photo.FORMATS) == {"JPEG", "PNG", "WEBP", "AVIF", "HEIF"}
    asked: list[str] = []
    for name, (factory, accept) in list(Image.OPEN.items()):
        if name not in worker_photo.FORMATS:
            noted = (lambda *_, name=name: asked.append(name), accept)
            monkeypatch.setitem(Image.OPEN, name, noted)
        assert factory
    for kind in ("TIFF", "GIF", "EPS", "BMP", "ICO", "TGA"):
        with pytest.raises(RenderError):
            analyse(encoded(astronaut, kind))
    assert asked == []


def test_a_heic_file_is_read_upright_and_without_its_words(astronaut: Pixels) -> None:
    file = Path(__file__).with_name("astronaut.heic").read_bytes()
    assert b"MARKER" in file
    analysis = analyse(file)
    assert b"MARKER" not in analysis.photo
    upright = np.asarray(Image.fromarray(astronaut).resize((384, 384), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(np.asarray(decoded(analysis.photo)) - upright).mean() < 4


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("Insufficient memory")])
def test_what_does_not_fit_into_memory_is_too_heavy(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def full(*_: object, **__: object) -> Photo:
        raise error

    monkeypatch.setattr(worker_photo, "read", full)
    with pytest.raises(PhotoTooHeavy):
        analyse(b"")


# ------------------------------------------------------------------- the reply


def test_the_reply_holds_the_analysis(astronaut: Pixels) -> None:
    file = encoded(astronaut)
    answer = unpack(photo_analysis.handle(file))
    assert isinstance(answer, PhotoAnalysis)
    assert answer.photo == analyse(file).photo
    json.dumps([report.to_json() for report in answer.faces])


def test_the_reply_holds_the_refusal() -> None:
    answer = unpack(photo_analysis.handle(io.BytesIO(b"no photo").getvalue()))
    assert isinstance(answer, RejectedPhoto)
    assert answer.code == "unreadable_photo"
