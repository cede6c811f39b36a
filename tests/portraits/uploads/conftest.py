"""What the tests of the upload gate share: airlocks, and a look at what they leave behind."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portraits.uploads.sandbox import Airlock
from portraits.uploads.sandbox_limits import Limits
from tests.gpuworker.conftest import astronaut
from tests.gpuworker.processes import eventually

__all__ = ["astronaut"]

CHAMBERS = "tests.portraits.uploads.chambers"


def children(parent: int) -> list[int]:
    """Living children of a process, the dead that nobody has waited for included."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


def nobody_works(airlock: Airlock) -> bool:
    """Whether no child is left, at once or in a moment."""
    keeper = airlock.process_id
    return keeper is None or eventually(lambda: children(keeper) == [])


def through(airlock: Airlock, upload: bytes, most: int = 30 << 20) -> bytes:
    return airlock(io.BytesIO(upload), most).reply


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits(cpu_seconds=1, wall_seconds=60, memory_megabytes=64)


@pytest.fixture(scope="session")
def wild(limits: Limits) -> Iterator[Airlock]:
    """An airlock whose chamber does what it is told, with little memory and a second of CPU."""
    airlock = Airlock(CHAMBERS, limits, size=2)
    yield airlock
    airlock.close()


@pytest.fixture(scope="session")
def brief() -> Iterator[Airlock]:
    """The same with no time at all."""
    airlock = Airlock(CHAMBERS, Limits(wall_seconds=0.2), size=2)
    yield airlock
    airlock.close()


@pytest.fixture(scope="session")
def examiner() -> Iterator[Airlock]:
    """The real thing."""
    airlock = Airlock()
    airlock.start()
    yield airlock
    airlock.close()


@pytest.fixture
def clean(examiner: Airlock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Asserts that an upload has left nothing: no file, no child."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def nothing_is_left() -> None:
        assert list(tmp_path.iterdir()) == []
        assert nobody_works(examiner)

    yield nothing_is_left
    nothing_is_left()
