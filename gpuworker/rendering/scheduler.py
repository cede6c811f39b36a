"""Scheduler of one render, from a request to files and progress.

The rig comes first: one process writes it, the photo and the poster, and the portrait is alive. Then come the
preview and, quadrant by quadrant, full and mobile together. The pool renders one quadrant at a time into shared
memory; its sheets are copied out and encoded while the next quadrant is rendered, those of one quadrant at once
or of several (encoding.py). Files appear whole or not at all; the manifest is rewritten after each level and lists
only files that are there; `complete` comes last.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from gpuworker import engines, grid
from gpuworker.contract import (
    ALL_SHEETS,
    CARD_NAME,
    MANIFEST_NAME,
    PHOTO_NAMES,
    POSTER_NAME,
    RIG,
    RIG_NAME,
    Level,
    Manifest,
    Progress,
    RenderRequest,
    RigLevel,
    Size,
    Stage,
    TileState,
    level_frame,
    without_rig,
)
from gpuworker.errors import OutputFailed
from gpuworker.grid import LevelGrid
from gpuworker.rendering import encoding
from gpuworker.rendering.messages import (
    Analyse,
    Done,
    EncodeSheet,
    RenderRow,
    Report,
    SetPortrait,
    SheetShape,
    Taken,
    Task,
    UseSharedMemory,
    WriteAvif,
    WritePhoto,
    WritePoster,
    WriteRig,
)
from gpuworker.rendering.process_pool import ANALYST, Cancellation, ProcessPool
from gpuworker.rendering.shared_memory import SharedMemory
from gpuworker.whole_file import part_of, write_whole

log = logging.getLogger(__name__)

NO_RIG = "This portrait is shown by its sheets alone: its shape could not be packed for the lighter way."
"""Advice where the rig could not be packed."""
QUADRANTS = range(4)
OUTPUT_NAMES = (
    MANIFEST_NAME,
    POSTER_NAME,
    CARD_NAME,
    RIG_NAME,
    *PHOTO_NAMES.values(),
    *(sheet for level in ALL_SHEETS.values() for sheet in level),
)


def render(
    request: RenderRequest,
    out: Path,
    pool: ProcessPool | None = None,
    cancelled: Cancellation | None = None,
) -> Generator[Progress]:
    """Render into the folder `out`, which is made when it is not there.

    Stops within a second when the iterator is closed or `cancelled` is set (then raises Cancelled);
    on that and on every error nothing of this render stays in `out`, nor of an older one whose files
    it replaced. Once the stage is `done`, everything stays. A pool that is given is kept warm after a
    success and after a refused photo, and started anew otherwise. Raises RenderError.
    """
    request = replace(request, levels=engines.levels_of(request.engine, request.levels))
    started = pool or ProcessPool(engine=request.engine)
    run = _Run(request, out, started, Manifest(request.engine, request.frame), cancelled)
    try:
        started.start()
        yield from run.steps()
    except BaseException:
        if run.stage != "done":
            run.stop()
        if pool is not None:
            pool.start()
        raise
    finally:
        run.free_memory()
        if pool is None:
            started.close()


@dataclass(slots=True)
class _Run:
    """State of one render: what is asked of the pool, and what has come back.

    pending: what to do when an order is done; taken: which sheets have left the shared memory, so that the
    next quadrant may be drawn over it while they are still being encoded.
    """

    request: RenderRequest
    out: Path
    pool: ProcessPool
    manifest: Manifest
    cancelled: Cancellation | None = None
    channels: int = 3
    stage: Stage = "starting"
    current: int = 0
    total: int = 0
    tiles: dict[str, TileState] = field(default_factory=dict)
    memory: SharedMemory | None = None
    prepared: bool = False
    poster_begun: bool = False
    made_folder: bool = False
    pending: dict[int, Callable[[Any], None]] = field(default_factory=dict)
    taken: dict[int, bool] = field(default_factory=dict)
    fresh_files: list[str] = field(default_factory=list)
    fresh_manifest: Manifest | None = None

    def steps(self) -> Iterator[Progress]:
        yield self._progress("Starting")
        self.pool.wait_ready(self.cancelled)
        self.stage = "analysing"
        yield self._progress("Looking for the face")
        portrait, advice = self._ask(ANALYST, Analyse(self.request))
        yield self._progress("Measuring eyes and head")
        set_portrait = SetPortrait(self.request.engine, portrait, self.request.intensity)
        advice += self._ask_all(set_portrait)[ANALYST]
        self._prepare(portrait.frame, 3 if portrait.alpha is None else 4)
        yield replace(self._progress("Found the face"), advice=advice)
        if RIG in self.request.levels:
            yield from self._rig(set_portrait)
        for level in (grid.DRAFT, grid.PREVIEW):
            if level.name in self.request.levels:
                yield from self._at_once(level)
        yield from self._quadrants()
        if RIG in self.request.levels and self._has_sheets:
            yield from self._avif()
        self._report()
        self._ask_all(UseSharedMemory(None))
        self._publish(complete=True)
        self.stage = "done"
        yield self._progress("Done")

    def free_memory(self) -> None:
        if self.memory is not None:
            self.memory.close()
            self.memory = None

    def stop(self) -> None:
        """End what still goes on at once, and leave nothing of it behind. After a refused photo the pool stays warm."""
        if self.prepared or not self.pool.quiet:
            self.pool.close()
        if self.prepared:
            self._remove_files()

    def _remove_files(self) -> None:
        """Deletes every file of this render, and the folder when the render made it."""
        for name in OUTPUT_NAMES:
            for path in (self.out / name, part_of(self.out / name)):
                with suppress(OSError):  # the error that led here is the one to tell
                    path.unlink(missing_ok=True)
        if self.made_folder:
            with suppress(OSError):  # another process put a file into it
                self.out.rmdir()

    # --- the levels

    def _prepare(self, frame: Size, channels: int) -> None:
        """Make folder, manifest and shared memory, once the photo is known to be good."""
        try:
            self.made_folder = not self.out.exists()
            self.out.mkdir(parents=True, exist_ok=True)
            for name in OUTPUT_NAMES:
                (self.out / name).unlink(missing_ok=True)  # an older render's files must not mix with these
            self.prepared = True
        except OSError as error:
            raise OutputFailed(details={"reason": error.strerror or str(error)}) from error
        self.channels = channels
        self.manifest = replace(self.manifest, frame=frame, alpha=channels == 4)
        self._prepare_levels()

    def _prepare_levels(self) -> None:
        self.tiles = dict.fromkeys(self._sheets_in_order(), "pending")
        if self._has_sheets:
            self._prepare_sheets()
        else:
            self.total = 1  # the poster

    def _prepare_sheets(self) -> None:
        """Count the frames, and make shared memory for the largest sheet."""
        finest = self._finest()
        at_once = [level for level in (grid.DRAFT, grid.PREVIEW) if level.name in self.request.levels]
        self.total = sum(level.rows * level.cols for level in (*at_once, *([finest] if finest else [])))
        shapes = [self._shape(level, 1) for level in at_once] + ([self._shape(finest, 2)] if finest else [])
        self.memory = SharedMemory(max(_bytes(shape) for shape in shapes))
        self._ask_all(UseSharedMemory(self.memory.path))

    def _rig(self, set_portrait: SetPortrait) -> Iterator[Progress]:
        """The first level: rig, photo and poster, all from one process."""
        self.stage = "preview"
        sizes: list[Size] = []
        packed: list[bool] = []
        self._begin(ANALYST, WritePhoto(self.out / PHOTO_NAMES["webp"]), sizes.append, aside=True)
        self._begin_poster()
        self._begin(ANALYST, WriteRig(self.out / RIG_NAME), packed.append)
        yield from self._until(lambda: not self.pending, "Measuring how the face moves")
        if not all(packed):
            yield self._without_rig(set_portrait)
            return
        self._finished(RIG_NAME)
        self._finished(PHOTO_NAMES["webp"])
        self._list(RigLevel(RIG, RIG_NAME, {"webp": PHOTO_NAMES["webp"]}, sizes[0]))
        if not self._has_sheets:
            self.current = self.total
        self._publish()
        yield self._progress("Alive")

    def _without_rig(self, set_portrait: SetPortrait) -> Progress:
        """Go on with the sheets: those that were asked for, or all where the rig alone was."""
        log.warning("no rig: the portrait is shown by its sheets alone")
        alone = not self._has_sheets
        (self.out / PHOTO_NAMES["webp"]).unlink(missing_ok=True)  # which only a rig shows
        self.request = replace(self.request, levels=without_rig(self.request.levels))
        if alone:  # so far one process knew the portrait, and no sheet was counted
            self._ask_all(set_portrait)
            self._prepare_levels()
        return replace(self._progress("Going on with the sheets"), advice=(NO_RIG,))

    def _avif(self) -> Iterator[Progress]:
        """The photo's second format. It costs CPU time, so it comes after all work that a person waits for."""
        webp, avif = (self.out / PHOTO_NAMES[format] for format in ("webp", "avif"))
        self._begin(ANALYST, WriteAvif(avif, webp), self._avif_is_there, aside=True)
        yield from self._until(lambda: not self.pending, "Finishing")

    def _avif_is_there(self, written: bool) -> None:
        if written:
            rig = next(level for level in self.manifest.levels if isinstance(level, RigLevel))
            self._finished(PHOTO_NAMES["avif"])
            self._list(replace(rig, photo=PHOTO_NAMES))

    def _at_once(self, level: LevelGrid) -> Iterator[Progress]:
        """A level of one sheet."""
        self.stage = "preview"
        name = ALL_SHEETS[level.name][0]
        shape = self._shape(level, 1)
        self.tiles[name] = "rendering"
        if not self.manifest.levels:
            self._begin_poster()
        yield from self._render_rows(shape, level, range(level.rows), range(level.cols))
        self._encode(1 % self.pool.size, name, shape, range(shape[0]), range(shape[2]))
        yield from self._until(lambda: not self.pending, f"Making the {level.name}")
        first = not self.manifest.levels
        self._list(self._level_of(level))
        self._publish()
        yield self._progress("Alive" if first else f"Level {level.name} is there")

    def _quadrants(self) -> Iterator[Progress]:
        finest = self._finest()
        if finest is None:
            return
        if not self.manifest.levels:
            self._begin_poster()
        self.stage = "rendering"
        shape = self._shape(finest, 2)
        levels = [grid.LEVELS[name] for name in ("full", "mobile") if name in self.request.levels]
        sheets_in_flight = len(levels) * (encoding.quadrants_at_once(self.request.engine) - 1)
        for quadrant in QUADRANTS:
            rows, cols = finest.quadrant(quadrant)
            for level in levels:
                self.tiles[ALL_SHEETS[level.name][quadrant]] = "rendering"
            yield from self._until(lambda: all(self.taken.values()), "Rendering")
            yield from self._render_rows(shape, finest, rows, cols)
            yield from self._until(lambda: len(self.pending) <= sheets_in_flight, "Encoding")  # bounds memory
            for member, level in enumerate(levels):
                keep_rows, keep_cols = _nested(level, finest, rows, cols)
                self._encode(member % self.pool.size, ALL_SHEETS[level.name][quadrant], shape, keep_rows, keep_cols)
        for name in ("mobile", "full"):
            if name in self.request.levels:
                yield from self._until(partial(self._has_all, name), "Encoding")
                self._list(self._level_of(grid.LEVELS[name]))
                self._publish()
                yield self._progress(f"Level {name} is there")
        yield from self._until(lambda: not self.pending, "Finishing")

    def _begin_poster(self) -> None:
        """And its card, where it is transparent. Once: without a rig, the first sheets would begin it again."""
        if self.poster_begun:
            return
        self.poster_begun = True
        names = (POSTER_NAME, *((CARD_NAME,) if self.manifest.alpha else ()))

        def finished(_: Any) -> None:
            for name in names:
                self._finished(name)

        self._begin(0, WritePoster(*(self.out / name for name in names)), finished)

    def _has_all(self, level: str) -> bool:
        return all(self.tiles[sheet] == "done" for sheet in ALL_SHEETS[level])

    def _render_rows(
        self, shape: SheetShape, level: LevelGrid, rows: Sequence[int], cols: Sequence[int]
    ) -> Iterator[Progress]:
        """Hand one row at a time to an idle process, until all are there."""
        waiting = [
            RenderRow(shape, slot, tuple(self._direction(level, row, col) for col in cols))
            for slot, row in enumerate(rows)
        ]
        outstanding: set[int] = set()
        while waiting or outstanding:
            for member in list(self.pool.idle):
                if waiting:
                    outstanding.add(self.pool.order(member, waiting.pop(0)))
            for reply in self._replies():
                if reply.number in outstanding and isinstance(reply, Done):
                    outstanding.discard(reply.number)
                    self.current += reply.value
            yield self._progress(f"Rendered {self.current} of {self.total} frames")

    def _direction(self, level: LevelGrid, row: int, col: int) -> grid.Direction:
        return level.direction(grid.Cell(row, col)).scaled(self.request.intensity)

    def _encode(self, member: int, name: str, shape: SheetShape, rows: Sequence[int], cols: Sequence[int]) -> None:
        def finished(_: Any) -> None:
            self.tiles[name] = "done"
            self._finished(name)

        self.tiles[name] = "encoding"
        task = EncodeSheet(shape, tuple(rows), tuple(cols), self.out / name)
        self.taken[self._begin(member, task, finished, aside=True)] = False

    def _report(self) -> None:
        """One log line for the operator."""
        reports = self._ask_all(Report())
        jacobian = min((report["least_jacobian"] for report in reports if "least_jacobian" in report), default=None)
        log.info("rendered %d frames with %s, least Jacobian %s", self.current, self.request.engine, jacobian)

    # --- the pool

    def _begin(self, member: int, task: Task, then: Callable[[Any], None], *, aside: bool = False) -> int:
        number = self.pool.order(member, task, aside=aside)
        self.pending[number] = then
        return number

    def _replies(self) -> list[Done | Taken]:
        """The next replies, after what waits for them has been told."""
        replies = self.pool.replies(self.cancelled)
        for reply in replies:
            if isinstance(reply, Taken):
                self.taken[reply.number] = True
            elif reply.number in self.pending:
                self.pending.pop(reply.number)(reply.value)
        return replies

    def _until(self, condition: Callable[[], bool], message: str) -> Iterator[Progress]:
        while not condition():
            self._replies()
            yield self._progress(message)

    def _ask_all(self, task: Task) -> list[Any]:
        """Answers of all processes that take part, in the pool's order. One suffices for a rig."""
        answers: dict[int, Any] = {}
        members = range(self.pool.size) if self._has_sheets else (ANALYST,)
        numbers = [self.pool.order(member, task) for member in members]
        while len(answers) < len(numbers):
            answers.update({r.number: r.value for r in self._replies() if isinstance(r, Done) and r.number in numbers})
        return [answers[number] for number in numbers]

    def _ask(self, member: int, task: Task) -> Any:
        answer: list[Any] = []
        self._begin(member, task, answer.append)
        while not answer:
            self._replies()
        return answer[0]

    # --- files and progress

    def _finished(self, name: str) -> None:
        self.fresh_files.append(name)

    def _level_of(self, level: LevelGrid) -> Level:
        return Level(level.name, level.x, level.y, level_frame(level.name, self.manifest.frame), ALL_SHEETS[level.name])

    def _list(self, level: Level | RigLevel) -> None:
        """List a level in the manifest that is published next; its files are all in place by then."""
        self.manifest = self.manifest.with_level(level)

    def _publish(self, *, complete: bool = False) -> None:
        """Rewrite the manifest."""
        self.manifest = replace(self.manifest, complete=complete)
        write_whole(self.out / MANIFEST_NAME, self.manifest.dumps().encode())
        self.fresh_manifest = self.manifest

    def _progress(self, message: str) -> Progress:
        files, self.fresh_files = tuple(self.fresh_files), []
        manifest, self.fresh_manifest = self.fresh_manifest, None
        return Progress(self.stage, self.current, self.total, message, dict(self.tiles), files, manifest)

    @property
    def _has_sheets(self) -> bool:
        return set(self.request.levels) != {RIG}

    def _sheets_in_order(self) -> list[str]:
        at_once = [ALL_SHEETS[name][0] for name in ("draft", "preview") if name in self.request.levels]
        pairs = [ALL_SHEETS[name][q] for q in QUADRANTS for name in ("full", "mobile") if name in self.request.levels]
        return [*at_once, *pairs]

    def _finest(self) -> LevelGrid | None:
        return next((grid.LEVELS[name] for name in ("full", "mobile") if name in self.request.levels), None)

    def _shape(self, level: LevelGrid, halves: int) -> SheetShape:
        """Shape of the sheet of a level's grid (halves 1) or of one of its quadrants (2)."""
        frame = level_frame(level.name, self.manifest.frame)
        return level.rows // halves, frame.height, level.cols // halves, frame.width, self.channels  # as SheetShape


def _bytes(shape: SheetShape) -> int:
    rows, height, cols, width, channels = shape
    return rows * height * cols * width * channels


def _nested(level: LevelGrid, finest: LevelGrid, rows: range, cols: range) -> tuple[list[int], list[int]]:
    """Grid rows and columns of the finest level's quadrant that belong to `level`."""
    return (
        [slot for slot, row in enumerate(rows) if finest.y[row] in level.y],
        [slot for slot, col in enumerate(cols) if finest.x[col] in level.x],
    )
