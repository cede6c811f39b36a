import numpy as np
import pytest

from gpuworker.rig import planes


def test_a_plane_is_read_as_it_was_written() -> None:
    plane = np.random.default_rng(1).integers(-3000, 3000, (7, 5)).astype(np.int32)
    assert np.array_equal(planes.decode(planes.encode(plane), 7, 5), plane)


def test_low_bytes_come_before_high_bytes_and_signs_go_into_the_lowest_bit() -> None:
    assert planes.encode(np.array([[300, 299], [300, 299]], np.int32)) == bytes([88, 1, 0, 0, 2, 0, 0, 0])


def test_a_step_beyond_16_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        planes.encode(np.array([[0, 40_000]], np.int32))


def test_any_bytes_are_read_without_overflow() -> None:
    decoded = planes.decode(b"\xfe" * (2 * 161 * 161), 161, 161)
    assert decoded[-1, -1] == 161 * 161 * (0xFEFE >> 1)
