from gpuworker.vision.framing import FramedPortrait
from gpuworker.vision.topology import EYES, MESH_POINTS, OVAL, SIDES


def test_lid_chains_run_from_corner_to_corner() -> None:
    for side in SIDES:
        eye = EYES[side]
        assert (eye.upper[0], eye.upper[-1]) == eye.corners == (eye.lower[0], eye.lower[-1])


def test_the_oval_is_a_closed_ring_of_mesh_points_without_repeats() -> None:
    assert len(set(OVAL)) == len(OVAL) == 36
    assert max(OVAL) < MESH_POINTS


def test_points_lie_where_their_names_say_on_a_real_face(framed: FramedPortrait) -> None:
    points = framed.landmarks[:, :2]
    for side in SIDES:
        eye = EYES[side]
        brow, lid = points[list(eye.brow), 1].mean(), points[list(eye.upper_middle), 1].mean()
        iris, low = points[eye.iris[0], 1], points[list(eye.lower), 1].max()
        assert brow < lid < iris < low
        nose = points[1, 0]
        assert (nose - points[eye.iris[0], 0]) * eye.inner > 0
