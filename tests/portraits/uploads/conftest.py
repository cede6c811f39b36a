"""Sandboxes shared by the tests of uploads, and checks that nothing is left of an upload."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portraits.uploads.sandbox import Sandbox
from portraits.uploads.sandbox_limits import Limits
from tests.gpuworker.conftest import astronaut
from tests.gpuworker.processes import eventually

__all__ = ["astronaut"]

HANDLERS = "tests.portraits.uploads.handlers"


def children(parent: int) -> list[int]:
    """Children of a process, including zombies."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


def no_child_left(sandbox: Sandbox) -> bool:
    """Whether no child is left, at once or in a moment."""
    server = sandbox.process_id
    return server is None or eventually(lambda: children(server) == [])


def reply_of(sandbox: Sandbox, upload: bytes, most: int = 30 << 20) -> bytes:
    return sandbox(io.BytesIO(upload), most).reply


@pytest.fixture(scope="session")
def limits() -> Limits:
    return Limits(cpu_seconds=1, wall_seconds=60, memory_megabytes=64)


@pytest.fixture(scope="session")
def action_sandbox(limits: Limits) -> Iterator[Sandbox]:
    """Sandbox whose handler does what the upload says, with little memory and a second of CPU."""
    sandbox = Sandbox(HANDLERS, limits, size=2)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def short_sandbox() -> Iterator[Sandbox]:
    """Sandbox with that handler and a fifth of a second of wall time."""
    sandbox = Sandbox(HANDLERS, Limits(wall_seconds=0.2), size=2)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def photo_sandbox() -> Iterator[Sandbox]:
    """Sandbox with the real photo analysis."""
    sandbox = Sandbox()
    sandbox.start()
    yield sandbox
    sandbox.close()


@pytest.fixture
def clean(photo_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Assertion that an upload has left neither a file nor a child process."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    def nothing_is_left() -> None:
        assert list(folder.iterdir()) == []
        assert no_child_left(photo_sandbox)

    yield nothing_is_left
    nothing_is_left()
