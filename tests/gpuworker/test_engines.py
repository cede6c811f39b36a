import pytest

from gpuworker import engines
from gpuworker.errors import BadRequest


def test_every_engine_of_the_table_can_be_made_and_knows_its_name() -> None:
    for name in engines.ENGINES.keys() - engines.SINGLE:  # those have tests of their own, where torch is
        assert engines.create(name).name == name


def test_the_engines_that_have_a_rig_are_those_of_the_table() -> None:
    for name in engines.ENGINES.keys() - engines.SINGLE:
        assert isinstance(engines.create(name), engines.Rigger) == (name in engines.RIGGED)


def test_an_engine_without_its_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(engines, "import_module", missing)
    with pytest.raises(BadRequest, match="liveportrait needs PyTorch: install this project with its extra “gpu”"):
        engines.create("liveportrait")


def test_another_missing_library_is_a_bug_and_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str) -> None:
        raise ModuleNotFoundError("No module named 'nonsense'", name="nonsense")

    monkeypatch.setattr(engines, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match="nonsense"):
        engines.create("liveportrait")


def test_an_unknown_engine_is_a_sentence() -> None:
    with pytest.raises(BadRequest, match="no engine “magic”; there is warp"):
        engines.create("magic")


class TestLevelsOf:
    def test_an_engine_with_a_rig_makes_all_levels(self) -> None:
        assert engines.levels_of("warp", ("rig", "preview")) == ("rig", "preview")

    def test_an_engine_without_a_rig_makes_the_other_levels(self) -> None:
        assert engines.levels_of("liveportrait", ("rig", "preview", "full")) == ("preview", "full")

    def test_a_rig_alone_of_an_engine_that_has_none_is_a_bad_request(self) -> None:
        with pytest.raises(BadRequest, match="liveportrait has no rig"):
            engines.levels_of("liveportrait", ("rig",))

    def test_an_unknown_engine_is_a_bad_request(self) -> None:
        with pytest.raises(BadRequest, match="no engine “magic”"):
            engines.levels_of("magic", ("preview",))
