from __future__ import annotations

from pathlib import Path

import pytest

from gpuworker.environment import seconds, secret
from gpuworker.errors import BadRequest


def test_a_secret_comes_from_its_variable_or_from_the_file_that_another_names(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")
    assert secret({"T": " plain "}, "T") == "plain"
    assert secret({"T_FILE": str(tmp_path / "token"), "T": "plain"}, "T") == "from a file"
    assert secret({}, "T") is None
    assert secret({"T": " "}, "T") is None


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="T_FILE names"):
        secret({"T_FILE": str(tmp_path / "nowhere")}, "T")


def test_seconds_are_a_number_and_0_when_absent() -> None:
    assert seconds({"S": "900"}, "S") == 900
    assert seconds({}, "S") == seconds({"S": ""}, "S") == 0
    for text in ("soon", "-1", "1e3", "nan"):
        with pytest.raises(BadRequest, match="S is a number of seconds"):
            seconds({"S": text}, "S")
