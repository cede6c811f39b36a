"""One attempt at one render: claim it, drive the worker, store what it makes, say how it goes."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from gpuworker.client import Job, RenderedFile, Step
from gpuworker.errors import OutputFailed, RenderError
from portraits import metrics, progress, storage, workers
from portraits.circumstances import noted
from portraits.models import Output, Render

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.25
"""Between two records of progress; files, manifests and changes of stage are told at once."""


def run(render_id: str) -> None:
    """Whoever wins the claim does the work; the others find nothing to do."""
    render = Render.objects.select_related("session__portrait").filter(pk=render_id).first()
    output = render.claim() if render else None
    if render is None or output is None:
        log.info("render %s is not waiting", render_id)
        return
    with noted(session=render.session_id, render=render.pk, attempt=output.attempt):
        _run_attempt(render, output)
    metrics.attempt_ended(render)


def _run_attempt(render: Render, output: Output) -> None:
    """Errors end in the row and in the log."""
    log.info("render %s attempt %d of session %s begins", render.pk, output.attempt, render.session_id)
    progress.publish(render.session_id)
    try:
        _attempt(render, output)
    except RenderError as error:
        _give_back(render, output, error)
    except OSError:
        log.exception("render %s attempt %d could not read or store files", render.pk, output.attempt)
        _give_back(render, output, OutputFailed())
    progress.publish(render.session_id)


def _attempt(render: Render, output: Output) -> None:
    photo = storage.read(storage.photo_prefix(render.session.portrait_id) + storage.PHOTO)
    request = render.session.request(photo, render.engine)
    recorder = _Recorder(render, output)
    with closing(workers.current().render(Job(str(render.pk), output.attempt, request))) as steps:
        for step in steps:
            if not recorder.take(step):
                log.info("render %s attempt %d was overtaken or cancelled", render.pk, output.attempt)
                return
    if render.finish(output):
        log.info("render %s attempt %d is ready after %.1f s", render.pk, output.attempt, render.seconds or 0)


def _give_back(render: Render, output: Output, error: RenderError) -> None:
    log.warning("render %s attempt %d: %s: %s", render.pk, output.attempt, error.code, error.sentence)
    if error.permanent:
        render.fail(output.attempt, error)
    else:
        render.requeue(output.attempt, error)


@dataclass
class _Recorder:
    """Files first, then the manifest that lists them, then the page is told."""

    render: Render
    output: Output
    told_at: float = 0.0
    told_stage: str = ""
    lines: list[str] = field(default_factory=list)

    def take(self, step: Step) -> bool:
        """Record one step. False when the attempt has been overtaken."""
        for file in step.files:
            storage.put(self.output.key(file.name), file.path)
        manifest = step.progress.manifest
        if step.files or manifest:
            if not self.output.record(_described(step.files), manifest):
                return False
            if manifest and manifest.levels:
                self.render.session.show(self.output)
        self._note(step)
        now = time.monotonic()
        urgent = manifest is not None or step.progress.stage != self.told_stage
        if not urgent and now - self.told_at < PROGRESS_SECONDS:
            return True
        self.told_at, self.told_stage = now, step.progress.stage
        lines, self.lines = self.lines, []
        if not self.render.advance(self.output, step.progress, lines):
            return False
        progress.publish(self.render.session_id)
        return True

    def _note(self, step: Step) -> None:
        """Log lines for the person: each stage, what they should know of the photo, each level."""
        if step.progress.stage != self.told_stage:
            self.lines.append(progress.STAGES[step.progress.stage])
        self.lines.extend(step.progress.advice)
        self.lines.extend(f"{file.name} is stored ({file.size / 1e6:.1f} MB)" for file in step.files)


def _described(files: tuple[RenderedFile, ...]) -> dict[str, dict[str, Any]]:
    return {file.name: {"sha256": file.sha256, "size": file.size} for file in files}
