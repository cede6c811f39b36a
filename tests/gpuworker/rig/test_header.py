import json

import pytest

from gpuworker.rig import header
from gpuworker.rig.damage import DamagedRig
from gpuworker.rig.header import CheckedObject
from tests.gpuworker.rig.small import small

PARTS = {"fields": (0, 10), "atlas": (10, 20)}


def test_the_header_is_read_as_it_was_written() -> None:
    rig = small()
    read = header.loads(header.dumps(rig, PARTS))
    assert (read.frame, read.head, read.motion) == (rig.frame, rig.head, rig.motion)
    assert read.parts == PARTS
    assert read.eyes[1]["white_at"] == rig.eyes[1].white_at


def test_whole_numbers_may_have_a_point_and_others_may_not() -> None:
    assert CheckedObject({"reach": 6.0}).integer("reach", 0, 9) == 6
    with pytest.raises(DamagedRig):
        CheckedObject({"reach": 6.5}).integer("reach", 0, 9)


@pytest.mark.parametrize("value", [True, "1", None, [1], 10.01, -0.01, 1e999])
def test_a_number_is_a_number_within_its_range(value: object) -> None:
    with pytest.raises(DamagedRig) as caught:
        CheckedObject({"gain": value}, "head.").number("gain", 0, 10)
    assert caught.value.kind == "range"
    assert "head.gain" in str(caught.value)


def test_the_ends_of_a_range_are_in_it() -> None:
    both = CheckedObject({"low": 0.2, "high": 1})
    assert (both.number("low", 0.2, 1), both.number("high", 0.2, 1)) == (0.2, 1.0)


def test_every_plain_number_has_a_range() -> None:
    values = json.loads(header.dumps(small(), PARTS))
    assert values["model"].keys() == header.MOTION.keys()
    assert values["head"].keys() - header.HEAD.keys() == {"centre", "right", "yawMore"}


def test_a_closed_lid_and_hair_are_read_as_they_were_written_and_older_rigs_have_none() -> None:
    rig = small()
    eyes = header.loads(header.dumps(rig, PARTS)).eyes
    assert rig.eyes[0].lid is not None
    assert [eye["lid"] for eye in eyes] == [rig.eyes[0].lid, None]
    assert [eye["over"] for eye in eyes] == [rig.eyes[0].over, None]


def test_the_eyes_of_an_older_rig_look_ahead_as_photographed() -> None:
    values = json.loads(header.dumps(small(), PARTS))
    del values["eyes"][1]["ahead"], values["eyes"][1]["photoY"]
    eyes = header.loads(json.dumps(values).encode()).eyes
    assert [eye["ahead"] for eye in eyes] == [0.75, 0.5]
    assert [eye["photo_y"] for eye in eyes] == [-2.5, 0]


def test_the_edges_of_an_older_rig_are_sharp() -> None:
    values = json.loads(header.dumps(small(), PARTS))
    del values["eyes"][1]["softness"]
    assert [eye["softness"] for eye in header.loads(json.dumps(values).encode()).eyes] == [1.5, 0]


def test_the_head_of_an_older_rig_turns_alike_to_both_sides() -> None:
    values = json.loads(header.dumps(small(), PARTS))
    assert header.loads(json.dumps(values).encode()).head.yaw_more == (1.0, 1.25)
    del values["head"]["yawMore"]
    assert header.loads(json.dumps(values).encode()).head.yaw_more == (1.0, 1.0)
