import cv2
import numpy as np

from gpuworker.engines.warp.head import Head
from gpuworker.engines.warp.height import LEVER, STEEPEST, STEP, HeightField
from gpuworker.vision.framing import FramedPortrait


def _field(framed: FramedPortrait) -> HeightField:
    return HeightField.build(framed.landmarks, framed.person, Head.measure(framed.landmarks), framed.frame)


def test_the_border_and_the_background_have_no_height(framed: FramedPortrait) -> None:
    height = _field(framed).height
    assert not height[[0, -1]].any()
    assert not height[:, [0, -1]].any()
    corner = height[: height.shape[0] // 12, : height.shape[1] // 12]
    assert not corner.any()


def test_the_nose_stands_out_most_and_everything_is_finite(framed: FramedPortrait) -> None:
    field, head = _field(framed), Head.measure(framed.landmarks)
    assert np.isfinite(field.height).all()
    assert field.height.min() >= 0
    nose = framed.landmarks[1, :2]
    peak = np.unravel_index(field.height.argmax(), field.height.shape)
    distance = np.hypot(field.x[peak] - nose[0], field.y[peak] - nose[1])
    assert distance < 0.25 * head.width
    assert LEVER * head.width < field.height.max() < (LEVER + 0.6) * head.width


def test_no_slope_is_steeper_than_its_distance_from_the_still_region_allows(framed: FramedPortrait) -> None:
    height = _field(framed).height
    distance = STEP * cv2.distanceTransform((height > 0).astype(np.uint8), cv2.DIST_L2, 5)
    inside = distance > 3 * STEP
    assert (height[inside] <= STEEPEST * (distance[inside] + 3 * STEP)).all()
