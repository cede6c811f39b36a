import numpy as np
import pytest

from gpuworker.engines.warp.head import Head
from gpuworker.vision.framing import FramedPortrait


def _turned(landmarks: np.ndarray, degrees: float) -> np.ndarray:
    """Rolled in the picture plane about the frame's middle, clockwise on the screen."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    middle = np.array([205.0, 256.0])
    turned = landmarks.copy()
    turned[:, :2] = (landmarks[:, :2] - middle) @ np.array([[c, s], [-s, c]]) + middle
    return turned


@pytest.mark.parametrize("roll", [-30.0, 0.0, 20.0])
def test_axes_follow_the_roll_and_sizes_do_not(framed: FramedPortrait, roll: float) -> None:
    upright, rolled = Head.measure(framed.landmarks), Head.measure(_turned(framed.landmarks, roll))
    angle = np.degrees(np.arctan2(*rolled.right[::-1]) - np.arctan2(*upright.right[::-1]))
    assert angle == pytest.approx(roll, abs=1e-6)
    assert rolled.right @ rolled.down == pytest.approx(0)
    assert (rolled.width, rolled.height, rolled.eye_span) == pytest.approx(
        (upright.width, upright.height, upright.eye_span)
    )


def test_the_astronaut_faces_the_camera(framed: FramedPortrait) -> None:
    head = Head.measure(framed.landmarks)
    assert abs(head.yaw) < 10
    assert head.width == pytest.approx(0.42 * framed.frame.width, rel=0.05)


@pytest.mark.parametrize("nod", [-15.0, 10.0])
def test_a_nod_is_the_head_s_pitch_however_it_is_rolled(framed: FramedPortrait, nod: float) -> None:
    c, s = np.cos(np.radians(nod)), np.sin(np.radians(nod))
    nodding = framed.landmarks @ np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    level = Head.measure(framed.landmarks)
    for roll in (0.0, 20.0):
        assert Head.measure(_turned(nodding, roll)).pitch == pytest.approx(level.pitch + nod, abs=1)
