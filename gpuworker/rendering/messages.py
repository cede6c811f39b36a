"""Messages between a render and its processes: tasks and replies. Plain data; light to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpuworker.contract import RenderRequest
from gpuworker.errors import RenderError
from gpuworker.grid import Direction

if TYPE_CHECKING:
    from gpuworker.vision.framing import FramedPortrait

SheetShape = tuple[int, int, int, int, int]
"""Grid rows, frame height, grid columns, frame width, channels."""


@dataclass(frozen=True, slots=True)
class Analyse:
    """Find the face and frame it. Value: vision.preparation.Prepared."""

    request: RenderRequest


@dataclass(frozen=True, slots=True)
class SetPortrait:
    """Prepare the engine. Value: advice."""

    engine: str
    portrait: FramedPortrait
    intensity: float


@dataclass(frozen=True, slots=True)
class UseSharedMemory:
    """Draw into this shared memory from now on; None lets go of it and of all that the process need not keep."""

    path: str | None


@dataclass(frozen=True, slots=True)
class RenderRow:
    """One grid row of the sheet in shared memory, from column 0 on. Value: how many frames."""

    shape: SheetShape
    row: int
    directions: tuple[Direction, ...]


@dataclass(frozen=True, slots=True)
class EncodeSheet:
    """Encode those grid rows and columns of the shared memory. Answers Taken once it is free, then Done."""

    shape: SheetShape
    rows: tuple[int, ...]
    cols: tuple[int, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class WritePoster:
    """The neutral frame as a picture of its own. card: where it goes on an opaque ground too."""

    path: Path
    card: Path | None = None


@dataclass(frozen=True, slots=True)
class WriteRig:
    """The rig of the engine's portrait as a file. Value: whether it could be packed."""

    path: Path


@dataclass(frozen=True, slots=True)
class WritePhoto:
    """The portrait's photo as WebP. Value: its Size."""

    path: Path


@dataclass(frozen=True, slots=True)
class WriteAvif:
    """The portrait's photo as AVIF, if that has fewer bytes than the file `other`. Value: whether it has."""

    path: Path
    other: Path


@dataclass(frozen=True, slots=True)
class Report:
    """Value: the engine's report."""


Encoding = EncodeSheet | WritePhoto | WriteAvif
"""Tasks that a process does aside, on a thread of its own."""
Task = Analyse | SetPortrait | UseSharedMemory | RenderRow | WritePoster | WriteRig | Encoding | Report


@dataclass(frozen=True, slots=True)
class Order:
    """A task with the number that its replies carry."""

    number: int
    task: Task


@dataclass(frozen=True, slots=True)
class Ready:
    """Reply: the process has loaded its libraries and its engine, or why the engine cannot work."""

    error: RenderError | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """Reply: the shared memory has been copied and may be drawn over."""

    number: int


@dataclass(frozen=True, slots=True)
class Done:
    number: int
    value: Any = None


@dataclass(frozen=True, slots=True)
class Failed:
    number: int
    error: RenderError


@dataclass(frozen=True, slots=True)
class Alive:
    """Sign of life. frames: how many it has rendered; cpu_seconds: that the process has used. Since it began."""

    frames: int
    cpu_seconds: float


Reply = Ready | Taken | Done | Failed | Alive
