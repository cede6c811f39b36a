from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from gpuworker.rig import rig_file
from tests.gaze.conftest import Site, Stage
from tests.gaze.rig.conftest import FRAME, GOLDEN, Drawn, Picture, changed, header, look_aside, usual_photo

CORNERS = [{"x": x, "y": y} for x in (-15, 15) for y in (-15, 15)]
REST = {"x": 0, "y": 0}


def eye(picture: Picture, which: int) -> Picture:
    """The box of an eye in a picture of the frame's size."""
    x0, y0, x1, y1 = (value // 2 for value in header()["eyes"][which]["box"])
    return picture[y0:y1, x0:x1].astype(int)


def stay_open(values: dict[str, Any]) -> None:
    values["eyes"][1]["closes"] = False


def without_eyes(values: dict[str, Any]) -> None:
    values["eyes"] = []


def test_pixels_that_never_move_are_equal_to_the_bit_in_all_directions(drawn: Drawn) -> None:
    rest, *turned = drawn(REST, *CORNERS)
    height = rig_file.loads(GOLDEN.read_bytes()).height
    heights = cv2.dilate((height > 0).astype(np.uint8), np.ones((3, 3)))
    still = cv2.resize(heights, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)[: FRAME[1], : FRAME[0]] == 0
    assert 0.2 < still.mean() < 0.9
    for picture in turned:
        assert np.array_equal(picture[still], rest[still])
        assert (picture != rest)[~still].any(-1).mean() > 0.5


def test_each_direction_is_another_picture(drawn: Drawn) -> None:
    pictures = drawn(REST, *CORNERS)
    for i, one in enumerate(pictures):
        for other in pictures[i + 1 :]:
            assert np.abs(eye(one, 0) - eye(other, 0)).mean() > 3


def test_an_eye_that_must_not_close_stays_open(drawn: Drawn) -> None:
    rest, shut = drawn(REST, {**REST, "close": 1}, rig=changed(stay_open))
    assert np.abs(eye(rest, 0) - eye(shut, 0)).mean() > 1
    assert np.array_equal(eye(rest, 1), eye(shut, 1))


def test_an_eye_of_an_older_rig_without_a_lid_stays_open(drawn: Drawn) -> None:
    rest, shut = drawn(REST, {**REST, "close": 1}, rig=changed(lambda values: values["eyes"][1].pop("lid")))
    assert np.abs(eye(rest, 0) - eye(shut, 0)).mean() > 1
    assert np.array_equal(eye(rest, 1), eye(shut, 1))


def test_each_eye_has_a_gain_of_its_own(drawn: Drawn) -> None:
    both, one = drawn({"x": 15, "y": 0}, {"x": 15, "y": 0, "right": 0.2})
    assert np.array_equal(eye(both, 0), eye(one, 0))
    assert np.abs(eye(both, 1) - eye(one, 1)).mean() > 1


def test_an_eye_alone_is_drawn_with_the_gain_of_its_side(drawn: Drawn) -> None:
    rig = rig_file.loads(GOLDEN.read_bytes())
    alone = rig_file.dumps(replace(rig, eyes=rig.eyes[1:]))
    rest, turned, left, right = drawn(
        REST, {"x": 15, "y": 0}, {"x": 15, "y": 0, "left": 0.2}, {"x": 15, "y": 0, "right": 0.2}, rig=alone
    )
    assert np.abs(eye(turned, 1) - eye(rest, 1)).mean() > 1
    assert np.array_equal(turned, left)
    assert np.abs(eye(turned, 1) - eye(right, 1)).mean() > 1


def test_the_own_look_of_the_photo_is_taken_off_unless_it_is_kept(drawn: Drawn) -> None:
    (photo,) = drawn(REST)
    ahead, kept, half = drawn(REST, {**REST, "own": 1}, {**REST, "own": 0.5}, rig=changed(look_aside))
    for which in (0, 1):
        assert np.abs(eye(ahead, which) - eye(photo, which)).mean() > 1
        assert np.abs(eye(kept, which) - eye(photo, which)).max() <= 1
        assert np.abs(eye(half, which) - eye(ahead, which)).mean() > 0.3


def test_a_head_may_turn_farther_to_one_side(drawn: Drawn) -> None:
    left, right = drawn({"x": -15, "y": 3}, {"x": 15, "y": 3}, rig=eyeless())
    farther, alike = drawn({"x": -10, "y": 3}, {"x": 15, "y": 3}, rig=eyeless(yawMore=[1.5, 1]))
    assert np.abs(farther.astype(int) - left).max() <= 1
    assert np.array_equal(alike, right)


def test_hair_in_the_photo_stays_over_a_painted_eye(drawn: Drawn) -> None:
    rig = rig_file.loads(GOLDEN.read_bytes())
    assert rig.atlas is not None
    x0, y0, x1, y1 = rig.eyes[0].box
    mask = np.zeros(((y1 - y0) // 2, (x1 - x0) // 2, 3), np.uint8)
    mask[:, : mask.shape[1] // 2] = 255
    top = rig.atlas.shape[0]
    atlas = np.pad(rig.atlas, ((0, mask.shape[0] + 2), (0, 0), (0, 0)))
    atlas[top + 1 : -1, 1 : mask.shape[1] + 1] = mask
    hair = replace(rig.eyes[0], over=(1, top + 1, mask.shape[1], mask.shape[0]))
    beneath = rig_file.dumps(replace(rig, atlas=atlas, eyes=(hair, rig.eyes[1])))
    poses = ({"x": 0, "y": 9}, {"x": 0, "y": 9, "close": 1})
    for plain, covered in zip(drawn(*poses), drawn(*poses, rig=beneath), strict=True):
        changed = np.abs(eye(plain, 0) - eye(covered, 0)).mean(axis=(0, 2))
        half = len(changed) // 2
        assert changed[: half - 3].mean() > 1
        assert changed[half + 3 :].max() == 0
        assert np.array_equal(eye(plain, 1), eye(covered, 1))


def test_intensity_scales_every_direction(drawn: Drawn) -> None:
    (half,) = drawn({"x": 14, "y": -10}, rig=changed(lambda values: values.update(intensity=0.5)))
    (same,) = drawn({"x": 7, "y": -5})
    assert np.array_equal(half, same)


def test_without_eyes_the_head_follows(drawn: Drawn) -> None:
    rest, turned = drawn(REST, {"x": 15, "y": 0}, rig=eyeless())
    assert np.abs(rest.astype(int) - turned).mean() > 1


def eyeless(**head: Any) -> bytes:
    """A rig of the same head with the planes of the grid alone."""
    data = GOLDEN.read_bytes()
    (length,) = struct.unpack_from("<I", data, 4)
    values = header()
    offset, size = values["parts"]["fields"]
    planes = zlib.decompress(data[8 + length + offset : 8 + length + offset + size])
    columns, rows = values["grid"]
    packed = zlib.compress(planes[: 4 * columns * rows])

    def change(changing: dict[str, Any]) -> None:
        without_eyes(changing)
        changing["head"].update(head)
        changing["parts"] = {"fields": [0, len(packed)]}

    whole = changed(change)
    (text,) = struct.unpack_from("<I", whole, 4)
    return whole[: 8 + text] + packed


def test_what_is_transparent_stays_so_and_keeps_its_colour(drawn: Drawn) -> None:
    picture = usual_photo(channels=4).copy()
    picture[:, : FRAME[0]] = 0
    left, right = header()["eyes"]
    assert left["box"][0] < FRAME[0] < right["box"][0]
    (shown,) = drawn({"x": 0, "y": 0, "close": 0.5}, photo=picture)
    assert shown[:, : FRAME[0] // 2 - 1].max() == 0
    assert shown[:, FRAME[0] // 2 + 1 :, 3].min() == 255


@pytest.mark.parametrize("width", [FRAME[0], 150, 3 * FRAME[0]])
def test_the_photo_may_have_any_size(drawn: Drawn, width: int) -> None:
    height = round(width * FRAME[1] / FRAME[0])
    resized = np.asarray(Image.fromarray(usual_photo()).resize((width, height), Image.Resampling.LANCZOS))
    (own,) = drawn({"x": 12, "y": 8})
    (shown,) = drawn({"x": 12, "y": 8}, photo=resized)
    assert np.abs(own.astype(int) - shown).mean() < 4


def test_a_coarse_mesh_shows_nearly_the_same(drawn: Drawn) -> None:
    (fine,), (coarse,) = drawn(CORNERS[0]), drawn(CORNERS[0], stride=2)
    difference = np.abs(fine.astype(int) - coarse)
    assert 0 < difference.mean() < 2


def test_cubics_enlarge_more_sharply(drawn: Drawn) -> None:
    size = (3 * FRAME[0], 3 * FRAME[1])
    noise = np.random.default_rng(1).integers(0, 256, (FRAME[1], FRAME[0], 3), np.uint8)
    (soft,), (sharp,) = (drawn(REST, photo=noise, size=size, sharp=each) for each in (False, True))
    energy = [np.abs(np.diff(each[..., :3].astype(int), axis=1)).mean() for each in (soft, sharp)]
    assert energy[1] > 1.02 * energy[0]


LIFE = """async () => {
  const { RigPicture } = await import('/gaze/rig/picture.js');
  const { readRig } = await import('/gaze/rig/reader.js');
  const { pageRenderer } = await import('/gaze/renderer.js');
  const rig = await readRig(await (await fetch('rig.bin')).arrayBuffer());
  const photo = await createImageBitmap(new ImageData(324, 406));
  const counts = [];
  for (let i = 0; i < 3; i += 1) {
    const picture = await RigPicture.open(pageRenderer(), rig);
    picture.setPhoto(photo);
    picture.setPhoto(photo);
    picture.draw({ x: 1, y: 1 }, { width: 40, height: 50 });
    counts.push([count.textures, picture.bytes]);
    picture.delete();
    counts.push(count.textures);
  }
  return [counts, pageRenderer().gl.getError()];
}"""


def test_whatever_was_made_is_deleted(stage: Stage, site: Site) -> None:
    site.write("rig.bin", GOLDEN.read_bytes())
    stage.open(site.page(""))
    counts, error = stage.page.evaluate(LIFE)
    assert [each[0] for each in counts[::2]] == [5, 5, 5]
    assert counts[1::2] == [0, 0, 0]
    assert 324 * 406 * 4 < counts[0][1] < 1e6
    assert error == 0
