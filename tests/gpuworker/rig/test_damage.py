from gpuworker.rig.damage import DamagedRig


def test_damage_is_a_value_error_with_a_kind_and_a_message() -> None:
    damage = DamagedRig("magic", "b'GIF8'")
    assert isinstance(damage, ValueError)
    assert damage.kind == "magic"
    assert str(damage) == "damaged rig (magic): b'GIF8'"
