import torch

from gpuworker.engines.liveportrait import keypoints
from gpuworker.engines.liveportrait.keypoints import Face, Pose
from tests.gpuworker.engines.liveportrait.seeded import draw


def face() -> Face:
    def one(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(draw(name, shape))

    pose = Pose(10 * one("pitch", 1), 10 * one("yaw", 1), 10 * one("roll", 1), one("t", 1, 3), 1 + 0.1 * one("s", 1, 1))
    return Face(one("kp", 1, 21, 3), 0.1 * one("exp", 1, 21, 3), pose)


def test_a_sure_bin_is_its_angle_and_even_ones_are_straight_ahead() -> None:
    sure = torch.full((1, 66), -100.0)
    sure[0, 40] = 100
    assert keypoints.degrees(sure).tolist() == [40 * 3 - 97.5]
    assert abs(float(keypoints.degrees(torch.zeros(1, 66)))) < 1e-4


def test_no_direction_is_the_source_itself() -> None:
    one = face()
    nothing = torch.zeros(2)
    found = keypoints.driving_keypoints(one, nothing, nothing, torch.zeros(2, 21, 3))
    assert torch.allclose(found, keypoints.source_keypoints(one).expand(2, -1, -1), atol=1e-6)


def test_a_rotation_turns_and_does_not_stretch() -> None:
    turn = keypoints.rotation(torch.tensor([10.0]), torch.tensor([-20.0]), torch.tensor([30.0]))[0]
    assert torch.allclose(turn @ turn.T, torch.eye(3), atol=1e-6)
    assert torch.allclose(torch.det(turn), torch.tensor(1.0), atol=1e-6)


def test_many_directions_at_once_are_each_of_them_alone() -> None:
    one = face()
    pitch, yaw = torch.tensor([3.0, -4.0]), torch.tensor([5.0, 6.0])
    delta = torch.from_numpy(draw("delta", (2, 21, 3)))
    both = keypoints.driving_keypoints(one, pitch, yaw, delta)
    for i in range(2):
        alone = keypoints.driving_keypoints(one, pitch[i, None], yaw[i, None], delta[i, None])
        assert torch.allclose(both[i], alone[0], atol=1e-6)
