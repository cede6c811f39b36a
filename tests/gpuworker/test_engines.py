import pytest

from gpuworker import engines
from gpuworker.errors import BadRequest


def test_every_engine_of_the_table_can_be_made_and_knows_its_name() -> None:
    for name in engines.ENGINES:
        assert engines.create(name).name == name


def test_an_unknown_engine_is_a_sentence() -> None:
    with pytest.raises(BadRequest, match="no engine “magic”; there is warp"):
        engines.create("magic")
