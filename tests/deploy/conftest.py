from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.fakes import FakeCommands

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def repo() -> Path:
    return REPO


@pytest.fixture
def fakes(tmp_path: Path) -> FakeCommands:
    return FakeCommands(tmp_path / "fakes")
