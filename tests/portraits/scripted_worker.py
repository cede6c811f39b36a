"""A worker that needs no CPU: it plays a script of steps, so that tests decide what happens between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

from gpuworker.contract import POSTER_NAME, RIG, STANDARD_FRAME, Manifest, Progress
from gpuworker.errors import RenderError
from gpuworker.workers.worker import Job, RenderedFile, Step
from tests.portraits import factories

Between = Callable[[str], None]


class ScriptedWorker:
    """Gives every level with tiny files. `between` is called with the name of each moment before its step."""

    def __init__(
        self,
        folder: Path,
        between: Between = lambda moment: None,
        ends_with: RenderError | None = None,
        advice: tuple[str, ...] = (),
    ) -> None:
        self._folder = folder
        self._between = between
        self._ends_with = ends_with
        self._advice = advice
        self.jobs: list[Job] = []
        self.closed_early = 0

    def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
        self.jobs.append(job)
        try:
            yield from self._steps(job)
        except GeneratorExit:
            self.closed_early += 1
            raise

    def close(self) -> None:
        """Nothing is held."""

    def end_with(self, error: RenderError | None) -> None:
        """After the first level, from now on; None goes on to the end."""
        self._ends_with = error

    def before_each(self, between: Between) -> None:
        """Call this from now on."""
        self._between = between

    def _steps(self, job: Job) -> Generator[Step]:
        manifest = Manifest(job.request.engine, STANDARD_FRAME, alpha=job.request.remove_background)
        yield self._step("starting", 0)
        yield self._step("analysing", 0, advice=self._advice)
        for number, level in enumerate(job.request.levels):
            self._between(level)
            if number == 0:  # as the real one does: the poster comes by itself, and no one is told of it
                yield self._step("preview", 0)
                yield self._step("preview", 0, [POSTER_NAME])
            manifest = manifest.with_level(factories.level(level))
            stage = "preview" if level in (RIG, "preview") else "rendering"
            yield self._step(stage, 36, factories.level(level).files, manifest)
            if self._ends_with is not None:
                raise self._ends_with
        self._between("done")
        yield self._step("done", 936, (), replace(manifest, complete=True))

    def _step(
        self,
        stage: str,
        current: int,
        names: Sequence[str] = (),
        manifest: Manifest | None = None,
        advice: tuple[str, ...] = (),
    ) -> Step:
        files = []
        for name in names:
            path = self._folder / name
            path.write_bytes(factories.picture(size=(8, 10)))
            files.append(RenderedFile.at(path))
        progress = Progress(stage, current, 936, stage, dict.fromkeys(names, "done"), tuple(names), manifest, advice)
        return Step(progress, tuple(files))
