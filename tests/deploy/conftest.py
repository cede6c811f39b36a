from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.stand_ins import StandIns

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def repo() -> Path:
    return REPO


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    return StandIns(tmp_path / "stand-ins")
