from gpuworker.engines.liveportrait.nets.motion_extractor import MotionExtractor
from tests.gpuworker.engines.liveportrait.seeded import picture
from tests.gpuworker.engines.liveportrait.tiny import TINY


def test_a_portrait_has_63_coordinates_twice_three_angles_a_place_and_a_size() -> None:
    motion = MotionExtractor(TINY).eval()(picture("portrait"))
    assert motion.kp.shape == motion.exp.shape == (1, 63)
    assert motion.pitch.shape == motion.yaw.shape == motion.roll.shape == (1, 66)
    assert motion.t.shape == (1, 3)
    assert motion.scale.shape == (1, 1)
